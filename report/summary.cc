#include "report/summary.h"

#include <algorithm>

namespace landwaiter::report {

const PlatformFindings& FindingsOf(const ScanReport& report, std::size_t platform) {
  static const PlatformFindings kNotMatched;
  return platform < report.platforms.size() ? report.platforms[platform] : kNotMatched;
}

const std::optional<BaseImage>& BaseOf(const ScanReport& report, std::size_t platform) {
  static const std::optional<BaseImage> kNone;
  return platform < report.bases.size() ? report.bases[platform] : kNone;
}

std::vector<Coverage> AllCoverage(const ScanReport& report, std::size_t platform) {
  std::vector<Coverage> all = report.inventory.platforms[platform].coverage;
  const auto& matching = FindingsOf(report, platform).coverage;
  all.insert(all.end(), matching.begin(), matching.end());
  if (platform >= report.platforms.size()) {
    all.push_back({"advisories", CoverageState::kSkipped,
                   "the packages were not matched: no advisory database was given", 0});
  }
  std::stable_sort(all.begin(), all.end(), [](const Coverage& a, const Coverage& b) {
    return a.source != b.source ? a.source < b.source : a.reason < b.reason;
  });
  return all;
}

bool IsComplete(const ScanReport& report) {
  if (report.inventory.platforms.empty()) return false;
  for (std::size_t i = 0; i < report.inventory.platforms.size(); ++i) {
    for (const Coverage& line : AllCoverage(report, i)) {
      if (line.state != CoverageState::kRead) return false;
    }
  }
  return true;
}

Verdict OverallVerdict(const ScanReport& report) {
  if (report.policies.empty()) return IsComplete(report) ? Verdict::kPass : Verdict::kUnknown;
  Verdict worst = Verdict::kPass;
  for (const PolicyVerdict& policy : report.policies) worst = std::max(worst, policy.verdict);
  return worst;
}

Shortened ApplyFilter(const std::vector<Finding>& findings, const ReportFilter& filter,
                      HostKernel host_kernel) {
  Shortened shown;
  for (const Finding& finding : findings) {
    const bool known = finding.severity != Severity::kUnknown;
    if (finding.host_kernel && host_kernel == HostKernel::kHide) {
      ++shown.host_kernel;
    } else if (known && finding.severity < filter.severity_at_least) {
      ++shown.below_severity;
    } else if (filter.ignore_unfixed && finding.fixed_version.empty()) {
      ++shown.unfixed;
    } else {
      shown.findings.push_back(&finding);
    }
  }
  std::stable_sort(shown.findings.begin(), shown.findings.end(),
                   [](const Finding* a, const Finding* b) { return WorseThan(*a, *b); });
  return shown;
}

}  // namespace landwaiter::report
