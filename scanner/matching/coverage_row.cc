#include "scanner/matching/coverage_row.h"

#include "lib/base/text.h"

namespace landwaiter::matching {
namespace {

/// Packages named in one coverage row; the rest is counted.
constexpr std::size_t kMaxNamed = 5;
constexpr std::size_t kMaxReasonBytes = 1000;

}  // namespace

void CoverageRow::AddFailure(const Package& package, const std::string& why) {
  if (failures.size() < kMaxNamed) {
    failures.push_back("package " + text::Printable(package.name) + " version " +
                       text::JsonQuote(package.version) + ": " + why);
  }
  ++failed;
}

std::vector<std::string> CoverageRow::WhatFailed() const {
  const std::string of = " of " + std::to_string(packages) + " packages";
  std::vector<std::string> parts = failures;
  if (failed > failures.size()) {
    parts.push_back("and " + std::to_string(failed - failures.size()) + " more");
  }
  if (unasked > 0) parts.push_back(std::to_string(unasked) + of + ": " + unsupported);
  if (sourceless > 0) {
    parts.push_back(std::to_string(sourceless) + of +
                    ": nothing records their source packages, by which the feeds speak of them");
  }
  return parts;
}

Coverage CoverageRow::Finish(const std::string& source) const {
  Coverage coverage{source, CoverageState::kRead, note, packages};
  if (other_lines > 0) {
    coverage.reason += (coverage.reason.empty() ? "" : "; ") + std::to_string(other_lines) +
                       " of " + std::to_string(packages) +
                       " packages have names that extras have, too, in other lines of versions: "
                       "not compared with those";
  }
  if (foreign > 0) {
    coverage.reason += (coverage.reason.empty() ? "" : "; ") + std::to_string(foreign) + " of " +
                       std::to_string(packages) +
                       " packages are of other vendors, of whom no feed speaks";
  }
  if (foreign > 0 && foreign == packages) {
    coverage.state = CoverageState::kUnsupported;
    coverage.reason = (packages > 1 ? "all " + std::to_string(packages) + " packages are"
                                    : std::string("its one package is")) +
                      " of other vendors, of whom no feed speaks";
  } else if (unasked > 0 && unasked + foreign == packages) {
    coverage.state = CoverageState::kUnsupported;
    coverage.reason = unsupported;
  } else if (failed > 0 || unasked > 0 || sourceless > 0) {
    coverage.state = CoverageState::kFailed;
    coverage.reason = text::Join(WhatFailed(), "; ");
  }
  coverage.reason = text::Truncate(coverage.reason, kMaxReasonBytes);
  return coverage;
}

}  // namespace landwaiter::matching
