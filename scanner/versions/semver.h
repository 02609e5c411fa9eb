// A semantic version in parts. Inside this room only.
#pragma once

#include <cstddef>
#include <string_view>

#include "lib/base/result.h"
#include "scanner/versions/scheme.h"

namespace landwaiter::versions {

/// Semantic Versioning 2.0.0. Views into the text that was parsed.
struct SemverParts {
  std::string_view release;     // "1.2.3", digits and dots, any number of parts
  std::string_view prerelease;  // without its '-', "" where there is none
  std::string_view build;       // without its '+', "" where there is none; weighs nothing
};

/// Splits "1.2.3-rc.1+build" behind its prefix: one number or more, `loose_prerelease` takes a
/// pre-release without its hyphen ("1.2.3beta"). False where the text is no such version.
bool SplitSemver(std::string_view text, bool loose_prerelease, SemverParts& parts);
/// As SplitSemver, behind an optional "=" and "v" or "V", which files that no tool has checked put
/// there. Errors: InvalidArgument naming `scheme`.
Result<SemverParts> ReadSemver(Scheme scheme, std::string_view text);
/// The grammar of section 2 to 10 and nothing else: three numbers, no leading zeros, no prefix.
bool SplitStrictSemver(std::string_view text, SemverParts& parts);
/// The same, save that numbers at the end may be missing, as advisories write "1.2".
bool SplitShortSemver(std::string_view text, SemverParts& parts);
/// How many numbers a release has ("1.2.3": 3).
std::size_t CountNumbers(std::string_view release);
/// Whether no number of `dotted` starts with a needless 0; words do not matter.
bool HasNoLeadingZeros(std::string_view dotted);

/// Dotted numbers, missing ones are 0.
int CompareRelease(std::string_view a, std::string_view b);
/// Section 11: none beats some; numbers before words, numbers by value, words by bytes, fewer
/// before more.
int ComparePrerelease(std::string_view a, std::string_view b);
int CompareParts(const SemverParts& a, const SemverParts& b);
/// What stands up to the next '.'; taken off `dotted`, the '.' too.
std::string_view TakeDotted(std::string_view& dotted);

}  // namespace landwaiter::versions
