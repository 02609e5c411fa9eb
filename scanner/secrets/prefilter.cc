#include "scanner/secrets/prefilter.h"

#include <cctype>
#include <deque>
#include <map>

namespace landwaiter::secrets {
namespace {

struct Trie {
  struct Node {
    std::map<std::uint8_t, std::uint32_t> children = {};  // by class
    std::uint32_t fallback = 0;
    std::vector<std::uint16_t> tells = {};
  };
  std::vector<Node> nodes = std::vector<Node>(1);

  void Add(const std::vector<std::uint8_t>& word, std::uint16_t number) {
    std::uint32_t at = 0;
    for (const std::uint8_t letter : word) {
      const auto [child, is_new] =
          nodes[at].children.try_emplace(letter, static_cast<std::uint32_t>(nodes.size()));
      const std::uint32_t next = child->second;
      if (is_new) nodes.emplace_back();
      at = next;
    }
    nodes[at].tells.push_back(number);
  }

  /// Fallbacks, from the root outwards, and with them what else each state tells. In that order.
  std::vector<std::uint32_t> Link() {
    std::vector<std::uint32_t> order = {0};
    for (std::size_t i = 0; i < order.size(); ++i) {
      const std::uint32_t at = order[i];
      for (const auto& [letter, child] : nodes[at].children) {
        order.push_back(child);
        if (at == 0) continue;
        std::uint32_t from = nodes[at].fallback;
        while (from != 0 && !nodes[from].children.contains(letter)) from = nodes[from].fallback;
        const auto found = nodes[from].children.find(letter);
        if (found != nodes[from].children.end()) nodes[child].fallback = found->second;
        const auto& more = nodes[nodes[child].fallback].tells;
        nodes[child].tells.insert(nodes[child].tells.end(), more.begin(), more.end());
      }
    }
    return order;
  }
};

}  // namespace

Prefilter::Prefilter(const std::vector<std::pair<std::string_view, std::uint16_t>>& keywords) {
  Trie trie;
  for (const auto& [keyword, number] : keywords) {
    std::vector<std::uint8_t> word;
    for (const char c : keyword) {
      auto& letter = classes_[static_cast<unsigned char>(c)];
      if (letter == 0) letter = static_cast<std::uint8_t>(width_++);
      const auto upper = static_cast<unsigned char>(std::toupper(static_cast<unsigned char>(c)));
      classes_[upper] = letter;
      word.push_back(letter);
    }
    trie.Add(word, number);
  }
  const std::vector<std::uint32_t> order = trie.Link();
  // Numbered so that one comparison says whether a state tells something; the root is 0.
  std::vector<std::uint32_t> number_of(trie.nodes.size());
  std::uint32_t count = 0;
  for (const bool telling : {false, true}) {
    if (telling) first_telling_ = count * width_;
    for (const std::uint32_t node : order) {
      if (trie.nodes[node].tells.empty() == telling) continue;
      number_of[node] = count++ * width_;
      if (telling) tells_.push_back(trie.nodes[node].tells);
    }
  }
  next_.assign(std::size_t{count} * width_, 0);
  for (const std::uint32_t node : order) {
    const std::uint32_t row = number_of[node];
    const std::uint32_t fallback = number_of[trie.nodes[node].fallback];
    for (std::uint32_t letter = 0; letter < width_; ++letter) {
      const auto child = trie.nodes[node].children.find(static_cast<std::uint8_t>(letter));
      if (child != trie.nodes[node].children.end()) {
        next_[row + letter] = number_of[child->second];
      } else if (node != 0) {
        next_[row + letter] = next_[fallback + letter];
      }
    }
  }
}

}  // namespace landwaiter::secrets
