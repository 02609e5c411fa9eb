// The WWW-Authenticate header (RFC 9110, 11.6.1), which a hostile server writes: several challenges
// in one header, parameters in any order, commas and escapes inside quotes, bare token68 values.
// Included by this room's sources, its tests and its fuzz target.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace landwaiter::image {

struct Challenge {
  std::string scheme;                             // lower case: "bearer", "basic"
  std::map<std::string, std::string> parameters;  // lower-case names; the first of a name counts
};

inline constexpr std::size_t kMaxChallenges = 16;
inline constexpr std::size_t kMaxChallengeParameters = 32;

/// Reads as far as the text is well-formed and keeps what was read until there.
std::vector<Challenge> ParseChallenges(std::string_view header);

}  // namespace landwaiter::image
