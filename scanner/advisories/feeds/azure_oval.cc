// Azure Linux and CBL-Mariner (https://github.com/microsoft/AzureLinuxVulnerabilityData): one
// definition for each CVE and source package, with the versions that are affected. It knows what is
// not fixed ("less than or equal" the newest). The release is in the file's name
// ("azurelinux-3.0-oval.xml", "cbl-mariner-2.0-oval.xml"); Mariner 2 is "Azure Linux:2", as in OSV.
#include "lib/base/text.h"
#include "scanner/advisories/feeds/make_row.h"
#include "scanner/advisories/feeds/oval_common.h"
#include "scanner/advisories/feeds/readers.h"
#include "scanner/advisories/ids.h"

namespace landwaiter::advisories {
namespace {

/// Ids of definitions end in "-1", "-2" when they change.
std::string IdOf(std::string_view advisory_id) {
  const std::string_view number = advisory_id.substr(0, advisory_id.find('-'));
  return number.empty() ? std::string() : "AZL-" + std::string(number);
}

class AzureFeed final : public OvalReader {
  Status Define(const OvalDefinition& definition, const std::vector<OvalCase>& cases,
                std::vector<StagedRecord>* records) override {
    std::string release = NumberIn(member());
    release = release.substr(0, release.find('.'));
    if (release.empty()) {
      return InvalidArgument("file " + text::Printable(member()) +
                             " tells no release: expected a name like azurelinux-3.0-oval.xml");
    }
    std::string id = IdOf(definition.advisory_id);
    if (!IsId(id)) return InvalidArgument("has no advisory_id");
    StagedRecord record;
    record.advisory = AdvisoryOf(definition, std::move(id), "azure", "Azure Linux severity");
    for (const OvalCase& conditions : cases) {
      if (Status status = AddCase(conditions, "Azure Linux:" + release, &record); !status) {
        return status;
      }
    }
    records->push_back(std::move(record));
    return Ok();
  }

  /// All conditions of a case are about the versions of one package.
  static Status AddCase(const OvalCase& conditions, const std::string& ecosystem,
                        StagedRecord* record) {
    Range range;
    std::string_view package;
    std::string from = "0";
    for (const OvalCondition& condition : conditions) {
      const OvalState& state = *condition.state;
      if (condition.package.empty() || state.evr.empty()) continue;
      if (Status status = CheckVersion(ecosystem, state.evr); !status) return status;
      package = condition.package;
      if (state.evr_operation == "less than") {
        range.events.push_back({EventKind::kFixed, state.evr});
      } else if (state.evr_operation == "less than or equal") {
        range.events.push_back({EventKind::kLastAffected, state.evr});
      } else if (state.evr_operation.starts_with("greater than")) {
        // The schema has no "above": the version itself is a package that nobody has.
        from = state.evr;
      } else {
        return InvalidArgument("compares by " + text::JsonQuote(state.evr_operation));
      }
    }
    if (range.events.empty()) return Ok();
    if (Status status = CheckPackageName(package); !status) return status;
    range.events.insert(range.events.begin(), Event{EventKind::kIntroduced, std::move(from)});
    record->packages.push_back(MakeRow(ecosystem, package, std::move(range)));
    return Ok();
  }
};

}  // namespace

std::unique_ptr<FeedReader> MakeAzureFeed() { return std::make_unique<AzureFeed>(); }

}  // namespace landwaiter::advisories
