// `--vex FILE`: documents that the person who scans has chosen to believe.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "report/scan_report.h"
#include "scanner/matching/vex/vex.h"

namespace landwaiter::cli {

/// What the files say; `notes` gets a line for each that holds statements about products without a
/// package URL. Errors: of the first file that cannot be read, by its name.
Result<matching::VexBook> ReadVexFiles(const std::vector<std::string>& paths,
                                       std::vector<std::string>& notes);

/// Takes what does not count out of the report's findings; `references`: what the image is called.
void ApplyVexFiles(const matching::VexBook& book, const std::vector<ImageReference>& references,
                   report::ScanReport& scan);

}  // namespace landwaiter::cli
