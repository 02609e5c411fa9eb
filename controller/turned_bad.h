// Since when an image is bad under a policy, and where it ran then (docs/adr/0017). Pure: a record
// is begun and kept with the judgement, and filled in from the pods as soon as they are counted.
#pragma once

#include <string>
#include <vector>

#include "controller/records.h"
#include "lib/base/clock.h"
#include "resources/image_scan.h"

namespace landwaiter::controller {

/// A namespace that runs an image. Pods that wait behind the scan gate, or have finished, do not.
struct RunsIn {
  std::string ns;
  TimePoint oldest{};  // when the oldest of its pods was made
  friend bool operator==(const RunsIn&, const RunsIn&) = default;
};

/// Gives `row`, judged now, the record that `before`, the object as it is, has. While the verdict
/// is neither Pass nor Warn a record stays as it is. One that begins is still without its
/// namespaces: after a good verdict of this policy all that run the image now count; without one
/// those that ran it before there was the policy, so that what slipped in while nothing was known
/// earns nothing. Nor does an image that was first seen when the policy was there: pods are older
/// than what their tag means today. `counted`: the pods are known now, so that CountRunning follows
/// at once.
void KeepTurn(const resources::ImageScan& before, const PolicyRecord& policy, bool counted,
              TimePoint now, resources::PolicyStatus& row);

/// The pod runs this very image, or names its digest: a tag alone says nothing of what was pulled.
bool RunsImage(const PodRecord& pod, const resources::ImageScanStatus& status);

/// Some record is still without its namespaces.
bool IsCounting(const resources::ImageScanStatus& status);

/// Every row that is neither Pass nor Warn has a record, and the record its namespaces.
bool IsSettled(const resources::ImageScanStatus& status);

/// Fills in the records that are, from what runs (sorted). Records that begin together share the
/// room that there is (resources::kMaxRanInBytes) evenly, since a pod has to pass every policy.
void CountRunning(const std::vector<RunsIn>& running, resources::ImageScanStatus& status);

}  // namespace landwaiter::controller
