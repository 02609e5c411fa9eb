// The order of Python versions: PEP 440 ("Summary of permitted suffixes and relative ordering"),
// normalisation of appendix B included.
//
// PyPI still holds versions from before PEP 440 ("0.7.4.svn.r2010", "2.0.0-final"). They sort below
// all others and among themselves as setuptools did (pkg_resources parse_version before release
// 66): runs of digits as padded text, words by bytes, "dev" first, pre-releases before the final.
#include "scanner/versions/pep440.h"

#include <algorithm>
#include <array>
#include <utility>

#include "lib/base/text.h"
#include "scanner/versions/orders.h"

namespace landwaiter::versions {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kPreLabels = {{
    {"alpha", "a"},
    {"a", "a"},
    {"beta", "b"},
    {"b", "b"},
    {"preview", "rc"},
    {"pre", "rc"},
    {"c", "rc"},
    {"rc", "rc"},
}};

bool IsSeparator(char c) { return c == '.' || c == '-' || c == '_'; }

// [separator] label [separator] [digits], or nothing: then `rest` stays as it is.
bool TakeLabelled(std::string_view& rest, std::string_view label, std::string& digits) {
  std::string_view after = rest;
  if (!after.empty() && IsSeparator(after.front())) after.remove_prefix(1);
  if (!after.starts_with(label)) return false;
  after.remove_prefix(label.size());
  if (!after.empty() && IsSeparator(after.front())) after.remove_prefix(1);
  digits = TakeDigits(after);
  rest = after;
  return true;
}

bool TakeRelease(std::string_view& rest, Pep440Version& version) {
  std::string_view digits = TakeDigits(rest);
  if (digits.empty()) return false;
  if (rest.starts_with('!')) {
    version.epoch = digits;
    rest.remove_prefix(1);
    digits = TakeDigits(rest);
    if (digits.empty()) return false;
  }
  version.release.emplace_back(digits);
  while (rest.size() > 1 && rest.front() == '.' && IsDigit(rest[1])) {
    rest.remove_prefix(1);
    version.release.emplace_back(TakeDigits(rest));
  }
  return true;
}

void TakePost(std::string_view& rest, Pep440Version& version) {
  std::string digits;
  if (rest.size() > 1 && rest.front() == '-' && IsDigit(rest[1])) {
    rest.remove_prefix(1);
    version.post = TakeDigits(rest);
    return;
  }
  for (const std::string_view label : {"post", "rev", "r"}) {
    if (!TakeLabelled(rest, label, digits)) continue;
    version.post = digits;
    return;
  }
}

bool ParseLocal(std::string_view rest, Pep440Version& version) {
  while (true) {
    std::size_t n = 0;
    while (n < rest.size() && IsAlnum(rest[n])) ++n;
    if (n == 0) return false;
    version.local.emplace_back(rest.substr(0, n));
    rest.remove_prefix(n);
    if (rest.empty()) return true;
    if (!IsSeparator(rest.front())) return false;
    rest.remove_prefix(1);
  }
}

// Which pre-release a version is: -1 for a development release of the final one (before all
// pre-releases), 0 a, 1 b, 2 rc, 3 the final one and what comes after it.
int PreRank(const Pep440Version& version) {
  if (version.pre_label == "a") return 0;
  if (version.pre_label == "b") return 1;
  if (version.pre_label == "rc") return 2;
  return !version.post && version.dev ? -1 : 3;
}

int CompareOptional(const std::optional<std::string>& a, const std::optional<std::string>& b,
                    int absent) {
  if (a && b) return CompareNumbers(*a, *b);
  if (!a && !b) return 0;
  return a ? -absent : absent;
}

int CompareLocal(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const bool left = AllDigits(a[i]);
    const bool right = AllDigits(b[i]);
    if (left != right) return left ? 1 : -1;
    const int order = left ? CompareNumbers(a[i], b[i]) : CompareText(a[i], b[i]);
    if (order != 0) return order;
  }
  return a.size() < b.size() ? -1 : static_cast<int>(a.size() > b.size());
}

// One part of a legacy version: digits, letters, '.', '-', or anything else up to the next.
std::string_view TakeLegacyPart(std::string_view& rest) {
  const auto kind = [](char c) {
    if (IsDigit(c)) return 0;
    if (IsLower(c)) return 1;
    return c == '.' || c == '-' ? 2 : 3;
  };
  const int first = kind(rest.front());
  std::size_t n = 1;
  while (first != 2 && n < rest.size() && kind(rest[n]) == first) ++n;
  const std::string_view part = rest.substr(0, n);
  rest.remove_prefix(n);
  return part;
}

std::string LegacyPart(std::string_view part) {
  if (part == "pre" || part == "preview" || part == "rc") return "*c";
  if (part == "-") return "*final-";
  if (part == "dev") return "*@";
  if (!IsDigit(part.front())) return "*" + std::string(part);
  const std::size_t padding = part.size() < 8 ? 8 - part.size() : 0;
  return std::string(padding, '0') + std::string(part);
}

std::vector<std::string> LegacyKey(std::string_view lower) {
  std::vector<std::string> key;
  const auto add = [&](std::string part) {
    if (part.front() == '*') {
      if (part < "*final") {
        while (!key.empty() && key.back() == "*final-") key.pop_back();
      }
      while (!key.empty() && key.back() == "00000000") key.pop_back();
    }
    key.push_back(std::move(part));
  };
  while (!lower.empty()) {
    const std::string_view part = TakeLegacyPart(lower);
    if (part != ".") add(LegacyPart(part));
  }
  add("*final");
  return key;
}

int CompareLegacy(std::string_view a, std::string_view b) {
  const auto left = LegacyKey(text::ToLower(text::Trim(a)));
  const auto right = LegacyKey(text::ToLower(text::Trim(b)));
  if (left == right) return 0;
  return left < right ? -1 : 1;
}

}  // namespace

std::optional<Pep440Version> ParsePep440(std::string_view text) {
  const std::string lower = text::ToLower(text::Trim(text));
  std::string_view rest = lower;
  if (rest.starts_with('v')) rest.remove_prefix(1);
  Pep440Version version;
  if (!TakeRelease(rest, version)) return std::nullopt;
  for (const auto& [label, canonical] : kPreLabels) {
    if (!TakeLabelled(rest, label, version.pre)) continue;
    version.pre_label = canonical;
    break;
  }
  TakePost(rest, version);
  std::string digits;
  if (TakeLabelled(rest, "dev", digits)) version.dev = digits;
  if (rest.starts_with('+')) {
    if (!ParseLocal(rest.substr(1), version)) return std::nullopt;
    return version;
  }
  if (!rest.empty()) return std::nullopt;
  return version;
}

int ComparePep440Releases(const Pep440Version& a, const Pep440Version& b) {
  for (std::size_t i = 0; i < std::max(a.release.size(), b.release.size()); ++i) {
    const std::string_view left = i < a.release.size() ? std::string_view(a.release[i]) : "";
    const std::string_view right = i < b.release.size() ? std::string_view(b.release[i]) : "";
    if (const int order = CompareNumbers(left, right); order != 0) return order;
  }
  return 0;
}

int ComparePep440Versions(const Pep440Version& a, const Pep440Version& b, Local local) {
  if (const int order = CompareNumbers(a.epoch, b.epoch); order != 0) return order;
  if (const int order = ComparePep440Releases(a, b); order != 0) return order;
  const int left = PreRank(a);
  const int right = PreRank(b);
  if (left != right) return left < right ? -1 : 1;
  if (const int order = CompareNumbers(a.pre, b.pre); order != 0) return order;
  if (const int order = CompareOptional(a.post, b.post, -1); order != 0) return order;
  if (const int order = CompareOptional(a.dev, b.dev, 1); order != 0) return order;
  return local == Local::kCount ? CompareLocal(a.local, b.local) : 0;
}

Result<int> ComparePep440(std::string_view a, std::string_view b) {
  for (const std::string_view version : {a, b}) {
    const std::string_view trimmed = text::Trim(version);
    if (trimmed.empty()) return BadVersion(Scheme::kPep440, version, "it is empty");
    if (!IsGraphic(trimmed)) {
      return BadVersion(Scheme::kPep440, version, "it has a blank or a byte that is not ASCII");
    }
  }
  const auto left = ParsePep440(a);
  const auto right = ParsePep440(b);
  if (left && right) return ComparePep440Versions(*left, *right, Local::kCount);
  if (!left && !right) return CompareLegacy(a, b);
  return left ? 1 : -1;
}

}  // namespace landwaiter::versions
