// Which images which RegistryWatch holds: what keeps an ImageScan that no pod uses. Made anew by
// the looks after each start; until a watch has been looked at once, nothing is known of it.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/base/digest.h"

namespace landwaiter::controller {

/// Reference with its tag → what it meant at the last look.
using WatchedTags = std::map<std::string, Digest>;

/// Thread-safe. Watches are "namespace/name".
class WatchIndex {
 public:
  /// Replaces what a watch holds. Returns the digests that it has begun or ceased to hold.
  std::vector<Digest> Set(const std::string& watch, WatchedTags tags);
  /// It is gone. Returns what it held.
  std::vector<Digest> Remove(const std::string& watch);
  /// nullopt: it has not been looked at.
  std::optional<WatchedTags> Of(const std::string& watch) const;
  bool Holds(const std::string& watch, const Digest& digest) const;
  bool IsWatched(const Digest& digest) const;
  /// The references by which watches hold the image, sorted.
  std::vector<std::string> NamesOf(const Digest& digest) const;
  /// Different digests, over all watches.
  std::size_t size() const;
  void Reset();

 private:
  std::set<Digest> DigestsOfLocked(const std::string& watch) const;
  void DropLocked(const std::string& watch, const std::set<Digest>& digests);

  mutable std::mutex mutex_;
  std::map<std::string, WatchedTags> watches_;
  std::map<Digest, std::set<std::string>> holders_;  // no empty ones
};

}  // namespace landwaiter::controller
