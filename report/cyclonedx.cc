// CycloneDX 1.6 as JSON (cyclonedx.org/docs/1.6/json): what the image holds, and what is known to
// be wrong with it. Nothing records which package needs which other one: `dependencies` say what is
// known, that is what the image holds and which system package brought which other one.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>
#include <string>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "report/facts.h"
#include "report/json_writer.h"
#include "report/licenses.h"
#include "report/rows.h"
#include "report/summary.h"

namespace landwaiter::report {
namespace {

using nlohmann::json;

constexpr std::string_view kImageRef = "image";

std::string_view RatingMethod(std::string_view vector) {
  if (vector.starts_with("CVSS:4")) return "CVSSv4";
  if (vector.starts_with("CVSS:3.1")) return "CVSSv31";
  if (vector.starts_with("CVSS:3")) return "CVSSv3";
  if (vector.starts_with("AV:")) return "CVSSv2";
  return "other";
}

/// One entry of `vulnerabilities` is what several packages share.
bool SameVulnerability(const Finding& a, const Finding& b) {
  return a.id == b.id && a.severity == b.severity && a.state == b.state &&
         a.fixed_version == b.fixed_version && a.advisory == b.advisory && a.feed == b.feed &&
         a.cvss_vector == b.cvss_vector;
}

class CycloneDx {
 public:
  CycloneDx(const ScanReport& report, std::ostream& out) : report_(report), out_(out) {
    for (const Inventory& inventory : report.inventory.platforms) {
      ids_.push_back(ComponentIds(inventory));
    }
  }

  void Write() {
    out_.BeginObject();
    out_.String("$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json");
    out_.String("bomFormat", "CycloneDX");
    out_.String("specVersion", "1.6");
    out_.String("serialNumber", "urn:uuid:" + UuidOf("cyclonedx\n" + SeedOf(report_)));
    out_.Value("version", 1);
    out_.Value("metadata", Metadata());
    out_.Key("components");
    out_.BeginArray();
    for (std::size_t i = 0; i < ids_.size(); ++i) WriteComponents(i);
    out_.EndArray();
    WriteDependencies();
    out_.Key("vulnerabilities");
    out_.BeginArray();
    for (std::size_t i = 0; i < ids_.size(); ++i) WriteVulnerabilities(i);
    out_.EndArray();
    out_.EndObject();
    out_.Finish();
  }

 private:
  /// Of a package, or of the platform's operating system; platforms may hold the same packages.
  std::string Ref(std::size_t platform, std::string_view id) const {
    return (ids_.size() > 1 ? "platform-" + std::to_string(platform) + "-" : "") + std::string(id);
  }

  json Metadata() const {
    json properties = json::array();
    const auto note = [&](const std::string& name, std::string_view value) {
      if (value.empty()) return;
      properties.push_back({{"name", "landwaiter:" + name}, {"value", text::Printable(value)}});
    };
    note("database", report_.database.id);
    note("complete", IsComplete(report_) ? "true" : "false");
    for (std::size_t i = 0; i < ids_.size(); ++i) {
      for (const Coverage& line : AllCoverage(report_, i)) {
        if (line.state == CoverageState::kRead) continue;
        note("notRead", line.source + " is " + std::string(CoverageStateName(line.state)) + ": " +
                            line.reason);
      }
    }
    const Digest& digest = report_.inventory.digest;
    json image = {{"type", "container"},
                  {"bom-ref", kImageRef},
                  {"name", text::Printable(NameOf(report_))},
                  {"version", digest.ToString()},
                  {"purl", ImagePurl(report_)}};
    if (digest.Algorithm() == "sha256") {
      image["hashes"] = {{{"alg", "SHA-256"}, {"content", digest.Hex()}}};
    }
    return {
        {"timestamp", DateOf(report_)},
        {"lifecycles", {{{"phase", "post-build"}}}},
        {"tools",
         {{"components",
           {{{"type", "application"}, {"name", "landwaiter"}, {"version", LANDWAITER_VERSION}}}}}},
        {"component", std::move(image)},
        {"properties", std::move(properties)}};
  }

  void Property(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    out_.BeginObject();
    out_.String("name", "landwaiter:" + std::string(name));
    out_.String("value", text::Printable(value));
    out_.EndObject();
  }

  void WriteComponents(std::size_t platform) {
    const Inventory& inventory = report_.inventory.platforms[platform];
    if (inventory.os) {
      out_.BeginObject();
      out_.String("type", "operating-system");
      out_.String("bom-ref", Ref(platform, "os"));
      out_.String("name", text::Printable(inventory.os->family));
      out_.String("version", text::Printable(inventory.os->version));
      out_.String("description", text::Printable(inventory.os->pretty_name));
      out_.Key("properties");
      out_.BeginArray();
      Property("platform", inventory.platform.ToString());
      Property("manifestDigest", inventory.manifest_digest.ToString());
      out_.EndArray();
      out_.EndObject();
    }
    for (std::size_t i = 0; i < inventory.packages.size(); ++i) {
      WriteComponent(platform, inventory, inventory.packages[i], ids_[platform][i]);
    }
  }

  void WriteComponent(std::size_t platform, const Inventory& inventory, const Package& package,
                      const std::string& id) {
    out_.BeginObject();
    out_.String("type", "library");
    out_.String("bom-ref", Ref(platform, id));
    if (!package.vendor.empty()) {
      out_.Value("supplier", {{"name", text::Printable(package.vendor)}});
    }
    out_.String("name", text::Printable(package.name));
    out_.String("version", text::Printable(package.version));
    if (package.dev) out_.String("scope", "excluded");
    WriteLicenses(package);
    if (!package.cpe.empty()) out_.String("cpe", text::Printable(package.cpe));
    if (!package.purl.empty()) out_.String("purl", text::Printable(package.purl));
    if (!package.path.empty()) {
      out_.Value("evidence", {{"occurrences", {{{"location", text::Printable(package.path)}}}}});
    }
    out_.Key("properties");
    out_.BeginArray();
    Property("platform", inventory.platform.ToString());
    Property("type", package.type);
    Property("foundBy", package.found_by);
    Property("within", package.within);
    Property("layer", LayerDigest(inventory, package.layer));
    if (package.source_name != package.name) Property("sourceName", package.source_name);
    if (package.source_version != package.version)
      Property("sourceVersion", package.source_version);
    Property("owner", package.owner);
    Property("module", package.module);
    out_.EndArray();
    out_.EndObject();
  }

  /// Either one expression, or a list of names: the schema knows no mixture.
  void WriteLicenses(const Package& package) {
    std::map<std::string, std::string> texts;
    const std::string expression = LicenseExpressionOf(package.licenses, texts);
    if (expression.empty()) return;
    out_.Key("licenses");
    out_.BeginArray();
    if (texts.empty()) {
      out_.Item({{"expression", expression}});
    } else {
      std::set<std::string> names;
      for (const std::string& name : package.licenses) {
        const std::string shown = text::Printable(text::Trim(name));
        if (shown.empty() || !names.insert(shown).second) continue;
        out_.Item({{"license", {{"name", shown}}}});
      }
    }
    out_.EndArray();
  }

  void WriteDependency(std::string_view ref, const std::vector<std::string>& on) {
    out_.BeginObject();
    out_.String("ref", ref);
    out_.Strings("dependsOn", on);
    out_.EndObject();
  }

  void WriteDependencies() {
    out_.Key("dependencies");
    out_.BeginArray();
    std::vector<std::string> image_holds;
    std::map<std::string, std::vector<std::string>> brought;  // by a system package
    for (std::size_t p = 0; p < ids_.size(); ++p) {
      const Inventory& inventory = report_.inventory.platforms[p];
      std::map<std::string_view, std::size_t> owners;
      for (std::size_t i = 0; i < inventory.packages.size(); ++i) {
        if (inventory.packages[i].owner.empty()) owners.emplace(inventory.packages[i].name, i);
      }
      if (inventory.os) image_holds.push_back(Ref(p, "os"));
      for (std::size_t i = 0; i < inventory.packages.size(); ++i) {
        const std::string ref = Ref(p, ids_[p][i]);
        const std::string& owner = inventory.packages[i].owner;
        const auto at = owner.empty() ? owners.end() : owners.find(owner);
        if (at == owners.end()) {
          image_holds.push_back(ref);
        } else {
          brought[Ref(p, ids_[p][at->second])].push_back(ref);
        }
      }
    }
    WriteDependency(kImageRef, image_holds);
    for (const auto& [owner, refs] : brought) WriteDependency(owner, refs);
    out_.EndArray();
  }

  void WriteVulnerabilities(std::size_t platform) {
    auto shown =
        ApplyFilter(FindingsOf(report_, platform).findings, report_.filter, HostKernel::kHide)
            .findings;
    std::stable_sort(shown.begin(), shown.end(),
                     [](const Finding* a, const Finding* b) { return a->id < b->id; });
    for (std::size_t i = 0; i < shown.size();) {
      std::size_t end = i + 1;
      while (end < shown.size() && SameVulnerability(*shown[i], *shown[end])) ++end;
      WriteVulnerability(platform, {shown.begin() + static_cast<std::ptrdiff_t>(i),
                                    shown.begin() + static_cast<std::ptrdiff_t>(end)});
      i = end;
    }
  }

  void WriteVulnerability(std::size_t platform, const std::vector<const Finding*>& findings) {
    const Finding& f = *findings.front();
    out_.BeginObject();
    out_.String("bom-ref", "vulnerability-" + std::to_string(++vulnerabilities_));
    out_.String("id", text::Printable(f.id));
    json source = {{"name", text::Printable(f.feed)}};
    if (IsWebAddress(f.url)) source["url"] = f.url;
    out_.Value("source", source);
    json references = json::array();
    for (const std::string& alias : f.aliases) {
      references.push_back({{"id", text::Printable(alias)}, {"source", {{"name", f.feed}}}});
    }
    if (!references.empty()) out_.Value("references", references);
    json rating = {
        {"severity", LowerSeverity(f.severity, "info")},
        {"source",
         {{"name", text::Printable(f.severity_source.empty() ? f.feed : f.severity_source)}}}};
    if (f.cvss_score) rating["score"] = *f.cvss_score;
    if (!f.cvss_vector.empty()) {
      rating["method"] = RatingMethod(f.cvss_vector);
      rating["vector"] = text::Printable(f.cvss_vector);
    }
    out_.Value("ratings", json::array({rating}));
    json weaknesses = json::array();
    for (const std::string& weakness : f.weaknesses) {
      const int number = std::atoi(weakness.c_str() + std::min<std::size_t>(4, weakness.size()));
      if (number > 0) weaknesses.push_back(number);
    }
    if (!weaknesses.empty()) out_.Value("cwes", weaknesses);
    if (!f.title.empty()) out_.String("description", text::Printable(f.title));
    if (!f.fixed_version.empty()) {
      out_.String("recommendation", "Update " + text::Printable(f.package) + " to " +
                                        text::Printable(f.fixed_version));
    }
    if (IsWebAddress(f.url)) {
      out_.Value("advisories", {{{"title", text::Printable(f.advisory)}, {"url", f.url}}});
    }
    if (const auto published = ParseTime(f.published)) {
      out_.String("published", FormatTime(*published));
    }
    WriteAnalysis(findings);
    WriteAffects(platform, findings);
    out_.EndObject();
  }

  void WriteAnalysis(const std::vector<const Finding*>& findings) {
    const Finding& f = *findings.front();
    json analysis = json::object();
    if (f.state == FindingState::kUnderInvestigation) analysis["state"] = "in_triage";
    if (f.state == FindingState::kFixed) analysis["response"] = {"update"};
    if (f.state == FindingState::kWillNotFix) analysis["response"] = {"will_not_fix"};
    if (f.state == FindingState::kEndOfLife) analysis["response"] = {"can_not_fix"};
    std::string detail = f.known_exploited.value_or(false) ? "known to be exploited" : "";
    // Said of the vulnerability only where it holds for every package of it.
    std::set<std::string> reasons;
    for (const Finding* finding : findings) reasons.insert(ExcusedBy(report_, *finding));
    if (reasons.size() == 1 && !reasons.begin()->empty()) {
      detail += std::string(detail.empty() ? "" : "; ") + "excused by " +
                text::Printable(*reasons.begin());
    }
    if (!detail.empty()) analysis["detail"] = detail;
    if (!analysis.empty()) out_.Value("analysis", analysis);
  }

  void WriteAffects(std::size_t platform, const std::vector<const Finding*>& findings) {
    const Inventory& inventory = report_.inventory.platforms[platform];
    std::set<std::string> written;
    out_.Key("affects");
    out_.BeginArray();
    for (const Finding* finding : findings) {
      const auto package = PackageOf(inventory, *finding);
      const std::string ref =
          package ? Ref(platform, ids_[platform][*package]) : std::string(kImageRef);
      if (!written.insert(ref).second) continue;
      json affected = {{"ref", ref}};
      if (!finding->installed_version.empty()) {
        affected["versions"] = {
            {{"version", text::Printable(finding->installed_version)}, {"status", "affected"}}};
      }
      out_.Item(affected);
    }
    out_.EndArray();
  }

  const ScanReport& report_;
  JsonWriter out_;
  std::vector<std::vector<std::string>> ids_;  // of each platform's packages
  std::size_t vulnerabilities_ = 0;
};

}  // namespace

Format CycloneDxFormat() {
  return {"cyclonedx", "CycloneDX 1.6 as JSON, with vulnerabilities",
          [](const ScanReport& report, const TableOptions&, std::ostream& out) {
            CycloneDx(report, out).Write();
          }};
}

}  // namespace landwaiter::report
