// SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0), as code scanning services take it: a rule a
// vulnerability, a result a finding; what a policy says beside vulnerabilities has rules of its
// own. A location is the path of the package's record and, beside it, the layer and the package.
// What could not be read is a notification, and the run is then not successful. GitHub refuses
// files with more than 25,000 results or rules a run: the worst are listed, and a notification
// tells how many more there are; the counts stand in the run's properties.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "lib/base/text.h"
#include "report/facts.h"
#include "report/json_writer.h"
#include "report/rows.h"
#include "report/summary.h"
#include "report/words.h"

namespace landwaiter::report {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxResults = 25'000;
constexpr std::size_t kMaxText = 1000;  // bytes of a message
constexpr std::string_view kRoot = "ROOT";

/// Plain text of a message: braces stand for placeholders and brackets for links (sections 3.11.5
/// and 3.11.6), so what somebody else wrote has them written out.
std::string MessageText(std::string_view text) {
  std::string escaped;
  for (const char c : text::Truncate(PlainText(text), kMaxText)) {
    if (c == '{' || c == '}') escaped += c;
    if (c == '[' || c == ']' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

json Message(std::string_view text) { return {{"text", MessageText(text)}}; }

std::string_view LevelOf(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
    case Severity::kHigh:
      return "error";
    case Severity::kMedium:
    case Severity::kUnknown:  // not known is not harmless
      return "warning";
    case Severity::kLow:
    case Severity::kNegligible:
      break;
  }
  return "note";
}

/// GitHub shows the word of this number's band: a score counts where it says what the finding's
/// severity says, which a distribution may have set otherwise.
std::string SecuritySeverity(const Finding& finding) {
  if (finding.cvss_score && SeverityOfScore(*finding.cvss_score) == finding.severity) {
    char buffer[16];
    std::snprintf(buffer, sizeof buffer, "%.1f", *finding.cvss_score);
    return buffer;
  }
  switch (finding.severity) {
    case Severity::kCritical:
      return "9.0";
    case Severity::kHigh:
      return "7.0";
    case Severity::kMedium:
      return "4.0";
    case Severity::kLow:
      return "0.1";
    case Severity::kNegligible:
      return "0.0";
    case Severity::kUnknown:
      break;
  }
  return {};
}

/// One finding or violation, before it is written.
struct Row {
  const Finding* finding = nullptr;  // or
  const Violation* violation = nullptr;
  const PolicyVerdict* policy = nullptr;
  std::size_t platform = 0;
  std::size_t rule = 0;
};

std::string PolicyRuleId(const PolicyVerdict& policy, const Violation& violation) {
  return "policy/" + text::Printable(policy.policy) + "/" + text::Printable(violation.rule);
}

class Sarif {
 public:
  Sarif(const ScanReport& report, std::ostream& out) : report_(report), out_(out) {}

  void Write() {
    Gather();
    out_.BeginObject();
    out_.String("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    out_.String("version", "2.1.0");
    out_.Key("runs");
    out_.BeginArray();
    out_.BeginObject();
    out_.Key("tool");
    out_.BeginObject();
    out_.Key("driver");
    WriteDriver();
    out_.EndObject();
    // Its category: results of another image of the same commit do not replace these.
    out_.Value("automationDetails", {{"id", "landwaiter/" + text::Printable(NameOf(report_)) + "/"},
                                     {"guid", UuidOf(SeedOf(report_))}});
    out_.Value("columnKind", "utf16CodeUnits");
    out_.Value("originalUriBaseIds", {{kRoot, {{"uri", "file:///"}}}});
    WriteInvocation();
    out_.Key("results");
    out_.BeginArray();
    for (const Row& row : rows_) WriteResult(row);
    out_.EndArray();
    WriteProperties();
    out_.EndObject();
    out_.EndArray();
    out_.EndObject();
    out_.Finish();
  }

 private:
  void Gather() {
    std::map<std::string, std::size_t> rules;
    const auto add = [&](Row row, std::string rule) {
      if (rows_.size() == kMaxResults) {
        ++left_out_;
        return;
      }
      const auto [at, fresh] = rules.emplace(std::move(rule), rules_.size());
      row.rule = at->second;
      rows_.push_back(row);
      if (fresh) rules_.push_back(row);
    };
    for (const PolicyVerdict& policy : report_.policies) {
      for (const Violation& violation : policy.violations) {
        // Those about vulnerabilities are findings, which follow.
        if (violation.kind == "vulnerabilities") continue;
        add({nullptr, &violation, &policy}, PolicyRuleId(policy, violation));
      }
    }
    for (std::size_t i = 0; i < report_.inventory.platforms.size(); ++i) {
      for (const Finding* finding :
           ApplyFilter(FindingsOf(report_, i).findings, report_.filter, HostKernel::kHide)
               .findings) {
        add({finding, nullptr, nullptr, i}, text::Printable(finding->id));
      }
    }
  }

  void WriteDriver() {
    out_.BeginObject();
    out_.String("name", "Landwaiter");
    out_.String("version", LANDWAITER_VERSION);
    out_.String("semanticVersion", LANDWAITER_VERSION);
    out_.Key("rules");
    out_.BeginArray();
    for (const Row& rule : rules_) {
      out_.Item(rule.finding != nullptr ? VulnerabilityRule(*rule.finding)
                                        : PolicyRule(*rule.policy, *rule.violation));
    }
    out_.EndArray();
    out_.EndObject();
  }

  static json VulnerabilityRule(const Finding& f) {
    const std::string title = f.title.empty() ? "Known vulnerability " + f.id : f.title;
    const std::string fix = f.fixed_version.empty() ? "No fixed version is known."
                                                    : "Fixed in " + f.fixed_version + ".";
    json tags = {"security", "vulnerability", std::string(SeverityName(f.severity))};
    for (const std::string& weakness : f.weaknesses) {
      tags.push_back("external/cwe/" + text::ToLower(text::Printable(weakness)));
    }
    json rule = {
        {"id", text::Printable(f.id)},
        {"name", "KnownVulnerability"},
        {"shortDescription", Message(f.id + ": " + title)},
        {"fullDescription", Message(title)},
        {"defaultConfiguration", {{"level", LevelOf(f.severity)}}},
        {"help",
         {{"text", MessageText(f.id + ": " + title + ". Package " + f.package + ". " + fix)},
          {"markdown", "**" + MarkdownCode(f.id) + "** " + MarkdownCode(title) + "\n\n" +
                           "| Severity | Package | Fixed in | Advisory |\n|---|---|---|---|\n| " +
                           std::string(SeverityName(f.severity)) + " | " + MarkdownCode(f.package) +
                           " | " + MarkdownCode(f.fixed_version) + " | " +
                           MarkdownCode(f.advisory) + " |\n"}}},
        {"properties",
         {{"precision", f.confidence == Confidence::kExact ? "very-high" : "medium"},
          {"tags", std::move(tags)}}}};
    if (IsWebAddress(f.url)) rule["helpUri"] = f.url;
    const std::string score = SecuritySeverity(f);
    if (!score.empty()) rule["properties"]["security-severity"] = score;
    return rule;
  }

  static json PolicyRule(const PolicyVerdict& policy, const Violation& violation) {
    const std::string what =
        "Rule " + violation.rule + " (" + violation.kind + ") of policy " + policy.policy;
    return {{"id", PolicyRuleId(policy, violation)},
            {"name", "PolicyRule"},
            {"shortDescription", Message(what)},
            {"help", {{"text", MessageText(what)}}},
            {"defaultConfiguration", {{"level", violation.fails ? "error" : "warning"}}},
            {"properties", {{"precision", "very-high"}, {"tags", {"policy", "security"}}}}};
  }

  void WriteInvocation() {
    json notes = json::array();
    for (std::size_t i = 0; i < report_.inventory.platforms.size(); ++i) {
      for (const Coverage& gap : AllCoverage(report_, i)) {
        if (gap.state == CoverageState::kRead) continue;
        notes.push_back(
            {{"level", "error"},
             {"message", Message("Not everything could be read: " + gap.source + " is " +
                                 std::string(CoverageStateName(gap.state)) + ": " + gap.reason)}});
      }
    }
    for (const PolicyVerdict& policy : report_.policies) {
      for (const std::string& reason : policy.unknown) {
        notes.push_back(
            {{"level", "error"},
             {"message", Message("Policy " + policy.policy + " cannot be decided: " + reason)}});
      }
    }
    if (left_out_ > 0) {
      notes.push_back(
          {{"level", "warning"},
           {"message", Message(std::to_string(left_out_) + " more results are left out, "
                                                           "the least severe ones")}});
    }
    out_.Key("invocations");
    out_.BeginArray();
    out_.BeginObject();
    out_.Value("executionSuccessful", IsComplete(report_));
    out_.Value("toolExecutionNotifications", notes);
    out_.EndObject();
    out_.EndArray();
  }

  void WriteResult(const Row& row) {
    const bool is_finding = row.finding != nullptr;
    out_.BeginObject();
    out_.String("ruleId", is_finding ? text::Printable(row.finding->id)
                                     : PolicyRuleId(*row.policy, *row.violation));
    out_.Value("ruleIndex", row.rule);
    out_.Value("kind", "fail");
    if (is_finding) {
      WriteFinding(row);
    } else {
      const Violation& violation = *row.violation;
      out_.String("level", violation.fails ? "error" : "warning");
      out_.Value("message", Message(violation.message));
      out_.Key("locations");
      out_.BeginArray();
      out_.Item({{"physicalLocation", Place({})}});
      out_.EndArray();
      WriteFingerprint(Fingerprint({row.policy->policy, violation.rule, violation.id}));
    }
    out_.EndObject();
  }

  /// A file of the image, or the image itself for "". Services ask for a line.
  json Place(std::string_view path) const {
    while (path.starts_with('/')) path.remove_prefix(1);
    constexpr std::string_view kKept = "/@+";
    const std::string uri =
        PercentEncode(path.empty() ? std::string_view(NameOf(report_)) : path, kKept);
    return {{"artifactLocation", {{"uri", uri}, {"uriBaseId", kRoot}}},
            {"region", {{"startLine", 1}, {"startColumn", 1}, {"endLine", 1}, {"endColumn", 1}}}};
  }

  void WriteFinding(const Row& row) {
    const Finding& f = *row.finding;
    const Inventory& inventory = report_.inventory.platforms[row.platform];
    const std::string platform = inventory.platform.ToString();
    const std::string layer = LayerDigest(inventory, f.layer);
    out_.String("level", LevelOf(f.severity));
    out_.Value(
        "message",
        Message(f.id + " (" + std::string(SeverityName(f.severity)) + ") in " + f.package + " " +
                f.installed_version +
                (f.fixed_version.empty() ? ", no fixed version" : ", fixed in " + f.fixed_version) +
                (layer.empty() ? "" : "; layer " + std::to_string(f.layer + 1) + ", " + layer)));
    json logical = json::array();
    logical.push_back(
        {{"name", text::Printable(f.package)},
         {"kind", "package"},
         {"fullyQualifiedName", text::Printable(f.purl.empty() ? f.package : f.purl)}});
    if (!layer.empty()) {
      logical.push_back({{"name", "layer " + std::to_string(f.layer + 1)},
                         {"kind", "layer"},
                         {"fullyQualifiedName", layer}});
    }
    out_.Key("locations");
    out_.BeginArray();
    out_.Item({{"physicalLocation", Place(f.path)}, {"logicalLocations", std::move(logical)}});
    out_.EndArray();
    // Without the version: a package that is updated and still vulnerable stays the same alert.
    WriteFingerprint(Fingerprint({platform, f.id, f.package_type, f.package, f.path}));
    if (const std::string reason = ExcusedBy(report_, f); !reason.empty()) {
      out_.Key("suppressions");
      out_.BeginArray();
      out_.Item({{"kind", "external"},
                 {"status", "accepted"},
                 {"justification", text::Truncate(text::Printable(reason), kMaxText)}});
      out_.EndArray();
    }
    json properties = {{"platform", platform},
                       {"severity", SeverityName(f.severity)},
                       {"state", FindingStateName(f.state)},
                       {"package", text::Printable(f.package)},
                       {"packageType", text::Printable(f.package_type)},
                       {"installedVersion", text::Printable(f.installed_version)},
                       {"fixedVersion", text::Printable(f.fixed_version)},
                       {"aliases", f.aliases},
                       {"feed", f.feed}};
    if (f.known_exploited) properties["knownExploited"] = *f.known_exploited;
    if (f.epss_score) properties["epssScore"] = *f.epss_score;
    out_.Value("properties", properties);
  }

  /// Results that would have the same one are told apart by their number.
  void WriteFingerprint(std::string fingerprint) {
    const std::size_t number = ++seen_[fingerprint];
    if (number > 1) fingerprint += ":" + std::to_string(number);
    out_.Value("partialFingerprints", {{"landwaiter/v1", fingerprint}});
  }

  void WriteProperties() {
    json platforms = json::array();
    for (std::size_t i = 0; i < report_.inventory.platforms.size(); ++i) {
      platforms.push_back(
          {{"platform", report_.inventory.platforms[i].platform.ToString()},
           {"manifestDigest", report_.inventory.platforms[i].manifest_digest.ToString()},
           {"vulnerabilities", CountsLine(Count(FindingsOf(report_, i).findings))}});
    }
    out_.Value("properties", {{"image", text::Printable(report_.image)},
                              {"digest", report_.inventory.digest.ToString()},
                              {"database", report_.database.id},
                              {"verdict", VerdictName(OverallVerdict(report_))},
                              {"platforms", std::move(platforms)}});
  }

  const ScanReport& report_;
  JsonWriter out_;
  std::vector<Row> rows_;
  std::vector<Row> rules_;  // the first, so the worst, result of each
  std::uint64_t left_out_ = 0;
  std::map<std::string, std::size_t> seen_;
};

}  // namespace

Format SarifFormat() {
  return {"sarif", "SARIF 2.1.0, for code scanning",
          [](const ScanReport& report, const TableOptions&, std::ostream& out) {
            Sarif(report, out).Write();
          }};
}

}  // namespace landwaiter::report
