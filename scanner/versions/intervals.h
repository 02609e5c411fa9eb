// Intervals as Maven and NuGet write them. Inside this room only.
#pragma once

#include <optional>
#include <string_view>

#include "lib/base/result.h"
#include "scanner/versions/scheme.h"

namespace landwaiter::versions {

/// "[1.0,2.0)", "(,1.0]", "[1.0]" (both bounds 1.0). Views into the range; "" for no bound.
struct Interval {
  std::string_view lower;
  std::string_view upper;
  bool includes_lower = false;
  bool includes_upper = false;
};

/// The interval that `rest` starts with, taken off it. nullopt where it is none.
std::optional<Interval> TakeInterval(std::string_view& rest);
/// Errors: InvalidArgument for a version or bound that the scheme cannot read, for bounds the
/// wrong way round, and for equal ones of which only one is included. `range` is for the message.
Result<bool> InInterval(Scheme scheme, std::string_view range, const Interval& interval,
                        std::string_view version);

}  // namespace landwaiter::versions
