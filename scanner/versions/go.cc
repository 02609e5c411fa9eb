// The order of Go module versions and of Go toolchains.
//
// Modules: golang.org/x/mod/semver, "vMAJOR[.MINOR[.PATCH[-PRERELEASE][+BUILD]]]"; +incompatible is
// build metadata. The Go vulnerability database writes the same versions without the "v".
// Toolchains ("go1.21rc2", go.dev/doc/toolchain, "Version syntax") are put into the same order:
// beta1 and rc2 are the pre-releases beta.1 and rc.2, as that database writes them; what stands
// behind a blank or as a suffix of the builder (" X:boringcrypto", "-google") does not count.
// A toolchain built from a commit ("devel go1.22-abc") has no place in the order and is refused,
// as is the main module's "(devel)".
#include <string>

#include "scanner/versions/orders.h"
#include "scanner/versions/semver.h"

namespace landwaiter::versions {
namespace {

struct GoVersion {
  SemverParts parts;
  std::string toolchain_prerelease;  // owns what parts.prerelease of a toolchain shows
};

// "1.21rc2" with "go" taken off.
bool ParseToolchain(std::string_view text, GoVersion& version) {
  text = text.substr(0, text.find(' '));
  std::size_t n = 0;
  while (n < text.size() && (IsDigit(text[n]) || text[n] == '.')) ++n;
  SemverParts& parts = version.parts;
  if (!SplitSemver(text.substr(0, n), false, parts)) return false;
  std::string_view rest = text.substr(n);
  for (const std::string_view word : {"beta", "rc"}) {
    if (!rest.starts_with(word)) continue;
    rest.remove_prefix(word.size());
    const std::string_view number = TakeDigits(rest);
    if (number.empty()) return false;
    version.toolchain_prerelease = std::string(word) + "." + std::string(number);
    parts.prerelease = version.toolchain_prerelease;
    break;
  }
  return rest.empty() || rest.front() == '-' || rest.front() == '+';
}

Status Parse(std::string_view text, GoVersion& version) {
  if (text.starts_with("go")) {
    if (ParseToolchain(text.substr(2), version)) return Ok();
    return BadVersion(Scheme::kGo, text, "it does not read as go1.21.3 or go1.21rc2");
  }
  std::string_view rest = text;
  if (rest.starts_with('v')) rest.remove_prefix(1);
  SemverParts& parts = version.parts;
  if (SplitSemver(rest, false, parts)) {
    std::size_t dots = 0;
    for (const char c : parts.release) dots += c == '.' ? 1 : 0;
    if (dots <= 2) return Ok();
  } else if (rest == text && ParseToolchain(rest, version)) {
    return Ok();  // "1.21rc2", as the record of a standard library has it
  }
  return BadVersion(Scheme::kGo, text, "it does not read as v1.2.3-pre.1+build");
}

}  // namespace

Result<int> CompareGo(std::string_view a, std::string_view b) {
  GoVersion left;
  if (auto status = Parse(a, left); !status) return std::move(status).error();
  GoVersion right;
  if (auto status = Parse(b, right); !status) return std::move(status).error();
  return CompareParts(left.parts, right.parts);
}

}  // namespace landwaiter::versions
