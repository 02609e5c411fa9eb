// The `vulnerabilities` rule: every field that is set narrows the findings; more than maxCount left
// over fire. A field that the facts leave open leaves the finding open, and enough open findings
// leave the rule undecided.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/text.h"
#include "policy/kinds.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

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
  const std::string purl = finding.purl.empty() ? finding.package_type + "/" + finding.package +
                                                      "@" + finding.installed_version
                                                : finding.purl;
  Violation violation;
  violation.kind = "vulnerabilities";
  violation.subject = finding.id;
  violation.id = ViolationId(violation.kind, finding.id, purl, finding.path);
  violation.message =
      Shown(finding.id) + " (" + std::string(SeverityName(finding.severity)) + ") in " +
      Shown(finding.package) + " " + Shown(finding.installed_version) +
      (finding.fixed_version.empty() ? ", no fixed version"
                                     : ", fixed in " + Shown(finding.fixed_version));
  return violation;
}

}  // namespace

void ReadVulnerabilityRule(const json& value, const std::string&, Rule& rule, Complaints&) {
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
  rule.kind = std::move(read);
}

RuleOutcome EvaluateVulnerabilityRule(const Rule& rule, const Facts& facts) {
  const auto& wanted = std::get<VulnerabilityRule>(rule.kind);
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

}  // namespace landwaiter::policy
