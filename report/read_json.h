// The JSON report (docs/report-v1.schema.json) read again, for a comparison with another one or to
// be judged by policies.
#pragma once

#include <cstddef>
#include <set>
#include <string_view>

#include "lib/base/result.h"
#include "policy/needed_facts.h"
#include "report/scan_report.h"

namespace landwaiter::report {

/// An image of kMaxInventoryPackages has some 150 MB.
inline constexpr std::size_t kMaxReportBytes = 256u << 20;

/// What a comparison looks at: image, digest, database, and of each platform packages, findings and
/// coverage. Checked field by field and bounded, for a file comes from anywhere.
/// Errors: InvalidArgument naming the field (another schemaVersion; a report whose filter hid
/// findings), ResourceExhausted.
Result<ScanReport> ReadJsonReport(std::string_view text);

/// A report that policies can judge, and what it does not tell them.
struct StoredReport {
  ScanReport scan;  // without verdicts; coverage without what the day of the scan said of the age
  std::set<policy::Fact> lacking;
};
/// As ReadJsonReport, with all that rules look at. A field that every report has must be there: one
/// that is left out would be taken for "nothing", and a policy pass for want of it.
/// Errors: as ReadJsonReport, and InvalidArgument naming a field that is missing, or one that
/// another speaks against.
Result<StoredReport> ReadStoredReport(std::string_view text);

}  // namespace landwaiter::report
