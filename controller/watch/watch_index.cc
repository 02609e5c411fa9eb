#include "controller/watch/watch_index.h"

#include <algorithm>
#include <iterator>

namespace landwaiter::controller {

std::set<Digest> WatchIndex::DigestsOfLocked(const std::string& watch) const {
  std::set<Digest> out;
  const auto found = watches_.find(watch);
  if (found == watches_.end()) return out;
  for (const auto& [reference, digest] : found->second) out.insert(digest);
  return out;
}

void WatchIndex::DropLocked(const std::string& watch, const std::set<Digest>& digests) {
  for (const Digest& digest : digests) {
    const auto found = holders_.find(digest);
    if (found == holders_.end()) continue;
    found->second.erase(watch);
    if (found->second.empty()) holders_.erase(found);
  }
}

std::vector<Digest> WatchIndex::Set(const std::string& watch, WatchedTags tags) {
  const std::lock_guard lock(mutex_);
  const std::set<Digest> before = DigestsOfLocked(watch);
  watches_[watch] = std::move(tags);
  const std::set<Digest> after = DigestsOfLocked(watch);
  std::vector<Digest> changed;
  std::set_symmetric_difference(before.begin(), before.end(), after.begin(), after.end(),
                                std::back_inserter(changed));
  DropLocked(watch, before);
  for (const Digest& digest : after) holders_[digest].insert(watch);
  return changed;
}

std::vector<Digest> WatchIndex::Remove(const std::string& watch) {
  const std::lock_guard lock(mutex_);
  const std::set<Digest> held = DigestsOfLocked(watch);
  DropLocked(watch, held);
  watches_.erase(watch);
  return {held.begin(), held.end()};
}

std::optional<WatchedTags> WatchIndex::Of(const std::string& watch) const {
  const std::lock_guard lock(mutex_);
  const auto found = watches_.find(watch);
  if (found == watches_.end()) return std::nullopt;
  return found->second;
}

bool WatchIndex::Holds(const std::string& watch, const Digest& digest) const {
  const std::lock_guard lock(mutex_);
  const auto found = holders_.find(digest);
  return found != holders_.end() && found->second.contains(watch);
}

bool WatchIndex::IsWatched(const Digest& digest) const {
  const std::lock_guard lock(mutex_);
  return holders_.contains(digest);
}

std::vector<std::string> WatchIndex::NamesOf(const Digest& digest) const {
  const std::lock_guard lock(mutex_);
  const auto holders = holders_.find(digest);
  if (holders == holders_.end()) return {};
  std::set<std::string> names;
  for (const std::string& watch : holders->second) {
    for (const auto& [name, means] : watches_.at(watch)) {
      if (means == digest) names.insert(name);
    }
  }
  return {names.begin(), names.end()};
}

std::size_t WatchIndex::size() const {
  const std::lock_guard lock(mutex_);
  return holders_.size();
}

void WatchIndex::Reset() {
  const std::lock_guard lock(mutex_);
  watches_.clear();
  holders_.clear();
}

}  // namespace landwaiter::controller
