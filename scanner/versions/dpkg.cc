// The order of Debian versions: [epoch:]upstream[-revision] (Debian Policy 5.6.12, deb-version(7)).
//
// The parts are compared one after the other; within a part, runs of non-digits and of digits
// alternate. In a run of non-digits '~' comes before the end of the part, the end before letters,
// letters before everything else. Versions that dpkg itself would only warn about (upstream
// version that starts with no digit) are refused: nothing may be concluded from them.
#include <algorithm>

#include "scanner/versions/orders.h"

namespace landwaiter::versions {
namespace {

struct DpkgVersion {
  std::string_view epoch;
  std::string_view upstream;
  std::string_view revision;
};

bool IsUpstreamChar(char c) {
  return IsAlnum(c) || c == '.' || c == '+' || c == '-' || c == '~' || c == ':';
}

Result<DpkgVersion> Parse(std::string_view text) {
  const auto bad = [&](std::string_view why) { return BadVersion(Scheme::kDpkg, text, why); };
  DpkgVersion version;
  std::string_view rest = text;
  if (const auto colon = rest.find(':'); colon != std::string_view::npos) {
    version.epoch = rest.substr(0, colon);
    if (version.epoch.empty()) return bad("the epoch is empty");
    if (!std::all_of(version.epoch.begin(), version.epoch.end(), IsDigit)) {
      return bad("the epoch is no number");
    }
    rest.remove_prefix(colon + 1);
  }
  if (const auto hyphen = rest.rfind('-'); hyphen != std::string_view::npos) {
    version.revision = rest.substr(hyphen + 1);
    if (version.revision.empty()) return bad("the revision is empty");
    rest = rest.substr(0, hyphen);
  }
  version.upstream = rest;
  if (rest.empty()) return bad("the upstream version is empty");
  if (!IsDigit(rest.front())) return bad("it starts with no digit");
  if (!std::all_of(rest.begin(), rest.end(), IsUpstreamChar) ||
      !std::all_of(version.revision.begin(), version.revision.end(), IsUpstreamChar)) {
    return bad("it has a character other than letters, digits and .+-~:");
  }
  return version;
}

// The weight of one character in a run of non-digits; the end of the part has 0.
int Weight(char c) {
  if (c == '~') return -1;
  if (IsAlpha(c)) return static_cast<unsigned char>(c);
  return static_cast<unsigned char>(c) + 256;
}

int NextWeight(std::string_view part) {
  return part.empty() || IsDigit(part.front()) ? 0 : Weight(part.front());
}

int ComparePart(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    while ((!a.empty() && !IsDigit(a.front())) || (!b.empty() && !IsDigit(b.front()))) {
      const int left = NextWeight(a);
      const int right = NextWeight(b);
      if (left != right) return left < right ? -1 : 1;
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
    if (const int order = CompareNumbers(TakeDigits(a), TakeDigits(b)); order != 0) return order;
  }
  return 0;
}

}  // namespace

Result<int> CompareDpkg(std::string_view a, std::string_view b) {
  auto left = Parse(a);
  if (!left) return std::move(left).error();
  auto right = Parse(b);
  if (!right) return std::move(right).error();
  if (const int order = CompareNumbers(left->epoch, right->epoch); order != 0) return order;
  if (const int order = ComparePart(left->upstream, right->upstream); order != 0) return order;
  return ComparePart(left->revision, right->revision);
}

}  // namespace landwaiter::versions
