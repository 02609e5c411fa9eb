// Pure questions about one ImageScan: must it be scanned, from where, on whose account, does it
// stay.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controller/judge.h"
#include "model/image_reference.h"

namespace landwaiter::controller {

/// What the store's documents are needed for here.
struct ScanSummary {
  TimePoint scanned_at{};
  std::string media_type;
  std::vector<Platform> platforms;
  std::string readers;  // ImageInventory::readers
  Collection collected = {};
};

/// What an inventory is to hold.
struct WantedScan {
  std::vector<Platform> platforms;
  std::string readers = {};  // "" for any
  Collection collection = {};
};

/// Nothing stored; a later look is asked for (spec.rescanAfter) and its time has come; a node's
/// platform was never looked at in an index; other readers of packages looked; or a policy's rule
/// asks for what was not collected.
bool NeedsScan(const resources::ImageScan& scan, const std::optional<ScanSummary>& stored,
               const WantedScan& wanted, TimePoint now);

ScanClass ClassOf(const resources::ImageScan& scan);
/// The namespace whose share of scans it counts against; "" for a person's.
std::string AccountOf(const resources::ImageScan& scan, const std::optional<Usage>& usage);

/// Where the bytes may be pulled from, each with the digest: spec.image, what else asked for the
/// same digest, the repositories that pods name. One tenant's bogus repository must not keep
/// another's image from being scanned.
std::vector<ImageReference> SourcesOf(const resources::ImageScan& scan,
                                      const std::optional<Usage>& usage);
/// Changes when a failed scan is worth another try at once: somebody asks anew (at most every half
/// minute), a secret more, other platforms. Not the sources: whoever may create pods could change
/// those at will, and no pause would ever grow.
std::uint64_t BasisOf(const resources::ImageScan& scan, const std::vector<Platform>& wanted);

/// Some policy has no judgement of its present generation: whoever asks now should not wait for
/// the queue. `policies` sorted by name.
bool LacksJudgement(const resources::ImageScan& scan, const Policies& policies);

/// Condition InUse: since when nothing runs it is what retention counts from.
resources::Condition InUseCondition(const Usage& usage, bool requested, bool watched = false);

/// True where the controller made it, nothing has used it for `retention`, and no policy lets it in
/// where it ran before it turned bad: an owner that was scaled to nothing may come back.
bool Outlived(const ScanRecord& record, const Policies& policies,
              std::chrono::milliseconds retention, TimePoint now);

}  // namespace landwaiter::controller
