// Inventory × advisory database → findings. A pure function of the two: the same inventory and the
// same database give the same findings in the same order.
//
// What a feed says is not affected is no finding, whatever others say; for files that a package
// owns, its distribution's word goes before a language's feed.
//
// One finding per (package, vulnerability). The vulnerability's id is the CVE where one is known;
// all other names are aliases. An advisory that covers several CVEs (DSA, ALSA) gives one finding
// for each. Its severity is, in this order: the word of the advisory that is closest to the package
// (a distribution's urgency, then database_specific.severity), the CVSS base score (4.0, 3.x, 2.0),
// the same from another advisory of the database that names the same CVE, else Unknown; which of
// these it was stands in Finding::severity_source.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "model/finding.h"
#include "model/inventory.h"
#include "scanner/advisories/database.h"
#include "scanner/advisories/touched.h"

namespace landwaiter::matching {

struct MatchResult {
  std::vector<Finding> findings;  // by WorseThan
  /// "advisories" for the operating system's packages, "advisories-TYPE" ("advisories-npm") for
  /// each language's; Unsupported where the database has no feed for them, Failed where versions
  /// could not be compared (names package and version) or some packages have no feed. Packages that
  /// others than the distribution built (EPEL, docker) are counted in the reason. A reason
  /// beside Read says what the feeds cannot say. "lifecycle" (EndOfLife) for a release past its
  /// end. Sorted by source.
  std::vector<Coverage> coverage;
  std::string os_end_of_life = {};  // LastDayOf the operating system; "" where it has none
  /// What the database was asked for, whether it knew anything or not; sorted, each once. A newer
  /// one that says the same of all of these (advisories::TouchedBetween) gives the same findings,
  /// coverage and `asked`.
  std::vector<advisories::Word> asked = {};
  /// False where that was too much to note: it may have asked anything.
  bool asked_known = true;
};

class AnswerMemory;

/// `memory`: of this very database, what it has said to inventories before; null where there are no
/// others. Errors: DataLoss where the database breaks off under the hands.
Result<MatchResult> Match(const Inventory& inventory, const advisories::AdvisoryDatabase& database,
                          AnswerMemory* memory = nullptr);

/// The feeds' name for a distribution release: "Debian:12", "Alpine:v3.18", "AlmaLinux:9", "Wolfi".
/// nullopt for one that has none or whose feeds are not read.
std::optional<std::string> EcosystemOf(const OperatingSystem& os);
/// "npm", "PyPI", "Go" for a purl type; nullopt for those without a feed or a version order.
std::optional<std::string> LanguageEcosystem(std::string_view purl_type);

}  // namespace landwaiter::matching
