// --every: a command that goes on by itself, for a container in which nothing starts it again.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "lib/base/cancellation.h"

namespace landwaiter::cli {

/// Until the next round: `every` after a good one; after `failures` bad ones in a row a minute,
/// doubled each time, but never more than `every`.
std::chrono::milliseconds UntilNextRound(std::chrono::milliseconds every, int failures);

/// Runs `round` once where `every` is "", else again and again until SIGINT or SIGTERM, which end
/// it with kExitOk. A round returns an exit code; kExitUsage ends the command, since what stands on
/// the command line does not change. Another code than kExitOk counts as a failure.
int Repeat(const std::string& every, const std::function<int(const Cancellation&)>& round);

}  // namespace landwaiter::cli
