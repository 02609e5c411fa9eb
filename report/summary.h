// What more than one output format says of a report.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "report/scan_report.h"

namespace landwaiter::report {

/// Empty findings for a platform that was not matched.
const PlatformFindings& FindingsOf(const ScanReport& report, std::size_t platform);

/// The known image that a platform is built on; nullopt for none.
const std::optional<BaseImage>& BaseOf(const ScanReport& report, std::size_t platform);

/// Coverage of the inventory and of the matching, sorted by source.
std::vector<Coverage> AllCoverage(const ScanReport& report, std::size_t platform);

/// At least one platform, each matched, and every line of coverage is Read.
bool IsComplete(const ScanReport& report);

enum class HostKernel { kShow, kHide };

/// Findings worst first, and how many were left out and why. Borrows the findings.
struct Shortened {
  std::vector<const Finding*> findings;
  std::uint64_t below_severity = 0;
  std::uint64_t unfixed = 0;
  std::uint64_t host_kernel = 0;
};
Shortened ApplyFilter(const std::vector<Finding>& findings, const ReportFilter& filter,
                      HostKernel host_kernel);

}  // namespace landwaiter::report
