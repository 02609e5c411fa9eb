#include "scanner/packages/locks/reach.h"

#include <utility>

namespace landwaiter::packages {

std::size_t Reach::Index(std::string_view node) {
  const auto known = index_.find(node);
  if (known != index_.end()) return known->second;
  edges_.emplace_back();
  return index_.emplace(std::string(node), edges_.size() - 1).first->second;
}

void Reach::AddEdge(std::string_view from, std::string_view to) {
  const std::size_t target = Index(to);
  edges_[Index(from)].push_back(target);
}

void Reach::Run() {
  reached_.assign(edges_.size(), false);
  std::vector<std::size_t> open = roots_;
  while (!open.empty()) {
    const std::size_t node = open.back();
    open.pop_back();
    if (reached_[node]) continue;
    reached_[node] = true;
    open.insert(open.end(), edges_[node].begin(), edges_[node].end());
  }
}

bool Reach::Has(std::string_view node) const {
  const auto known = index_.find(node);
  return known != index_.end() && reached_[known->second];
}

}  // namespace landwaiter::packages
