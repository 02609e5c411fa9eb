// The JSON report (docs/report-v1.schema.json) read again, for a comparison with another one.
#pragma once

#include <cstddef>
#include <string_view>

#include "lib/base/result.h"
#include "report/scan_report.h"

namespace landwaiter::report {

/// An image of kMaxInventoryPackages has some 150 MB.
inline constexpr std::size_t kMaxReportBytes = 256u << 20;

/// What a comparison looks at: image, digest, database, and of each platform packages, findings and
/// coverage. Checked field by field and bounded, for a file comes from anywhere.
/// Errors: InvalidArgument naming the field (another schemaVersion; a report whose filter hid
/// findings), ResourceExhausted.
Result<ScanReport> ReadJsonReport(std::string_view text);

}  // namespace landwaiter::report
