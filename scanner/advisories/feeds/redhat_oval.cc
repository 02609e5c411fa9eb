// Red Hat's OVAL v2 (https://security.access.redhat.com/data/oval/v2/): definitions of errata
// (class "patch") and of what has no fix (class "vulnerability", with a resolution for each
// component) or is not affected ("Unaffected components for: …"). The key is the binary package
// within its module; the ecosystems are the CPEs of the definition. CSAF VEX is its successor.
#include <algorithm>

#include "lib/base/text.h"
#include "scanner/advisories/feeds/make_row.h"
#include "scanner/advisories/feeds/oval_common.h"
#include "scanner/advisories/feeds/readers.h"
#include "scanner/advisories/ids.h"
#include "scanner/advisories/red_hat.h"

namespace landwaiter::advisories {
namespace {

constexpr std::string_view kUnaffected = "Unaffected components for: ";

/// Those that are named, else the whole release ("Red Hat Enterprise Linux 8 is installed").
std::vector<std::string> EcosystemsOf(const OvalDefinition& definition,
                                      const std::vector<OvalCase>& cases) {
  std::vector<std::string> found;
  for (const std::string& cpe : definition.cpes) {
    std::string ecosystem = RedHatEcosystem(cpe);
    if (!ecosystem.empty()) found.push_back(std::move(ecosystem));
  }
  constexpr std::string_view kRelease = "Red Hat Enterprise Linux ";
  for (const OvalCase& conditions : found.empty() ? cases : std::vector<OvalCase>()) {
    for (const OvalCondition& condition : conditions) {
      if (!condition.comment.starts_with(kRelease)) continue;
      const std::string release = NumberIn(condition.comment.substr(kRelease.size()));
      if (!release.empty())
        found.push_back(WithoutRedHatMinor("Red Hat:enterprise_linux:" + release));
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

FindingState StateOf(const OvalDefinition& definition, std::string_view package) {
  for (const auto& [state, component] : definition.resolutions) {
    const std::string_view name = std::string_view(component).substr(component.rfind('/') + 1);
    if (name != package) continue;
    if (state == "Will not fix") return FindingState::kWillNotFix;
    if (state == "Out of support scope") return FindingState::kEndOfLife;
    if (state == "Under investigation") return FindingState::kUnderInvestigation;
  }
  return FindingState::kAffected;
}

class RedHatOvalFeed final : public OvalReader {
  Status Define(const OvalDefinition& definition, const std::vector<OvalCase>& cases,
                std::vector<StagedRecord>* records) override {
    StagedRecord record;
    const std::string cve = CveIn(definition.title);
    std::string id = cve.empty() ? std::string() : "REDHAT-" + cve;
    for (const OvalReference& reference : definition.references) {
      if (definition.kind == "patch" && reference.source.starts_with("RH")) id = reference.id;
    }
    if (!IsId(id)) return InvalidArgument("names no advisory");
    record.advisory = AdvisoryOf(definition, std::move(id), "redhat-oval", "Red Hat severity");
    if (definition.kind != "patch") record.advisory.upstream = {cve};
    const bool unaffected = definition.title.starts_with(kUnaffected);
    const auto ecosystems = EcosystemsOf(definition, cases);
    OvalRows rows;
    for (const OvalCase& conditions : cases) {
      for (const std::string& ecosystem : ecosystems) {
        Status status = AddCase(definition, conditions, ecosystem, unaffected, &rows, &record);
        if (!status) return status;
      }
    }
    if (Status status = rows.Finish(&record.packages); !status) return status;
    // A bug fix that names no vulnerability is no finding.
    if (record.advisory.upstream.empty()) record.packages.clear();
    records->push_back(std::move(record));
    return Ok();
  }

  static Status AddCase(const OvalDefinition& definition, const OvalCase& conditions,
                        const std::string& ecosystem, bool unaffected, OvalRows* rows,
                        StagedRecord* record) {
    const std::string module = ModuleOf(conditions);
    if (const OvalCondition* const fix = FixOf(conditions); fix != nullptr) {
      rows->AddFix({ecosystem, std::string(fix->package), module, fix->state->evr},
                   fix->state->architecture.find('|') == std::string::npos
                       ? std::string_view(fix->state->architecture)
                       : std::string_view());
      return Ok();
    }
    for (const OvalCondition& condition : conditions) {
      const bool installed =
          condition.comment.ends_with(unaffected ? " is not installed" : " is installed");
      if (condition.package.empty() || !installed || condition.absent != unaffected) continue;
      if (Status status = CheckPackageName(condition.package); !status) return status;
      StagedPackage row = MakeRow(ecosystem, condition.package, Everything(),
                                  unaffected ? Claim::kNotAffected : Claim::kAffected);
      row.affected.module = module;
      if (!unaffected) row.affected.unfixed_state = StateOf(definition, condition.package);
      record->packages.push_back(std::move(row));
    }
    return Ok();
  }
};

}  // namespace

std::unique_ptr<FeedReader> MakeRedHatOvalFeed() { return std::make_unique<RedHatOvalFeed>(); }

}  // namespace landwaiter::advisories
