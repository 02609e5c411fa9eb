// Why an image is reported to have a vulnerability, or why it is not: what every advisory of it
// says of the packages that are installed.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "model/finding.h"
#include "model/inventory.h"
#include "scanner/advisories/database.h"

namespace landwaiter::matching {

/// What one advisory says of one package.
struct ExplainedRow {
  std::string package;
  std::string package_type;
  std::string installed_version;
  std::string path;
  std::string ecosystem;
  std::string advisory;
  std::string feed;
  std::string says;  // a sentence without a full stop
  friend auto operator<=>(const ExplainedRow&, const ExplainedRow&) = default;
};

struct Explanation {
  std::set<std::string> names;  // all that the vulnerability is known by, the asked one included
  std::vector<Finding> reported;
  std::vector<ExplainedRow> rows;  // sorted
  std::vector<Coverage> coverage;  // the inventory's and the match's: what could not be told
};

/// Errors: DataLoss from the database.
Result<Explanation> Explain(const Inventory& inventory,
                            const advisories::AdvisoryDatabase& database, std::string_view id);

}  // namespace landwaiter::matching
