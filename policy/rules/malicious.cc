// The `malicious` rule: packages that an advisory calls malicious, not only faulty (OSV's MAL-…
// records, github.com/ossf/malicious-packages). They have no severity, no fix and often no CVE, so
// that no rule over severities may decide about them.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "policy/kinds.h"
#include "policy/rules/package_selector.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

constexpr std::string_view kKind = "malicious";
constexpr std::string_view kPrefix = "MAL-";

struct MaliciousRule : RuleBody {
  PackageSelector packages;
};

constexpr Field kMaliciousFields[] = {
    {.name = "packages",
     .type = FieldType::kObject,
     .help = "Only these packages.",
     .object = &kPackageSelector},
};
constexpr ObjectSchema kMalicious = {kMaliciousFields};

/// The record that calls the package so; "" where none does.
std::string_view RecordOf(const Finding& finding) {
  if (finding.id.starts_with(kPrefix)) return finding.id;
  const auto alias =
      std::find_if(finding.aliases.begin(), finding.aliases.end(),
                   [](const std::string& name) { return name.starts_with(kPrefix); });
  return alias == finding.aliases.end() ? std::string_view() : std::string_view(*alias);
}

std::shared_ptr<const RuleBody> Read(const json& value, const std::string&, Complaints&) {
  MaliciousRule read;
  read.packages = ReadPackageSelector(value);
  return std::make_shared<const MaliciousRule>(std::move(read));
}

RuleOutcome Evaluate(const Rule& rule, const Facts& facts) {
  const auto& wanted = As<MaliciousRule>(rule);
  RuleOutcome outcome;
  static const std::vector<Finding> kNoFindings;
  const auto& findings = facts.platform->findings ? *facts.platform->findings : kNoFindings;
  for (const Finding& finding : findings) {
    const std::string_view record = RecordOf(finding);
    if (record.empty() || !Selects(wanted.packages, finding)) continue;
    if (facts.exceptions->ExcusesFinding(rule.name, finding)) continue;
    Violation violation;
    violation.kind = kKind;
    violation.subject = record;
    violation.id = ViolationId(
        kKind, record,
        finding.purl.empty() ? finding.package_type + "/" + finding.package : finding.purl,
        finding.path);
    violation.message = Shown(finding.package) + " " + Shown(finding.installed_version) +
                        " is malicious (" + Shown(record) + ")";
    outcome.violations.push_back(std::move(violation));
  }
  for (std::string& gap : CoverageGaps(*facts.platform, Need::kLanguageFindings)) {
    outcome.unknown.push_back(std::move(gap));
  }
  if (!facts.database_gap.empty()) outcome.unknown.push_back(facts.database_gap);
  return outcome;
}

}  // namespace

extern constinit const RuleKind kMaliciousKind = {
    .name = "malicious",
    .help =
        "Fires when an advisory calls a package malicious (OSV's MAL records), whatever its "
        "severity.",
    .schema = &kMalicious,
    .needs_database = true,
    .read = Read,
    .evaluate = Evaluate,
};

}  // namespace landwaiter::policy
