// SUSE and openSUSE (https://ftp.suse.com/pub/projects/security/oval/, the files of kind
// "vulnerability"): one definition a CVE, with the products it speaks of and for each the version
// that mended it, or that it is affected, or that it is not. The key is the binary package. The
// ecosystem is the product, as OSV writes it: "SUSE:Linux Enterprise Server 15 SP4",
// "openSUSE:Leap 15.5". The files of kind "patch" say the same by advisory and are not read.
#include "lib/base/text.h"
#include "scanner/advisories/feeds/make_row.h"
#include "scanner/advisories/feeds/oval_common.h"
#include "scanner/advisories/feeds/readers.h"
#include "scanner/advisories/ids.h"
#include "scanner/advisories/limits.h"

namespace landwaiter::advisories {
namespace {

/// "SUSE Linux Enterprise Server 15 SP4 is installed" → "SUSE:Linux Enterprise Server 15 SP4"; ""
/// for a comment that names no product.
std::string EcosystemIn(std::string_view comment) {
  constexpr std::string_view kEnd = " is installed";
  if (!comment.ends_with(kEnd)) return {};
  comment.remove_suffix(kEnd.size());
  for (const std::string_view vendor : {"SUSE", "openSUSE"}) {
    if (!comment.starts_with(std::string(vendor) + " ")) continue;
    std::string ecosystem(vendor);
    ecosystem += ":" + std::string(comment.substr(vendor.size() + 1));
    return ecosystem.size() <= kMaxEcosystemBytes ? ecosystem : std::string();
  }
  return {};
}

class SuseFeed final : public OvalReader {
  Status Define(const OvalDefinition& definition, const std::vector<OvalCase>& cases,
                std::vector<StagedRecord>* records) override {
    if (definition.kind != "vulnerability") return Ok();
    const std::string cve = CveIn(definition.title);
    if (cve.empty()) return InvalidArgument("its title names no CVE");
    StagedRecord record;
    record.advisory = AdvisoryOf(definition, "SUSE-" + cve, "suse", "SUSE rating");
    record.advisory.upstream = {cve};
    record.advisory.title.clear();
    record.advisory.url = "https://www.suse.com/security/cve/" + cve + "/";
    OvalRows rows;
    for (const OvalCase& conditions : cases) {
      if (Status status = AddCase(conditions, &rows, &record.packages); !status) return status;
    }
    if (Status status = rows.Finish(&record.packages); !status) return status;
    records->push_back(std::move(record));
    return Ok();
  }

  /// Products and packages are conditions alike: a product's comment names it.
  static Status AddCase(const OvalCase& conditions, OvalRows* rows,
                        std::vector<StagedPackage>* packages) {
    std::string ecosystem;
    const OvalCondition* package = nullptr;
    for (const OvalCondition& condition : conditions) {
      std::string product = EcosystemIn(condition.comment);
      if (!product.empty()) {
        ecosystem = std::move(product);
      } else if (!condition.package.empty()) {
        package = &condition;
      }
    }
    if (ecosystem.empty() || package == nullptr) return Ok();
    if (Status status = CheckPackageName(package->package); !status) return status;
    if (package->comment.ends_with(" is not affected")) {
      packages->push_back(MakeRow(ecosystem, package->package, Everything(), Claim::kNotAffected));
    } else if (package->comment.ends_with(" is affected")) {
      packages->push_back(MakeRow(ecosystem, package->package, Everything()));
    } else if (FixOf({*package}) != nullptr) {
      rows->AddFix({ecosystem, std::string(package->package), "", package->state->evr}, "");
    }
    return Ok();
  }
};

}  // namespace

std::unique_ptr<FeedReader> MakeSuseFeed() { return std::make_unique<SuseFeed>(); }

}  // namespace landwaiter::advisories
