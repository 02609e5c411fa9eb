// Words and numbers that the formats for people share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/finding.h"

namespace landwaiter::report {

/// text::Printable for what may go to the log of a pipeline: "##" becomes "#?" too, for a runner
/// takes "##[…]" and "##vso[…]" for commands wherever in a line they stand. (Those that begin with
/// "::" count at the start of a line alone, where the formats have words of their own.)
std::string PlainText(std::string_view text);

std::string Plural(std::uint64_t count, std::string_view one, std::string_view many);

/// "1 critical, 0 high, …; 2 fixable, 1 known exploited".
std::string CountsLine(const SeverityCounts& counts);

}  // namespace landwaiter::report
