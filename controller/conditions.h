// The conditions of an ImageScan, one function each; Judge puts them together.
#pragma once

#include "controller/judge.h"

namespace landwaiter::controller {

using resources::Condition;

/// Ready, of an image that was scanned: True only where it was matched too and its system is known.
Condition ReadyOfScanned(const JudgeInput& input, const resources::ImageScanStatus& status);
/// The message of Ready where it is True; it names the status' database.
std::string MatchedMessage(const resources::ImageScanStatus& status);
/// Ready, of one that was not: what it waits for, or why its scan failed.
Condition ReadyOfPending(const ScanProgress& progress);
/// Every source of every platform was read.
Condition CompleteCondition(const JudgeInput& input, const resources::ImageScanStatus& status);
/// Against the strictest policy's bound.
Condition FreshCondition(const JudgeInput& input, const resources::ImageScanStatus& status,
                         TimePoint now);
/// Stored is there only where it is False: a verdict does not need the store.
void SetStored(const JudgeInput& input, TimePoint now, std::vector<Condition>& conditions);
/// Rescanned is there only where it is False: of an image that was judged, another look is asked
/// for and fails for good, or again and again. It stays while a further try waits or runs.
void SetRescanned(const JudgeInput& input, TimePoint now, std::vector<Condition>& conditions);

}  // namespace landwaiter::controller
