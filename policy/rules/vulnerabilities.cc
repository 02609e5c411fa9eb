// The `vulnerabilities` rule: every field that is set narrows the findings; more than maxCount left
// over fire. A field that the facts leave open leaves the finding open, and enough open findings
// leave the rule undecided.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/text.h"
#include "policy/formats.h"
#include "policy/image_pattern.h"
#include "policy/kinds.h"
#include "policy/schema_rules.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

enum class WhenMissing { kCount, kIgnore };

struct PackageSelector {
  std::vector<std::string> types;          // purl types: deb, apk, rpm, npm, pypi, golang
  std::vector<std::string> names;          // globs over the package's or its source's name
  std::vector<std::string> include_paths;  // globs over the path in the image
  std::vector<std::string> exclude_paths;
};

/// Fires when more than max_count findings meet every field that is set.
struct VulnerabilityRule : RuleBody {
  std::optional<Severity> severity_at_least;
  WhenMissing unknown_severity = WhenMissing::kCount;
  std::optional<double> cvss_at_least;
  WhenMissing missing_score = WhenMissing::kCount;
  std::optional<bool> fix_available;
  std::optional<std::chrono::milliseconds> published_for;
  std::vector<std::string> ids;
  PackageSelector packages;
  std::vector<FindingState> states;
  std::optional<bool> known_exploited;
  std::uint64_t max_count = 0;
};

constexpr std::size_t kMaxIds = 256;
constexpr std::string_view kSeverities[] = {"Critical", "High", "Medium", "Low", "Negligible"};
constexpr std::string_view kCountOrIgnore[] = {"Count", "Ignore"};
constexpr std::string_view kStates[] = {"Affected", "Fixed", "WillNotFix", "EndOfLife",
                                        "UnderInvestigation"};

constexpr Field kPackageSelectorFields[] = {
    {.name = "types",
     .type = FieldType::kTexts,
     .help = "Package types (of the package URL).",
     .values = kTypes,
     .max_items = 16,
     .min_items = 1},
    {.name = "names",
     .type = FieldType::kTexts,
     .help = "Patterns over the package's name or its source package's.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckGlob},
    {.name = "includePaths",
     .type = FieldType::kTexts,
     .help = "Patterns over the path the package was found at, without a leading '/'.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckGlob},
    {.name = "excludePaths",
     .type = FieldType::kTexts,
     .help = "Patterns over paths that are left out.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckGlob},
};
constexpr ObjectSchema kPackageSelector = {.fields = kPackageSelectorFields, .min_fields = 1};

constexpr Field kVulnerabilityFields[] = {
    {.name = "severityAtLeast",
     .type = FieldType::kText,
     .help = "Findings of this severity or worse.",
     .values = kSeverities},
    {.name = "unknownSeverity",
     .type = FieldType::kText,
     .help = "Whether a finding without a severity meets severityAtLeast.",
     .default_json = R"("Count")",
     .values = kCountOrIgnore},
    {.name = "cvssAtLeast",
     .type = FieldType::kNumber,
     .help = "Findings with this CVSS base score or a higher one.",
     .minimum = 0,
     .maximum = 10},
    {.name = "missingScore",
     .type = FieldType::kText,
     .help = "Whether a finding without a score meets cvssAtLeast.",
     .default_json = R"("Count")",
     .values = kCountOrIgnore},
    {.name = "fixAvailable",
     .type = FieldType::kBoolean,
     .help = "true: findings with a fixed version; false: findings without one."},
    {.name = "publishedFor",
     .type = FieldType::kText,
     .help = "Findings that were published so long ago, or nobody knows when: 14d, 72h. Leaves "
             "that time to mend what is new.",
     .max_length = 32,
     .check = CheckDuration},
    {.name = "ids",
     .type = FieldType::kTexts,
     .help = "Vulnerability ids; an alias (a GHSA for a CVE) counts too.",
     .max_items = kMaxIds,
     .min_items = 1,
     .max_length = kMaxId,
     .check = CheckVulnerabilityId},
    {.name = "packages",
     .type = FieldType::kObject,
     .help = "Findings in these packages.",
     .object = &kPackageSelector},
    {.name = "states",
     .type = FieldType::kTexts,
     .help = "Findings in one of these states.",
     .values = kStates,
     .max_items = 8,
     .min_items = 1},
    {.name = "knownExploited",
     .type = FieldType::kBoolean,
     .help = "true: findings on the list of known exploited vulnerabilities; false: those not on "
             "it. Cannot be decided with a database without that list: onIncomplete answers."},
    {.name = "maxCount",
     .type = FieldType::kInteger,
     .help = "How many such findings are let pass, counted per platform.",
     .default_json = "0",
     .minimum = 0,
     .maximum = 1'000'000},
};
constexpr ObjectSchema kVulnerabilities = {kVulnerabilityFields};

enum class Meets { kNo, kOpen, kYes };

WhenMissing ReadWhenMissing(const json& value, const char* field) {
  return value.value(field, "Count") == "Ignore" ? WhenMissing::kIgnore : WhenMissing::kCount;
}

std::optional<bool> ReadOptionalBool(const json& value, const char* field) {
  const auto found = value.find(field);
  if (found == value.end()) return std::nullopt;
  return found->get<bool>();
}

bool MeetsSeverity(const VulnerabilityRule& rule, const Finding& finding) {
  if (!rule.severity_at_least) return true;
  if (finding.severity == Severity::kUnknown) return rule.unknown_severity == WhenMissing::kCount;
  return finding.severity >= *rule.severity_at_least;
}

bool MeetsScore(const VulnerabilityRule& rule, const Finding& finding) {
  if (!rule.cvss_at_least) return true;
  if (!finding.cvss_score) return rule.missing_score == WhenMissing::kCount;
  return *finding.cvss_score >= *rule.cvss_at_least;
}

bool MeetsIds(const VulnerabilityRule& rule, const Finding& finding) {
  return rule.ids.empty() ||
         std::any_of(rule.ids.begin(), rule.ids.end(), [&](const std::string& id) {
           return text::EqualsIgnoreCase(id, finding.id) ||
                  std::any_of(
                      finding.aliases.begin(), finding.aliases.end(),
                      [&](const std::string& alias) { return text::EqualsIgnoreCase(id, alias); });
         });
}

bool AnyGlob(const std::vector<std::string>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return text::GlobMatch(pattern, text); });
}

bool MeetsPackages(const PackageSelector& selector, const Finding& finding) {
  const bool type = selector.types.empty() ||
                    std::find(selector.types.begin(), selector.types.end(), finding.package_type) !=
                        selector.types.end();
  const bool name =
      selector.names.empty() ||
      std::any_of(selector.names.begin(), selector.names.end(), [&](const std::string& pattern) {
        return PackageNameMatches(pattern, finding.package, finding.package_type) ||
               (!finding.source_package.empty() &&
                PackageNameMatches(pattern, finding.source_package, finding.package_type));
      });
  const bool path = selector.include_paths.empty() || AnyGlob(selector.include_paths, finding.path);
  return type && name && path && !AnyGlob(selector.exclude_paths, finding.path);
}

// What says no date, or one that cannot be read, may be old: no time is left for it.
bool MeetsPublished(const VulnerabilityRule& rule, const Finding& finding, TimePoint now) {
  if (!rule.published_for) return true;
  const auto published = ParseTime(finding.published);
  return !published || *published + *rule.published_for <= now;
}

Meets MeetsAll(const VulnerabilityRule& rule, const Finding& finding, TimePoint now) {
  // What was found by a CPE alone may be another program: it is shown and fails nothing.
  if (finding.confidence != Confidence::kExact) return Meets::kNo;
  if (finding.host_kernel || !MeetsSeverity(rule, finding) || !MeetsScore(rule, finding) ||
      !MeetsIds(rule, finding) || !MeetsPackages(rule.packages, finding) ||
      !MeetsPublished(rule, finding, now)) {
    return Meets::kNo;
  }
  if (rule.fix_available && *rule.fix_available == finding.fixed_version.empty()) return Meets::kNo;
  if (!rule.states.empty() &&
      std::find(rule.states.begin(), rule.states.end(), finding.state) == rule.states.end()) {
    return Meets::kNo;
  }
  if (!rule.known_exploited) return Meets::kYes;
  if (!finding.known_exploited) return Meets::kOpen;
  return *finding.known_exploited == *rule.known_exploited ? Meets::kYes : Meets::kNo;
}

Violation ToViolation(const Finding& finding) {
  Violation violation;
  violation.kind = "vulnerabilities";
  violation.subject = finding.id;
  violation.id = ViolationId(finding);
  violation.message =
      Shown(finding.id) + " (" + std::string(SeverityName(finding.severity)) + ") in " +
      Shown(finding.package) + " " + Shown(finding.installed_version) +
      (finding.fixed_version.empty() ? ", no fixed version"
                                     : ", fixed in " + Shown(finding.fixed_version));
  return violation;
}

std::shared_ptr<const RuleBody> Read(const json& value, const std::string&, Complaints&) {
  VulnerabilityRule read;
  if (value.contains("severityAtLeast")) {
    read.severity_at_least = ParseSeverity(value["severityAtLeast"].get<std::string>());
  }
  read.unknown_severity = ReadWhenMissing(value, "unknownSeverity");
  if (value.contains("cvssAtLeast")) read.cvss_at_least = value["cvssAtLeast"].get<double>();
  read.missing_score = ReadWhenMissing(value, "missingScore");
  read.fix_available = ReadOptionalBool(value, "fixAvailable");
  if (const auto time = value.find("publishedFor"); time != value.end()) {
    const auto duration = ParseDuration(time->get<std::string>());
    if (duration) read.published_for = *duration;  // CheckDuration has refused all others
  }
  read.known_exploited = ReadOptionalBool(value, "knownExploited");
  read.ids = Texts(value, "ids");
  if (const auto packages = value.find("packages"); packages != value.end()) {
    read.packages = {Texts(*packages, "types"), Texts(*packages, "names"),
                     Texts(*packages, "includePaths"), Texts(*packages, "excludePaths")};
  }
  for (const std::string& state : Texts(value, "states")) {
    read.states.push_back(ParseFindingState(state).value_or(FindingState::kAffected));
  }
  read.max_count = value.value("maxCount", std::uint64_t{0});
  return std::make_shared<const VulnerabilityRule>(std::move(read));
}

RuleOutcome Evaluate(const Rule& rule, const Facts& facts) {
  const auto& wanted = As<VulnerabilityRule>(rule);
  RuleOutcome outcome;
  std::vector<const Finding*> met;
  std::size_t open = 0;
  static const std::vector<Finding> kNoFindings;
  const auto& findings = facts.platform->findings ? *facts.platform->findings : kNoFindings;
  for (const Finding& finding : findings) {
    const Meets meets = MeetsAll(wanted, finding, facts.now);
    if (meets == Meets::kNo || facts.exceptions->ExcusesFinding(rule.name, finding)) continue;
    if (meets == Meets::kOpen) {
      ++open;
    } else {
      met.push_back(&finding);
    }
  }
  if (met.size() > wanted.max_count) {
    std::stable_sort(met.begin(), met.end(),
                     [](const Finding* a, const Finding* b) { return WorseThan(*a, *b); });
    for (const Finding* finding : met) outcome.violations.push_back(ToViolation(*finding));
  } else if (met.size() + open > wanted.max_count) {
    outcome.unknown.push_back(
        "knownExploited: the database has no list of known exploited vulnerabilities (" +
        std::to_string(open) + (open == 1 ? " finding" : " findings") + " undecided)");
  }
  for (std::string& gap : CoverageGaps(*facts.platform, Need::kFindings)) {
    outcome.unknown.push_back(std::move(gap));
  }
  if (!facts.database_gap.empty()) outcome.unknown.push_back(facts.database_gap);
  return outcome;
}

/// Of a rule with publishedFor, a judgement of an hour ago may be another one now.
bool JudgedByTime(const RuleBody& body) {
  return static_cast<const VulnerabilityRule&>(body).published_for.has_value();
}

}  // namespace

extern constinit const RuleKind kVulnerabilitiesKind = {
    .name = "vulnerabilities",
    .help =
        "Fires when more than maxCount findings meet every field that is set. Findings in "
        "kernel headers are not counted: the host's kernel decides.",
    .schema = &kVulnerabilities,
    .needs_database = true,
    .read = Read,
    .evaluate = Evaluate,
    .judges_by_time = JudgedByTime,
};

}  // namespace landwaiter::policy
