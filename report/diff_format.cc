#include "report/diff_format.h"

#include <array>

namespace landwaiter::report {

std::span<const DiffFormat> DiffFormats() {
  static const std::array kFormats = {DiffTableFormat(), DiffJsonFormat(), DiffMarkdownFormat()};
  return kFormats;
}

std::vector<std::string> DiffWarnings(const ScanDiff& diff) {
  std::vector<std::string> warnings;
  const auto incomplete = [&](const Side& side, const std::string& which) {
    if (!side.complete) {
      warnings.push_back("not everything in the " + which +
                         " image could be read: there may be more than is listed");
    }
  };
  incomplete(diff.before, "old");
  incomplete(diff.after, "new");
  if (diff.before.database != diff.after.database) {
    warnings.push_back(
        "the two were matched with different advisory databases: what became known in between "
        "counts as brought in");
  }
  return warnings;
}

}  // namespace landwaiter::report
