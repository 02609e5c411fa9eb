// What another image brings in and what it fixes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "report/scan_report.h"

namespace landwaiter::report {

/// One finding of one side. Borrows it.
struct DiffFinding {
  const Finding* finding = nullptr;
  std::string platform;
};

/// A package that is in one image alone, or in both in other versions.
struct DiffPackage {
  std::string platform;
  std::string type;
  std::string name;
  std::string path;    // in the new image, for a removed one in the old
  std::string before;  // version; "" for one that was added
  std::string after;   // version; "" for one that was removed
};

struct Side {
  std::string image;
  std::string digest;
  std::string database;  // its id, "" for none
  bool complete = false;
  SeverityCounts counts;
};

struct ScanDiff {
  Side before;
  Side after;
  std::vector<DiffFinding> brought;  // worst first, as the other two
  std::vector<DiffFinding> fixed;
  std::vector<DiffFinding> stayed;  // as they are in the new image
  std::vector<DiffPackage> added;   // by platform, type and name, as the other two
  std::vector<DiffPackage> removed;
  std::vector<DiffPackage> changed;

  /// Both sides were read whole: nothing can have escaped the comparison.
  bool Complete() const { return before.complete && after.complete; }
};

/// Borrows findings of both. Findings of the host's kernel are left out, as they count nowhere.
/// Of two images of one platform each these are compared, whatever they are; of others each
/// platform with that of the same name. A finding stays where the same package has the same
/// vulnerability, whatever its version and path; a second copy of the package is a second finding.
ScanDiff Compare(const ScanReport& before, const ScanReport& after);

}  // namespace landwaiter::report
