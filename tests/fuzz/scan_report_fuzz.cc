// A JSON report for a comparison and for policies, and what a package says of its licence, from any
// bytes.
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string_view>

#include "report/diff_format.h"
#include "report/licenses.h"
#include "report/read_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter::report;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto report = ReadJsonReport(bytes)) {
    const ScanDiff diff = Compare(*report, *report);
    if (!diff.brought.empty() || !diff.fixed.empty()) std::abort();
    if (!diff.added.empty() || !diff.removed.empty() || !diff.changed.empty()) std::abort();
    for (const DiffFormat& format : DiffFormats()) {
      std::ostringstream out;
      format.write(diff, out);
    }
  }
  if (const auto stored = ReadStoredReport(bytes)) {
    const ScanReport& scan = stored->scan;
    if (scan.platforms.size() != scan.inventory.platforms.size()) std::abort();
    if (scan.bases.size() != scan.platforms.size() || stored->lacking.empty()) std::abort();
  }
  if (const auto expression = SpdxExpression(bytes)) {
    if (SpdxExpression(*expression) != expression) std::abort();
  }
  return 0;
}
