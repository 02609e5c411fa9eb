// A PEP 440 version in parts. Inside this room only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace landwaiter::versions {

/// Lower-cased numbers and labels; digits are kept as text, for they have no upper limit.
struct Pep440Version {
  std::string epoch;                 // digits, "" for 0
  std::vector<std::string> release;  // digits, at least one
  std::string pre_label;             // "a", "b", "rc", "" for none
  std::string pre;                   // digits
  std::optional<std::string> post;   // digits, "" for 0
  std::optional<std::string> dev;    // digits, "" for 0
  std::vector<std::string> local;    // parts between separators

  bool IsPrerelease() const { return !pre_label.empty() || dev.has_value(); }
};

/// "Public version identifiers" and appendix B of PEP 440. nullopt where the text is none.
std::optional<Pep440Version> ParsePep440(std::string_view text);
enum class Local { kCount, kIgnore };
int ComparePep440Versions(const Pep440Version& a, const Pep440Version& b, Local local);
/// Release segments, missing ones 0.
int ComparePep440Releases(const Pep440Version& a, const Pep440Version& b);

}  // namespace landwaiter::versions
