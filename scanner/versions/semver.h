// A semantic version in parts. Inside this room only.
#pragma once

#include <array>
#include <string_view>

namespace landwaiter::versions {

/// Semantic Versioning 2.0.0. Views into the text that was parsed.
struct SemverParts {
  std::string_view release;     // "1.2.3", digits and dots, any number of parts
  std::string_view prerelease;  // without its '-', "" where there is none
};

/// Splits "1.2.3-rc.1+build" behind its prefix: one number or more, `loose_prerelease` takes a
/// pre-release without its hyphen ("1.2.3beta"). False where the text is no such version.
bool SplitSemver(std::string_view text, bool loose_prerelease, SemverParts& parts);

/// Dotted numbers, missing ones are 0.
int CompareRelease(std::string_view a, std::string_view b);
/// Section 11: none beats some; numbers before words, numbers by value, words by bytes, fewer
/// before more.
int ComparePrerelease(std::string_view a, std::string_view b);
int CompareParts(const SemverParts& a, const SemverParts& b);

}  // namespace landwaiter::versions
