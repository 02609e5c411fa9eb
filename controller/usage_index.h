// Which pods run or ask for which image: the pods' side of every ImageScan's status. Made anew by
// the pod reconciler after each start; until every pod has been looked at once it says "not yet".
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "controller/judge.h"

namespace landwaiter::controller {

/// One image of one pod: the name of its ImageScan and the reference that the pod uses.
struct PodUse {
  std::string scan;
  std::string reference;  // normalised
  friend auto operator<=>(const PodUse&, const PodUse&) = default;
};

/// Thread-safe.
class UsageIndex {
 public:
  /// Replaces what was known of the pod; an empty list removes it. `created`: of the pod, by which
  /// references are newer or older. Returns the scans whose usage changed.
  std::vector<std::string> Set(const std::string& pod, const std::string& ns, TimePoint created,
                               std::vector<PodUse> uses);
  /// nullopt until SetComplete.
  std::optional<Usage> Of(const std::string& scan) const;
  /// "ns/name" of at most `limit` pods.
  std::vector<std::string> PodsOf(const std::string& scan, std::size_t limit) const;
  bool Complete() const;
  void SetComplete();
  void Reset();

 private:
  struct PodEntry {
    std::string ns;
    std::vector<PodUse> uses;
  };
  struct ReferenceEntry {
    std::uint64_t pods = 0;
    TimePoint newest{};  // of the pods that were seen with it
  };
  struct ScanEntry {
    std::set<std::string> pods;
    std::map<std::string, std::uint64_t> namespaces;
    std::map<std::string, ReferenceEntry> references;
  };

  void Remove(const std::string& pod, const PodEntry& entry);

  mutable std::mutex mutex_;
  bool complete_ = false;
  std::unordered_map<std::string, PodEntry> pods_;
  std::unordered_map<std::string, ScanEntry> scans_;
};

}  // namespace landwaiter::controller
