// The decision of the ImageScan reconciler: stored inventory and findings, policies and what runs →
// the object's status. Pure: no clock, no store, no API.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/records.h"
#include "controller/scan_board.h"
#include "controller/stored_image.h"
#include "lib/base/clock.h"
#include "model/base_image.h"

namespace landwaiter::controller {

using Policies = std::vector<std::shared_ptr<const PolicyRecord>>;  // sorted by name

/// What runs the image, as far as the pods are known.
struct Usage {
  std::uint64_t pods = 0;
  std::vector<std::string> namespaces;  // sorted
  std::vector<std::string> references;  // newest first, with tags where pods name them
};

struct JudgeInput {
  const resources::ImageScan* scan = nullptr;  // as the API server has it
  const StoredImage* stored = nullptr;         // null: not scanned (or the store was lost)
  ScanProgress progress = {};
  const Policies* policies = nullptr;
  /// Platforms of nodes beyond what a status holds: nothing of an index was looked at for them.
  std::vector<Platform> platforms_left_out = {};
  /// Why what was found could not be kept; nullopt in the ordinary case.
  std::optional<Error> store_fault = {};
  std::uint64_t suppressed = 0;  // findings of the image that VEX has taken out of `stored`
  /// nullopt while the pods are still being counted after a start: what stands is kept.
  std::optional<Usage> usage = {};
  const BaseBook* bases = nullptr;  // what images may be built on
  /// Names, with tags, under which RegistryWatches have it at present.
  std::vector<std::string> watched_as = {};
  /// Labels of the namespaces in `usage`.
  std::map<std::string, std::map<std::string, std::string>> namespace_labels = {};
};

/// The whole new status; where a record of PolicyStatus.turned_bad begins, CountRunning is to
/// follow when the pods are counted. Where the image was scanned once but the store has lost it,
/// what stands in the status stays: losing the store costs scans, never verdicts.
resources::ImageScanStatus Judge(const JudgeInput& input, TimePoint now);

/// A policy's judgement as it stands in the status; `policy` is the one that was evaluated.
resources::PolicyStatus PolicyStatusOf(const policy::ScanPolicy& policy,
                                       const PolicyVerdict& verdict);

}  // namespace landwaiter::controller
