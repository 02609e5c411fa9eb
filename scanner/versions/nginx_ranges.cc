// The ranges of nginx's security advisories (nginx.org/en/security_advisories.html), alternatives
// with commas between: "0.6.18-1.20.0" with both ends, "1.20.1+" from there on, a version alone,
// "all", "none". Branches with an even second number are stable: "1.20.1+" ends before 1.21.0,
// while "1.21.0+" does not end. The order itself is semantic versioning's.
#include <string>

#include "lib/base/text.h"
#include "scanner/versions/orders.h"
#include "scanner/versions/semver.h"

namespace landwaiter::versions {
namespace {

Result<bool> HoldsBetween(std::string_view low, std::string_view high, std::string_view version) {
  const auto lower = CompareNginx(version, low);
  if (!lower) return lower.error();
  const auto upper = CompareNginx(version, high);
  if (!upper) return upper.error();
  return *lower >= 0 && *upper <= 0;
}

Result<bool> HoldsFrom(std::string_view low, std::string_view version) {
  const auto lower = CompareNginx(version, low);
  if (!lower) return lower.error();
  std::string_view rest = low;
  const std::string_view major = TakeDotted(rest);
  const std::string_view minor = TakeDotted(rest);
  const bool stable = !minor.empty() && (minor.back() - '0') % 2 == 0;
  if (!stable) return *lower >= 0;
  const auto upper = CompareNginx(version, std::string(major) + "." + Increment(minor) + ".0");
  if (!upper) return upper.error();
  return *lower >= 0 && *upper < 0;
}

Result<bool> HoldsClause(std::string_view clause, std::string_view version) {
  if (clause == "all") return true;
  if (clause == "none") return false;
  if (clause.ends_with('+')) return HoldsFrom(clause.substr(0, clause.size() - 1), version);
  const auto hyphen = clause.find('-');
  if (hyphen == std::string_view::npos) return HoldsBetween(clause, clause, version);
  return HoldsBetween(text::Trim(clause.substr(0, hyphen)), text::Trim(clause.substr(hyphen + 1)),
                      version);
}

}  // namespace

Result<bool> SatisfiesNginx(Scheme scheme, std::string_view range, std::string_view version,
                            const RangeOptions& options) {
  if (range.find_first_of("<>=!|*") != std::string_view::npos || text::Trim(range).empty()) {
    return SatisfiesComparators(scheme, range, version, options);
  }
  bool any = false;
  for (const std::string_view clause : text::Split(range, ',')) {
    const auto holds = HoldsClause(text::Trim(clause), version);
    if (!holds) return holds.error();
    any = any || *holds;
  }
  return any;
}

}  // namespace landwaiter::versions
