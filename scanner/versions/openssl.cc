// The order of OpenSSL's versions (openssl.org, "Release Strategy"): numbers, up to 1.1.1 followed
// by letters that count the fixes ("1.0.2z" < "1.0.2za"), and a pre-release behind a hyphen
// ("1.1.0-pre2", "3.0.0-alpha1"), which comes before the version itself. "-fips" marks a build.
//
// As the project lists versions with commas ("1.0.2ck, 3.1.2"), such a list is a range that holds
// each of them.
#include <array>

#include "lib/base/text.h"
#include "scanner/versions/orders.h"
#include "scanner/versions/semver.h"

namespace landwaiter::versions {
namespace {

constexpr std::array<std::string_view, 4> kStages = {"dev", "alpha", "beta", "pre"};
constexpr std::size_t kReleased = kStages.size();

struct OpensslVersion {
  std::string_view release;
  std::string_view letters;
  std::size_t stage = kReleased;  // place in kStages
  std::string_view number;        // of the stage
  bool developing = false;        // "-pre2-dev": on the way to it
};

bool ReadStage(std::string_view rest, OpensslVersion& version) {
  for (std::size_t i = 0; i < kStages.size(); ++i) {
    if (!rest.starts_with(kStages[i])) continue;
    rest.remove_prefix(kStages[i].size());
    version.stage = i;
    version.number = TakeDigits(rest);
    version.developing = rest == "-dev";
    return rest.empty() || version.developing;
  }
  return rest == "fips";
}

bool Read(std::string_view text, OpensslVersion& version) {
  std::size_t n = 0;
  while (n < text.size() && (IsDigit(text[n]) || text[n] == '.')) ++n;
  version.release = text.substr(0, n);
  if (!IsNumberList(version.release, ".")) return false;
  std::string_view rest = text.substr(n);
  n = 0;
  while (n < rest.size() && IsLower(rest[n])) ++n;
  version.letters = rest.substr(0, n);
  rest.remove_prefix(n);
  return rest.empty() || (rest.front() == '-' && ReadStage(rest.substr(1), version));
}

Result<OpensslVersion> Parse(std::string_view text) {
  OpensslVersion version;
  if (Read(text, version)) return version;
  return BadVersion(Scheme::kOpenssl, text, "it does not read as 1.1.1w or 3.0.0-beta1");
}

int CompareVersions(const OpensslVersion& a, const OpensslVersion& b) {
  if (const int order = CompareRelease(a.release, b.release); order != 0) return order;
  if (const int order = CompareText(a.letters, b.letters); order != 0) return order;
  if (a.stage != b.stage) return a.stage < b.stage ? -1 : 1;
  if (const int order = CompareNumbers(a.number, b.number); order != 0) return order;
  return static_cast<int>(b.developing) - static_cast<int>(a.developing);
}

}  // namespace

Result<int> CompareOpenssl(std::string_view a, std::string_view b) {
  return CompareParsed(a, b, Parse, CompareVersions);
}

Result<bool> SatisfiesOpenssl(Scheme scheme, std::string_view range, std::string_view version,
                              const RangeOptions& options) {
  if (range.find_first_of("<>=!|*") != std::string_view::npos || text::Trim(range).empty()) {
    return SatisfiesComparators(scheme, range, version, options);
  }
  bool any = false;
  for (const std::string_view listed : text::Split(range, ',')) {
    const auto order = CompareOpenssl(version, text::Trim(listed));
    if (!order) return order.error();
    any = any || *order == 0;
  }
  return any;
}

}  // namespace landwaiter::versions
