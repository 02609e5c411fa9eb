#include "policy/facts.h"

#include <utility>

#include "lib/base/text.h"

namespace landwaiter::policy {
namespace {

constexpr std::size_t kMaxShown = 200;
constexpr std::string_view kConfigSource = "config";
constexpr std::string_view kSystemSource = "os";
constexpr std::string_view kOfLanguages = "advisories-";

/// Lines of coverage that speak of one kind's facts alone; all others speak of packages.
constexpr std::pair<std::string_view, Need> kOwnLines[] = {
    {kConfigSource, Need::kConfig}, {"files", Need::kFiles},     {"passwd", Need::kPasswd},
    {"secrets", Need::kSecrets},    {"malware", Need::kMalware}, {"integrity", Need::kIntegrity},
};

Need NeedOf(const Coverage& line) {
  for (const auto& [source, need] : kOwnLines) {
    if (line.source == source) return need;
  }
  return Need::kPackages;
}

template <class Concerns>
void AddGaps(const std::vector<Coverage>& coverage, Concerns concerns,
             std::vector<std::string>& gaps) {
  for (const Coverage& line : coverage) {
    if (line.state == CoverageState::kRead || !concerns(line)) continue;
    gaps.push_back("coverage " + Shown(line.source) + " is " +
                   std::string(CoverageStateName(line.state)) +
                   (line.reason.empty() ? "" : ": " + Shown(line.reason)));
  }
}

/// PEP 503: runs of '-', '_' and '.' are one '-', case does not matter. Globs pass through.
std::string NormalPypiName(std::string_view name) {
  std::string normal;
  for (const char c : text::ToLower(name)) {
    const bool separator = c == '-' || c == '_' || c == '.';
    if (separator && normal.ends_with('-')) continue;
    normal += separator ? '-' : c;
  }
  return normal;
}

}  // namespace

std::vector<std::string> CoverageGaps(const PlatformContent& platform, Need need) {
  std::vector<std::string> gaps;
  const bool of_findings = need == Need::kFindings || need == Need::kLanguageFindings;
  const auto of_image = [&](const Coverage& line) {
    if (need == Need::kSystem) return line.source == kSystemSource;
    return NeedOf(line) == (of_findings ? Need::kPackages : need);
  };
  AddGaps(platform.inventory->coverage, of_image, gaps);
  if (!of_findings) return gaps;
  if (platform.findings == nullptr) gaps.push_back("the packages were not matched with advisories");
  if (platform.coverage == nullptr) return gaps;
  const auto of_matching = [&](const Coverage& line) {
    return line.source != kConfigSource &&
           (need == Need::kFindings || line.source.starts_with(kOfLanguages));
  };
  AddGaps(*platform.coverage, of_matching, gaps);
  return gaps;
}

std::string ViolationId(std::string_view kind, std::string_view subject, std::string_view purl,
                        std::string_view path) {
  std::string id;
  for (const std::string_view part : {kind, subject, purl, path}) {
    if (!id.empty()) id += '|';
    id += part;
  }
  return id;
}

std::string ViolationId(const Finding& finding) {
  const std::string purl = finding.purl.empty() ? finding.package_type + "/" + finding.package +
                                                      "@" + finding.installed_version
                                                : finding.purl;
  return ViolationId("vulnerabilities", finding.id, purl, finding.path);
}

std::string Shown(std::string_view text) {
  return text::Printable(text::Truncate(text, kMaxShown));
}

bool PackageNameMatches(std::string_view pattern, std::string_view name, std::string_view type) {
  if (text::GlobMatch(pattern, name)) return true;
  return type == "pypi" && text::GlobMatch(NormalPypiName(pattern), NormalPypiName(name));
}

}  // namespace landwaiter::policy
