// Which pods run or ask for which image: the pods' side of every ImageScan's status. Made anew by
// the pod reconciler after each start; until every pod has been looked at once it says "not yet".
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
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

/// Thread-safe. Some 250 bytes for a pod of two images, its key included: what pods have in common
/// is kept once, and they point to it.
class UsageIndex {
 public:
  UsageIndex() = default;
  UsageIndex(const UsageIndex&) = delete;
  UsageIndex& operator=(const UsageIndex&) = delete;

  /// Replaces what was known of the pod "ns/name"; an empty list removes it. `created`: of the pod,
  /// by which references are newer or older. Returns the scans whose usage changed.
  std::vector<std::string> Set(const std::string& pod, TimePoint created, std::vector<PodUse> uses);
  /// nullopt until SetComplete.
  std::optional<Usage> Of(const std::string& scan) const;
  /// "ns/name" of at most `limit` pods, sorted.
  std::vector<std::string> PodsOf(const std::string& scan, std::size_t limit) const;
  struct PodReference {
    std::string pod;        // "ns/name"
    std::string reference;  // by which it uses the image; a pod that uses two is there twice
  };
  /// In no order.
  std::vector<PodReference> UsesOf(const std::string& scan) const;
  /// By which a pod uses a scan's image.
  std::vector<std::string> ReferencesOf(const std::string& pod, const std::string& scan) const;
  bool Complete() const;
  void SetComplete();
  void Reset();

 private:
  struct PodEntry;
  struct ScanEntry;
  // Nodes of the maps below: their addresses stay as long as they do.
  using PodNode = std::pair<const std::string, PodEntry>;
  using ScanNode = std::pair<const std::string, ScanEntry>;
  struct ReferenceEntry {
    ScanNode* scan = nullptr;  // whose it is
    std::uint64_t pods = 0;
    TimePoint newest{};  // of the pods that were seen with it
  };
  using ReferenceNode = std::pair<const std::string, ReferenceEntry>;

  /// One use of a pod.
  struct Slot {
    ReferenceNode* reference;
    /// Where the scan lists the pod: so that it is taken out without a search. kSecond: a pod that
    /// uses one image by two references is listed by its first.
    std::uint32_t position;

    ScanNode* Scan() const { return reference->second.scan; }
  };
  static constexpr std::uint32_t kSecond = ~std::uint32_t{0};
  struct PodEntry {
    std::vector<Slot> slots;  // in the order of its uses
  };
  struct ScanEntry {
    std::vector<PodNode*> pods;
    std::map<std::string, std::uint64_t> namespaces;
    std::map<std::string, ReferenceEntry> references;
  };

  static bool Same(const PodEntry& entry, const std::vector<PodUse>& uses);
  void Insert(PodNode& pod, TimePoint created, const PodUse& use);
  void Remove(PodNode& pod);
  static void Unlist(const Slot& slot);

  mutable std::mutex mutex_;
  bool complete_ = false;
  std::unordered_map<std::string, PodEntry> pods_;
  std::unordered_map<std::string, ScanEntry> scans_;
};

}  // namespace landwaiter::controller
