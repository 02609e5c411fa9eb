// What the adapters of OVAL share.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/advisories/feeds/oval.h"

namespace landwaiter::advisories {

/// Rows of one definition. A fix that is the same for all architectures is one row for all; one
/// that only some have keeps them.
class OvalRows {
 public:
  struct Key {
    std::string ecosystem;
    std::string package;
    std::string module;
    std::string fix;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  /// `architecture`: "" for all.
  void AddFix(Key key, std::string_view architecture);
  /// Errors: InvalidArgument for a version or name that cannot be read.
  Status Finish(std::vector<StagedPackage>* rows) const;

 private:
  std::map<Key, std::set<std::string>> fixes_;
};

/// The condition of a case that asks for a version of a package ("less than"); nullptr for none.
const OvalCondition* FixOf(const OvalCase& conditions);
/// "nodejs:16" of a case with "Module nodejs:16 is enabled"; "" for one without.
std::string ModuleOf(const OvalCase& conditions);
/// CVEs among the references, sorted.
std::vector<std::string> CvesOf(const OvalDefinition& definition);
/// The advisory of a definition: title, severity with its source, date, url, CVEs.
Advisory AdvisoryOf(const OvalDefinition& definition, std::string id, std::string_view feed,
                    std::string_view severity_source);

}  // namespace landwaiter::advisories
