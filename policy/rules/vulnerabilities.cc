// The `vulnerabilities` rule: every field that is set narrows the findings; more than maxCount left
// over fire. A field that the facts leave open leaves the finding open, and enough open findings
// leave the rule undecided; enough of those whose time has not come say when it will fire.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "policy/formats.h"
#include "policy/image_pattern.h"
#include "policy/kinds.h"
#include "policy/rules/vulnerability_rule.h"
#include "policy/schema_rules.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;
using Answer = Meeting::Answer;

constexpr std::size_t kMaxIds = 256;
constexpr std::string_view kSeverities[] = {"Critical", "High", "Medium", "Low", "Negligible"};
constexpr std::string_view kCountOrIgnore[] = {"Count", "Ignore"};
constexpr std::string_view kSeveritySources[] = {"Vendor", "NVD", "Highest"};
constexpr std::string_view kOrigins[] = {"Any", "Base", "App"};
constexpr std::string_view kConfidences[] = {"Exact", "CPE"};
constexpr std::string_view kStates[] = {"Affected", "Fixed", "WillNotFix", "EndOfLife",
                                        "UnderInvestigation"};

/// Nothing is a time here: 0d.
Status CheckWithin(std::string_view text) {
  const auto duration = ParseDuration(text);
  if (!duration) return duration.error();
  return Ok();
}

constexpr Field kVulnerabilityFields[] = {
    {.name = "severityAtLeast",
     .type = FieldType::kText,
     .help = "Findings of this severity or worse.",
     .values = kSeverities},
    {.name = "severitySource",
     .type = FieldType::kText,
     .help =
         "Whose severity and score severityAtLeast and cvssAtLeast mean: Vendor is what reports "
         "show, the package's vendor before others; NVD is the NVD's alone; Highest is the worst "
         "that anybody says.",
     .default_json = R"("Vendor")",
     .values = kSeveritySources},
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
    {.name = "fixAvailableFor",
     .type = FieldType::kText,
     .help = "Findings whose fix has been known for so long, or nobody knows since when: 14d, 72h. "
             "The fix is as old as the first advisory that names one.",
     .max_length = 32,
     .check = CheckDuration},
    {.name = "publishedFor",
     .type = FieldType::kText,
     .help = "Findings that were published so long ago, or nobody knows when: 14d, 72h. Leaves "
             "that time to mend what is new.",
     .max_length = 32,
     .check = CheckDuration},
    {.name = "firstSeenFor",
     .type = FieldType::kText,
     .help = "Findings that this cluster has known for so long: 14d, 72h. A finding is a "
             "vulnerability in a package, in whatever image it was met first. Cannot be decided "
             "where nobody keeps that: onIncomplete answers.",
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
    {.name = "knownExploitedDueWithin",
     .type = FieldType::kText,
     .help = "Known exploited ones that are due within this time, are overdue, or have no day by "
             "which they are to be mended: 14d, 0d for those that are overdue. By the list's own "
             "due date, which lasts through its day (UTC).",
     .max_length = 32,
     .check = CheckWithin},
    {.name = "epssAtLeast",
     .type = FieldType::kNumber,
     .help = "Findings that are exploited within 30 days with this probability (EPSS) or a higher "
             "one.",
     .minimum = 0,
     .maximum = 1},
    {.name = "epssPercentileAtLeast",
     .type = FieldType::kNumber,
     .help = "Findings of which this share of all vulnerabilities has a lower EPSS score, or a "
             "greater share.",
     .minimum = 0,
     .maximum = 1},
    {.name = "missingEpss",
     .type = FieldType::kText,
     .help = "Whether a finding without an EPSS score meets epssAtLeast and epssPercentileAtLeast.",
     .default_json = R"("Count")",
     .values = kCountOrIgnore},
    {.name = "origin",
     .type = FieldType::kText,
     .help = "Base: findings in layers of the base image; App: those in layers above it. Cannot be "
             "decided where the base is not known: onIncomplete answers.",
     .default_json = R"("Any")",
     .values = kOrigins},
    {.name = "confidence",
     .type = FieldType::kTexts,
     .help = "Exact: the advisory names the package as its own ecosystem does; CPE: by the NVD's "
             "name of a product, which may be another program.",
     .default_json = R"(["Exact"])",
     .values = kConfidences,
     .max_items = 2,
     .min_items = 1},
    {.name = "maxCount",
     .type = FieldType::kInteger,
     .help = "How many such findings are let pass, counted per platform.",
     .default_json = "0",
     .minimum = 0,
     .maximum = 1'000'000},
};
constexpr ObjectSchema kVulnerabilities = {kVulnerabilityFields};

WhenMissing ReadWhenMissing(const json& value, const char* field) {
  return value.value(field, "Count") == "Ignore" ? WhenMissing::kIgnore : WhenMissing::kCount;
}

std::optional<bool> ReadOptionalBool(const json& value, const char* field) {
  const auto found = value.find(field);
  if (found == value.end()) return std::nullopt;
  return found->get<bool>();
}

std::optional<std::chrono::milliseconds> ReadTime(const json& value, const char* field) {
  const auto found = value.find(field);
  if (found == value.end()) return std::nullopt;
  const auto duration = ParseDuration(found->get<std::string>());
  if (!duration) return std::nullopt;  // CheckDuration has refused all others
  return *duration;
}

std::optional<double> ReadNumber(const json& value, const char* field) {
  const auto found = value.find(field);
  if (found == value.end()) return std::nullopt;
  return found->get<double>();
}

SeveritySource ReadSource(const json& value) {
  const std::string source = value.value("severitySource", "Vendor");
  if (source == "NVD") return SeveritySource::kNvd;
  return source == "Highest" ? SeveritySource::kHighest : SeveritySource::kVendor;
}

Origin ReadOrigin(const json& value) {
  const std::string origin = value.value("origin", "Any");
  if (origin == "Base") return Origin::kBase;
  return origin == "App" ? Origin::kApp : Origin::kAny;
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

std::shared_ptr<const RuleBody> Read(const json& value, const std::string& path,
                                     Complaints& complaints) {
  VulnerabilityRule read;
  if (value.contains("severityAtLeast")) {
    read.severity_at_least = ParseSeverity(value["severityAtLeast"].get<std::string>());
  }
  read.unknown_severity = ReadWhenMissing(value, "unknownSeverity");
  read.severity_source = ReadSource(value);
  read.cvss_at_least = ReadNumber(value, "cvssAtLeast");
  read.missing_score = ReadWhenMissing(value, "missingScore");
  read.fix_available = ReadOptionalBool(value, "fixAvailable");
  read.fix_available_for = ReadTime(value, "fixAvailableFor");
  read.published_for = ReadTime(value, "publishedFor");
  read.first_seen_for = ReadTime(value, "firstSeenFor");
  read.known_exploited = ReadOptionalBool(value, "knownExploited");
  read.exploited_due_within = ReadTime(value, "knownExploitedDueWithin");
  if (read.exploited_due_within && read.known_exploited == false) {
    complaints.Add(path,
                   "knownExploitedDueWithin is about known exploited ones: leave "
                   "knownExploited: false out");
  }
  // What is due is on the list.
  if (read.exploited_due_within) read.known_exploited = true;
  read.epss_at_least = ReadNumber(value, "epssAtLeast");
  read.epss_percentile_at_least = ReadNumber(value, "epssPercentileAtLeast");
  read.missing_epss = ReadWhenMissing(value, "missingEpss");
  read.origin = ReadOrigin(value);
  if (const auto confidences = Texts(value, "confidence"); !confidences.empty()) {
    read.confidence.clear();
    for (const std::string& confidence : confidences) {
      read.confidence.push_back(ParseConfidence(confidence).value_or(Confidence::kExact));
    }
  }
  read.ids = Texts(value, "ids");
  read.packages = ReadPackageSelector(value);
  for (const std::string& state : Texts(value, "states")) {
    read.states.push_back(ParseFindingState(state).value_or(FindingState::kAffected));
  }
  read.max_count = value.value("maxCount", std::uint64_t{0});
  return std::make_shared<const VulnerabilityRule>(std::move(read));
}

/// The findings of one platform by what they mean for the rule.
struct Sorted {
  std::vector<const Finding*> met;
  std::vector<std::pair<TimePoint, const Finding*>> later;
  std::size_t open_base = 0;
  std::size_t open_exploited = 0;
  std::size_t open_first_seen = 0;
};

Sorted Sort(const Rule& rule, const Facts& facts) {
  const auto& wanted = As<VulnerabilityRule>(rule);
  Sorted sorted;
  static const std::vector<Finding> kNoFindings;
  const auto& findings = facts.platform->findings ? *facts.platform->findings : kNoFindings;
  for (const Finding& finding : findings) {
    const Meeting meeting = Meet(wanted, finding, facts);
    if (meeting.answer == Answer::kNo) continue;
    if (IsExcused(wanted, rule.name, finding, facts)) continue;
    if (meeting.answer == Answer::kYes) sorted.met.push_back(&finding);
    if (meeting.answer == Answer::kLater) sorted.later.emplace_back(meeting.from, &finding);
    if (meeting.open == Open::kBase) ++sorted.open_base;
    if (meeting.open == Open::kKnownExploited) ++sorted.open_exploited;
    if (meeting.open == Open::kFirstSeen) ++sorted.open_first_seen;
  }
  return sorted;
}

std::string Undecided(std::size_t findings) {
  return " (" + std::to_string(findings) + (findings == 1 ? " finding" : " findings") +
         " undecided)";
}

/// `sorted`: of findings that do not fire yet. The rule does when one more than max_count do.
std::optional<ComesDue> WhenDue(Sorted& sorted, std::uint64_t max_count) {
  const std::size_t missing = max_count + 1 - sorted.met.size();
  if (sorted.later.size() < missing) return std::nullopt;
  std::stable_sort(sorted.later.begin(), sorted.later.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : WorseThan(*a.second, *b.second);
  });
  const auto& [from, finding] = sorted.later[missing - 1];
  return ComesDue{from, ToViolation(*finding).message};
}

RuleOutcome Evaluate(const Rule& rule, const Facts& facts) {
  const std::uint64_t max_count = As<VulnerabilityRule>(rule).max_count;
  RuleOutcome outcome;
  Sorted sorted = Sort(rule, facts);
  if (sorted.met.size() > max_count) {
    std::stable_sort(sorted.met.begin(), sorted.met.end(),
                     [](const Finding* a, const Finding* b) { return WorseThan(*a, *b); });
    for (const Finding* finding : sorted.met) outcome.violations.push_back(ToViolation(*finding));
  } else {
    outcome.due = WhenDue(sorted, max_count);
    if (sorted.met.size() + sorted.open_base + sorted.open_exploited + sorted.open_first_seen >
        max_count) {
      if (sorted.open_exploited > 0) {
        outcome.unknown.push_back(
            "knownExploited: the database has no list of known exploited vulnerabilities" +
            Undecided(sorted.open_exploited));
      }
      if (sorted.open_base > 0) {
        outcome.unknown.push_back("origin: the base image is not known" +
                                  Undecided(sorted.open_base));
      }
      if (sorted.open_first_seen > 0) {
        outcome.unknown.push_back("firstSeenFor: nobody knows when they were first seen" +
                                  Undecided(sorted.open_first_seen));
      }
    }
  }
  for (std::string& gap : CoverageGaps(*facts.platform, Need::kFindings)) {
    outcome.unknown.push_back(std::move(gap));
  }
  if (!facts.database_gap.empty()) outcome.unknown.push_back(facts.database_gap);
  return outcome;
}

/// Of a rule with a time, a judgement of an hour ago may be another one now.
bool JudgedByTime(const RuleBody& body) {
  const auto& rule = static_cast<const VulnerabilityRule&>(body);
  return rule.published_for.has_value() || rule.fix_available_for.has_value() ||
         rule.first_seen_for.has_value() || rule.exploited_due_within.has_value();
}

void Asks(const RuleBody& body, std::set<Fact>& facts) {
  const auto& rule = static_cast<const VulnerabilityRule&>(body);
  if (rule.severity_source != SeveritySource::kVendor) facts.insert(Fact::kOtherSeverities);
  if (rule.fix_available_for) facts.insert(Fact::kFixDates);
  if (rule.exploited_due_within) facts.insert(Fact::kDueDates);
  if (rule.first_seen_for) facts.insert(Fact::kFirstSeen);
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
    .asks = Asks,
};

}  // namespace landwaiter::policy
