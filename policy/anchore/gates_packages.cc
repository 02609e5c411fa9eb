// Gates about packages, their licences and vulnerabilities.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "lib/base/text.h"
#include "policy/anchore/path_pattern.h"
#include "policy/anchore/translators.h"
#include "policy/facts.h"

namespace landwaiter::policy::anchore {
namespace {

using nlohmann::json;

constexpr std::string_view kSystemTypes[] = {"deb", "apk", "rpm", "alpm"};

void DeniedOfType(const char* type, const Params& params, Translation& out) {
  json package = {{"name", params.Text("name")}, {"type", type}};
  if (!params.Text("version").empty()) package["versions"] = "=" + params.Text("version");
  out.Add("packages", {{"denied", json::array({package})}});
}

/// severityAtLeast of a comparison; "" where there is none or it cannot be said.
std::string SeverityOf(const Params& params, Translation& out) {
  constexpr std::array<std::string_view, 5> kOrder = {"Negligible", "Low", "Medium", "High",
                                                      "Critical"};
  const std::string& op = params.Text("severity_comparison");
  const std::string severity = text::ToLower(params.Text("severity"));
  if (severity.empty() || severity == "unknown") return {};
  std::size_t at = 0;
  while (at < kOrder.size() && text::ToLower(kOrder[at]) != severity) ++at;
  if (at == kOrder.size()) {
    Lose(out, "severity '" + Shown(severity) + "' is unknown");
    return {};
  }
  if (op == ">") {
    if (at + 1 < kOrder.size()) return std::string(kOrder[at + 1]);
    Lose(out, "nothing is above Critical");
    return {};
  }
  if (op == "<" || op == "<=" || op == "!=") {
    Lose(out,
         "severity_comparison '" + op + "' has no counterpart: rules name what is at least so bad");
    return {};
  }
  if (op == "=") Note(out, "severity = " + severity + " is taken as at least " + severity);
  return std::string(kOrder[at]);
}

void AddScore(const Params& params, const std::string& name, json& body, Translation& out) {
  const std::string& score = params.Text(name);
  if (score.empty()) return;
  const std::string& op = params.Text(name + "_comparison");
  const double value = std::atof(score.c_str());
  if (op == ">=" || op == ">" || op.empty()) {
    body["cvssAtLeast"] = std::clamp(value, 0.0, 10.0);
    if (op == ">") Note(out, name + " > " + Shown(score) + " is taken as at least");
  } else {
    Lose(out, name + "_comparison '" + Shown(op) + "' has no counterpart");
  }
}

void AddPackages(const Params& params, json& body, Translation& out) {
  json packages = json::object();
  if (params.Is("package_type", "os")) packages["types"] = kSystemTypes;
  if (params.Is("package_type", "non-os")) {
    packages["types"] = {"npm",      "pypi", "gem", "maven", "golang", "cargo", "nuget",
                         "composer", "hex",  "pub", "conan", "cran",   "swift", "generic"};
  }
  if (!params.Text("package_path_exclude").empty()) {
    std::string glob;
    if (RegexAsGlob(params.Text("package_path_exclude"), glob)) {
      packages["excludePaths"] = json::array({glob});
    } else {
      Note(out, "package_path_exclude '" + Shown(params.Text("package_path_exclude")) +
                    "' is no glob: nothing is left out");
    }
  }
  if (!packages.empty()) body["packages"] = packages;
}

}  // namespace

void RequiredPackage(const Params& params, Translation& out) {
  if (!params.Text("version").empty()) {
    Lose(out, "the version '" + Shown(params.Text("version")) +
                  "' is not asked for: write type and versions beside the name");
  }
  out.Add("packages", {{"required", json::array({{{"name", params.Text("name")}}})}});
}

void DeniedPackage(const Params& params, Translation& out) {
  if (!params.Text("version").empty()) {
    Note(out, "every version is denied, not '" + Shown(params.Text("version")) +
                  "' alone: write type and versions beside the name");
  }
  out.Add("packages", {{"denied", json::array({{{"name", params.Text("name")}}})}});
}

void DeniedGem(const Params& params, Translation& out) { DeniedOfType("gem", params, out); }
void DeniedNpm(const Params& params, Translation& out) { DeniedOfType("npm", params, out); }

void PackageFeed(const Params&, Translation& out) {
  Lose(out, "what the registry of packages knows is not asked: there is no such feed");
}

void LicensesExact(const Params& params, Translation& out) {
  out.Add("licenses", {{"denied", params.List("licenses")}, {"unknown", "Ignore"}});
}

void LicensesPartial(const Params& params, Translation& out) {
  json denied = json::array();
  for (const std::string& part : params.List("licenses")) denied.push_back("*" + part + "*");
  Note(out, "parts of a licence's name are looked for in SPDX identifiers alone");
  out.Add("licenses", {{"denied", denied}, {"unknown", "Ignore"}});
}

void Vulnerability(const Params& params, Translation& out) {
  json body = json::object();
  const std::size_t lost = out.lost.size();
  const std::string severity = SeverityOf(params, out);
  if (out.lost.size() > lost) return;
  if (!severity.empty()) body["severityAtLeast"] = severity;
  if (params.Is("fix_available", "true")) body["fixAvailable"] = true;
  if (params.Is("fix_available", "false")) body["fixAvailable"] = false;
  if (!params.Is("vendor_only", "false")) {
    Note(out, "vendor_only (the default) hides what a vendor will not fix; here it counts");
  }
  const std::string created = params.Days("max_days_since_creation");
  if (!created.empty()) body["firstSeenFor"] = created;
  const std::string fixed = params.Days("max_days_since_fix");
  if (!fixed.empty()) body["fixAvailableFor"] = fixed;
  AddScore(params, "cvss_v3_base_score", body, out);
  AddScore(params, "vendor_cvss_v3_base_score", body, out);
  for (const char* part : {"cvss_v3_exploitability_score", "cvss_v3_impact_score",
                           "vendor_cvss_v3_exploitability_score", "vendor_cvss_v3_impact_score"}) {
    if (!params.Text(part).empty()) Lose(out, std::string(part) + " has no counterpart");
  }
  AddPackages(params, body, out);
  out.Add("vulnerabilities", std::move(body));
}

void StaleFeed(const Params& params, Translation& out) {
  out.max_database_age = params.Days("max_days_since_sync");
  if (out.max_database_age.empty()) Lose(out, "max_days_since_sync is no number of days");
}

void NoData(const Params&, Translation& out) {
  Note(out, "always so: what has no advisories is Unknown, and onIncomplete answers");
  out.Add("coverage", {{"require", json::array({"Advisories"})}});
}

void DeniedIds(const Params& params, Translation& out) {
  out.Add("vulnerabilities", {{"ids", params.List("vulnerability_ids")}});
}

}  // namespace landwaiter::policy::anchore
