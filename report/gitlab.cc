// GitLab's container scanning report (its security-report-schemas,
// container-scanning-report-format). Names and descriptions are read as GitLab Flavored Markdown
// there, so what an image's author wrote stands in code spans.
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

constexpr std::string_view kSchema = "15.2.1";
constexpr std::size_t kMaxName = 255;  // characters there, bytes here
constexpr std::size_t kMaxText = 2000;

std::string SeverityWord(Severity severity) {
  return severity == Severity::kNegligible ? "Info" : std::string(SeverityName(severity));
}

/// The kind of an id by its first letters: "CVE-2023-0001" is a cve, "GHSA-…" a ghsa.
std::string IdType(std::string_view id) {
  std::string type = text::ToLower(id.substr(0, id.find('-')));
  for (const char c : type) {
    if (c < 'a' || c > 'z') return "advisory";
  }
  return type.empty() ? "advisory" : type;
}

json Identifier(const std::string& id, const std::string& url) {
  const std::string shown = id.empty() ? "unknown" : text::Truncate(PlainText(id), kMaxName);
  json identifier = {{"type", IdType(shown)}, {"name", shown}, {"value", shown}};
  if (IsWebAddress(url)) identifier["url"] = url;
  return identifier;
}

void WriteScan(JsonWriter& out, const ScanReport& report) {
  const json tool = {{"id", "landwaiter"},
                     {"name", "Landwaiter"},
                     {"version", LANDWAITER_VERSION},
                     {"vendor", {{"name", "Landwaiter"}}}};
  json messages = json::array();
  for (std::size_t i = 0; i < report.inventory.platforms.size(); ++i) {
    for (const Coverage& gap : AllCoverage(report, i)) {
      if (gap.state == CoverageState::kRead) continue;
      messages.push_back(
          {{"level", "warn"},
           {"value",
            text::Truncate(PlainText("not everything could be read: " + gap.source + " is " +
                                     std::string(CoverageStateName(gap.state)) + ": " + gap.reason),
                           kMaxText)}});
    }
  }
  const std::string date = DateOf(report).substr(0, 19);  // without the zone, as the schema wants
  out.Value("scan",
            {{"analyzer", tool},
             {"scanner", tool},
             {"type", "container_scanning"},
             {"start_time", date},
             {"end_time", date},
             {"messages", std::move(messages)},
             // What was not read may hold anything: no such scan is to pass for a clean one.
             {"status", IsComplete(report) ? "success" : "failure"}});
}

class Gitlab {
 public:
  Gitlab(const ScanReport& report, std::ostream& out) : report_(report), out_(out) {}

  void Write() {
    out_.BeginObject();
    out_.String("version", kSchema);
    WriteScan(out_, report_);
    out_.Key("vulnerabilities");
    out_.BeginArray();
    for (std::size_t i = 0; i < report_.inventory.platforms.size(); ++i) {
      const auto shown =
          ApplyFilter(FindingsOf(report_, i).findings, report_.filter, HostKernel::kHide).findings;
      for (const Finding* finding : shown) WriteVulnerability(i, *finding);
    }
    out_.EndArray();
    out_.Key("remediations");
    out_.BeginArray();
    out_.EndArray();
    out_.EndObject();
    out_.Finish();
  }

 private:
  /// From what stays the same from one pipeline to the next, so that GitLab sees one vulnerability.
  std::string Id(const Inventory& inventory, const Finding& f) {
    const std::string name = Fingerprint({inventory.platform.ToString(), f.id, f.package_type,
                                          f.package, f.path, f.installed_version});
    return UuidOf("gitlab " + name + " " + std::to_string(++seen_[name]));
  }

  void WriteVulnerability(std::size_t platform, const Finding& f) {
    const Inventory& inventory = report_.inventory.platforms[platform];
    const std::string title = f.title.empty() ? "Known vulnerability" : f.title;
    const std::string layer = LayerDigest(inventory, f.layer);
    const std::string excused = ExcusedBy(report_, f);
    json identifiers = json::array({Identifier(f.id, f.url)});
    for (const std::string& alias : f.aliases) identifiers.push_back(Identifier(alias, ""));
    for (const std::string& weakness : f.weaknesses) {
      identifiers.push_back(Identifier(weakness, ""));
    }
    out_.BeginObject();
    out_.String("id", Id(inventory, f));
    out_.String("name", text::Truncate(PlainText(f.id), kMaxName));
    out_.String("description",
                MarkdownCode(title, kMaxText) + " in " + MarkdownCode(f.package) + " " +
                    MarkdownCode(f.installed_version) +
                    (f.path.empty() ? "" : ", " + MarkdownCode(f.path)) +
                    (layer.empty() ? "" : ", layer " + std::to_string(f.layer + 1) + " " + layer) +
                    (excused.empty() ? "" : ", excused by " + MarkdownCode(excused, kMaxText)));
    out_.String("severity", SeverityWord(f.severity));
    out_.String("solution", f.fixed_version.empty() ? "No fixed version is known."
                                                    : "Update " + MarkdownCode(f.package) + " to " +
                                                          MarkdownCode(f.fixed_version));
    out_.Value("identifiers", identifiers);
    json links = json::array();
    if (IsWebAddress(f.url)) links.push_back({{"url", f.url}});
    out_.Value("links", links);
    std::string os = "unknown";
    if (inventory.os) os = text::Printable(inventory.os->family + " " + inventory.os->version);
    out_.Value("location", {{"dependency",
                             {{"package", {{"name", text::Printable(f.package)}}},
                              {"version", text::Printable(f.installed_version)}}},
                            {"operating_system", std::string(text::Trim(os))},
                            {"image", text::Printable(NameOf(report_))}});
    out_.EndObject();
  }

  const ScanReport& report_;
  JsonWriter out_;
  std::map<std::string, std::size_t> seen_;
};

}  // namespace

Format GitlabFormat() {
  return {"gitlab", "GitLab's container scanning report",
          [](const ScanReport& report, const TableOptions&, std::ostream& out) {
            Gitlab(report, out).Write();
          }};
}

}  // namespace landwaiter::report
