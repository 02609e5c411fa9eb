// Oracle Linux (https://linux.oracle.com/security/oval/): one definition an erratum (ELSA). The key
// is the binary package within its module ("Module container-tools:ol8 is enabled"). Packages of
// Ksplice and validated ones (FIPS) have versions of their own beside the ordinary ones; they are
// ecosystems of their own ("Oracle Linux:8:ksplice"), so that each is compared within its flavour.
// Errata are fixes; what is not fixed is not in them.
#include "lib/base/text.h"
#include "scanner/advisories/feeds/oval_common.h"
#include "scanner/advisories/feeds/readers.h"
#include "scanner/advisories/ids.h"

namespace landwaiter::advisories {
namespace {

std::string FlavourOf(std::string_view version) {
  if (version.find(".ksplice") != std::string_view::npos) return ":ksplice";
  return version.find("_fips") != std::string_view::npos ? ":fips" : "";
}

class OracleFeed final : public OvalReader {
  Status Define(const OvalDefinition& definition, const std::vector<OvalCase>& cases,
                std::vector<StagedRecord>* records) override {
    if (definition.kind != "patch") return Ok();
    std::string id;
    for (const OvalReference& reference : definition.references) {
      if (text::EqualsIgnoreCase(reference.source, "elsa")) id = reference.id;
    }
    if (!IsId(id)) return InvalidArgument("names no ELSA");
    StagedRecord record;
    record.advisory = AdvisoryOf(definition, std::move(id), "oracle", "Oracle Linux errata");
    OvalRows rows;
    for (const OvalCase& conditions : cases) AddCase(conditions, &rows);
    if (Status status = rows.Finish(&record.packages); !status) return status;
    records->push_back(std::move(record));
    return Ok();
  }

  static void AddCase(const OvalCase& conditions, OvalRows* rows) {
    const OvalCondition* const fix = FixOf(conditions);
    std::string release, architecture;
    for (const OvalCondition& condition : conditions) {
      if (condition.package != "oraclelinux-release") continue;
      if (!condition.state->version.empty()) release = NumberIn(condition.state->version);
      if (!condition.state->architecture.empty()) architecture = condition.state->architecture;
    }
    if (fix == nullptr || release.empty()) return;
    const std::string& version = fix->state->evr;
    rows->AddFix({"Oracle Linux:" + release + FlavourOf(version), std::string(fix->package),
                  ModuleOf(conditions), version},
                 architecture);
  }
};

}  // namespace

std::unique_ptr<FeedReader> MakeOracleFeed() { return std::make_unique<OracleFeed>(); }

}  // namespace landwaiter::advisories
