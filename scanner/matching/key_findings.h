// What the database says of one package version.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "model/finding.h"
#include "scanner/advisories/database.h"
#include "scanner/advisories/evaluate.h"
#include "scanner/matching/distributions.h"
#include "scanner/matching/package_key.h"

namespace landwaiter::matching {

/// Where and as what a package is looked up.
struct Question {
  std::vector<Place> places;  // not empty; one order of versions
  std::vector<PackageKey> keys;
  std::string_view flavour = {};
  std::string module = {};  // rpm module stream that the package is of
  /// In place of `module` where that is not recorded although the version is a module's: its dist
  /// tag. Errata of the same build tell the stream; where none does, errata of any may be meant.
  std::string module_tag = {};
  std::string architecture = {};
  /// Files of other packages are the package's own: what it has mended is asked for, too.
  bool owns_files = false;
};

/// Why a row says nothing of a package although its name is there.
enum class RowFits { kYes, kOtherModule, kUntoldModule, kOtherArchitecture };

/// One row for a package, and how it stands to the installed version. Good while it is told.
struct Answer {
  const Place* place = nullptr;
  advisories::Affected& row;
  RowFits fits = RowFits::kYes;
  /// Where it fits, or would with the module that is not told, and could be compared.
  advisories::Evaluation evaluation;
  std::string failure;           // why not
  std::string_view module = {};  // the package's, as far as it is told
  bool narrowed = false;         // the row, to its line of versions (Place::extras)
};

/// Calls `take` with all rows of all places; it may move from the row. Errors: DataLoss from the
/// database, Internal for an ecosystem without a version order, and those of `take`.
Status Ask(const Question& question, const advisories::AdvisoryDatabase& database,
           const std::function<Status(Answer& answer)>& take);

/// Findings of one package version without the package's own fields, shared by all packages that
/// are looked up by the same question (the binaries of one source package, copies of a module).
struct KeyFindings {
  std::vector<Finding> findings;
  std::string failure;  // why it could not be compared with some row, "" where it could with all
  bool known = false;   // the database has the name, whatever it says of this version
  /// Advisories that say of this version that it is not affected, or that it is mended (asked for
  /// where files are owned).
  std::vector<std::string> unaffected;
  std::vector<std::string> mended;
  /// Fixes of extras (Place::extras) were left out, since they are of other lines of versions.
  bool other_lines = false;
};
Result<KeyFindings> FindFor(const Question& question, const advisories::AdvisoryDatabase& database);

/// All names of the vulnerabilities that these advisories speak of. Errors: DataLoss.
Result<std::set<std::string>> NamesOf(const std::vector<std::string>& advisories,
                                      const advisories::AdvisoryDatabase& database);

}  // namespace landwaiter::matching
