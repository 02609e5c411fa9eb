// OpenVEX 0.2.0 (github.com/openvex/spec, OPENVEX-SPEC.md): what is known of this image's findings,
// for readers of VEX. A scanner sees that a version is named by an advisory, and nothing more: it
// says `affected` of that, and `under_investigation` where it is not sure or the feed is not.
// `not_affected` and `fixed` are said only where a VEX document that somebody chose to believe
// has said so. An exception of a policy is a decision about a pod and no statement about the
// image: it is told beside a status and changes none.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>
#include <string>

#include "lib/base/text.h"
#include "report/facts.h"
#include "report/json_writer.h"
#include "report/rows.h"
#include "report/summary.h"

namespace landwaiter::report {
namespace {

using matching::SuppressedFinding;
using matching::VexStatus;
using nlohmann::json;

/// The labels of a status justification; other words are an impact statement.
constexpr std::string_view kJustifications[] = {
    "component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist"};

std::string Plain(std::string_view text) { return text::Printable(text); }

json VulnerabilityOf(const Finding& finding) {
  json vulnerability = {{"name", Plain(finding.id)}};
  if (IsWebAddress(finding.url)) vulnerability["@id"] = finding.url;
  std::set<std::string> aliases;
  for (const std::string& alias : finding.aliases) aliases.insert(Plain(alias));
  aliases.erase(Plain(finding.id));
  if (!aliases.empty()) vulnerability["aliases"] = aliases;
  return vulnerability;
}

/// A package that has no package URL is named by one of no ecosystem: left out, the statement would
/// be about the whole image.
std::string PurlOf(const Finding& finding) {
  if (!finding.purl.empty()) return Plain(finding.purl);
  return "pkg:generic/" + PercentEncode(finding.package) +
         (finding.installed_version.empty() ? "" : "@" + PercentEncode(finding.installed_version));
}

json ProductsOf(const ScanReport& report, const Inventory& inventory, const Finding& finding) {
  const Digest& digest = inventory.manifest_digest;
  const std::string purl = ImagePurl(report, digest);
  const std::string part = PurlOf(finding);
  json product = {{"@id", purl},
                  {"identifiers", {{"purl", purl}}},
                  {"subcomponents", {{{"@id", part}, {"identifiers", {{"purl", part}}}}}}};
  if (!digest.empty()) {
    product["hashes"][digest.Algorithm() == "sha512" ? "sha-512" : "sha-256"] = digest.Hex();
  }
  return json::array({product});
}

std::string ActionFor(const Finding& finding) {
  const std::string package = Plain(finding.package);
  if (!finding.fixed_version.empty()) {
    return "Update " + package + " to " + Plain(finding.fixed_version) + " or later.";
  }
  switch (finding.state) {
    case FindingState::kWillNotFix:
      return "The vendor will not fix it: remove " + package + " or put another in its place.";
    case FindingState::kEndOfLife:
      return "The vendor cares for this release no more: move to one that is cared for.";
    case FindingState::kAffected:
    case FindingState::kFixed:
    case FindingState::kUnderInvestigation:
      break;
  }
  return "No fixed version of " + package + " is known.";
}

json StatementOf(const ScanReport& report, const Inventory& inventory, const Finding& finding) {
  json statement = {{"vulnerability", VulnerabilityOf(finding)},
                    {"products", ProductsOf(report, inventory, finding)}};
  std::string notes;
  if (finding.state == FindingState::kUnderInvestigation) {
    statement["status"] = "under_investigation";
    notes = "the feed has not decided yet";
  } else if (finding.confidence == Confidence::kCpe) {
    statement["status"] = "under_investigation";
    notes = "the advisory names a product that this package may be";
  } else {
    statement["status"] = "affected";
    statement["action_statement"] = ActionFor(finding);
    notes = "by its version; nobody looked whether the code is reached";
  }
  notes += "; " + Plain(finding.feed) + " " + Plain(finding.advisory);
  if (const std::string excused = ExcusedBy(report, finding); !excused.empty()) {
    notes += "; a policy excuses it, which says nothing of the image: " + Plain(excused);
  }
  statement["status_notes"] = notes;
  return statement;
}

/// The word of a document that was believed, handed on with its name.
json StatementOf(const ScanReport& report, const Inventory& inventory,
                 const SuppressedFinding& taken) {
  json statement = {{"vulnerability", VulnerabilityOf(taken.finding)},
                    {"products", ProductsOf(report, inventory, taken.finding)},
                    {"status", matching::VexStatusName(taken.status)}};
  std::string notes = "as stated by " + Plain(taken.source);
  if (taken.status == VexStatus::kNotAffected) {
    // "LABEL", "LABEL: more", or words; the schema takes one of the two fields.
    const std::string label = taken.justification.substr(0, taken.justification.find(':'));
    const bool is_label = std::find(std::begin(kJustifications), std::end(kJustifications),
                                    label) != std::end(kJustifications);
    if (is_label) {
      statement["justification"] = label;
      const std::string more(text::Trim(taken.justification.substr(label.size())));
      if (more.size() > 1) notes += Plain(more);  // ": more"
    } else {
      statement["impact_statement"] = taken.justification.empty() ? "The document gives no reason."
                                                                  : Plain(taken.justification);
    }
  }
  statement["status_notes"] = notes;
  return statement;
}

std::string SeedOfStatements(const ScanReport& report) {
  std::string seed = "openvex\n" + SeedOf(report);
  for (const PlatformFindings& platform : report.platforms) {
    for (const SuppressedFinding& one : platform.suppressed) {
      seed += one.finding.id + ' ' + one.finding.purl + ' ' +
              std::string(matching::VexStatusName(one.status)) + ' ' + one.source + ' ' +
              one.justification + '\n';
    }
  }
  return seed;
}

/// Each once: two copies of a package at two places are one subcomponent.
class Statements {
 public:
  explicit Statements(JsonWriter& out) : out_(out) {}
  void Write(const json& statement) {
    if (written_.insert(Fingerprint({statement.dump()})).second) out_.Item(statement);
  }

 private:
  JsonWriter& out_;
  std::set<std::string> written_;
};

void WriteReport(const ScanReport& report, const TableOptions&, std::ostream& sink) {
  JsonWriter out(sink);
  out.BeginObject();
  out.String("@context", "https://openvex.dev/ns/v0.2.0");
  out.String("@id", "https://landwaiter.io/vex/" + UuidOf(SeedOfStatements(report)));
  out.String("author", "landwaiter scan");
  out.String("role", "Scanner");
  out.String("timestamp", DateOf(report));
  out.Value("version", 1);
  out.String("tooling", "landwaiter " LANDWAITER_VERSION);
  out.Key("statements");
  out.BeginArray();
  Statements statements(out);
  for (std::size_t i = 0; i < report.inventory.platforms.size(); ++i) {
    const Inventory& inventory = report.inventory.platforms[i];
    const PlatformFindings& matched = FindingsOf(report, i);
    for (const Finding* finding :
         ApplyFilter(matched.findings, report.filter, HostKernel::kHide).findings) {
      statements.Write(StatementOf(report, inventory, *finding));
    }
    for (const SuppressedFinding& taken : matched.suppressed) {
      statements.Write(StatementOf(report, inventory, taken));
    }
  }
  out.EndArray();
  out.EndObject();
  out.Finish();
}

}  // namespace

Format OpenVexFormat() {
  return {"openvex", "OpenVEX 0.2.0: a statement for each finding", WriteReport};
}

}  // namespace landwaiter::report
