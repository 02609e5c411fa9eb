#include "scanner/advisories/feeds/osv_distribution.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "lib/base/text.h"
#include "scanner/advisories/evaluate.h"
#include "scanner/advisories/ids.h"

namespace landwaiter::advisories {
namespace {

/// What a distribution's advisories look like.
struct Errata {
  std::string_view prefix;           // of their ids
  std::string_view severity_source;  // "" where the summary does not begin with a severity
  bool covers_related;               // `related` names the CVEs that it covers
  bool security;                     // by its kind; others count only where they name a CVE
};
constexpr Errata kErrata[] = {
    {"DSA-", "", false, true},
    {"DLA-", "", false, true},
    {"DTSA-", "", false, true},
    {"USN-", "", false, true},
    {"ALSA-", "AlmaLinux errata", true, true},
    {"ALBA-", "AlmaLinux errata", true, false},
    {"ALEA-", "AlmaLinux errata", true, false},
    {"RLSA-", "Rocky Linux errata", true, true},
    {"RXSA-", "Rocky Linux errata", true, true},
    {"RLBA-", "Rocky Linux errata", true, false},
    {"RLEA-", "Rocky Linux errata", true, false},
    {"RHSA-", "Red Hat errata", true, true},
    {"RHBA-", "Red Hat errata", true, false},
    {"RHEA-", "Red Hat errata", true, false},
    {"SUSE-SU-", "", true, true},
    {"SUSE-RU-", "", true, false},
    {"SUSE-FU-", "", true, false},
    {"SUSE-OU-", "", true, false},
    {"openSUSE-SU-", "", true, true},
    {"openSUSE-RU-", "", true, false},
};

void SortNames(std::vector<std::string>* names) {
  std::sort(names->begin(), names->end());
  names->erase(std::unique(names->begin(), names->end()), names->end());
}

void AddCves(const std::vector<std::string>& ids, std::vector<std::string>* to) {
  std::copy_if(ids.begin(), ids.end(), std::back_inserter(*to),
               [](const std::string& id) { return id.starts_with("CVE-"); });
  SortNames(to);
}

/// Ubuntu's notices name the CVEs that they cover by its own records of them.
void AddCvesOfUbuntu(std::vector<std::string>* names) {
  constexpr std::string_view kPrefix = "UBUNTU-";
  const std::size_t count = names->size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view name = (*names)[i];
    if (!name.starts_with(kPrefix)) continue;
    const std::string_view cve = name.substr(kPrefix.size());
    if (IsCve(cve)) names->emplace_back(cve);
  }
  SortNames(names);
}

/// "nodejs:14" out of "nodejs:14 security update"; "" for a summary that names no stream.
std::string ModuleIn(std::string_view summary) {
  for (const std::string_view word : text::Split(summary, ' ')) {
    const std::size_t colon = word.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == word.size()) continue;
    return std::string(word);
  }
  return {};
}

/// Severity and module stream out of "Important: nodejs:14 security update".
void ReadSummary(std::string_view source, StagedRecord* record) {
  Advisory& advisory = record->advisory;
  const std::string_view title = advisory.title;
  const std::size_t colon = title.find(": ");
  const auto word = ParseSeverity(title.substr(0, colon));
  const bool stated = colon != std::string_view::npos && word.has_value();
  if (stated && !advisory.severity.source.starts_with("OSV ")) {
    advisory.severity.severity = *word;
    advisory.severity.source = source;
  }
  SetModule(ModuleIn(stated ? title.substr(colon + 2) : title), &record->packages);
}

}  // namespace

bool NamesSourcePackages(std::string_view ecosystem) {
  const std::string_view name = ecosystem.substr(0, ecosystem.find(':'));
  return name == "Rocky Linux" || name == "SUSE" || name == "openSUSE";
}

bool IsModular(const Affected& affected) {
  for (const Range& range : affected.ranges) {
    for (const Event& event : range.events) {
      if (!ModuleTagOf(event.version).empty()) return true;
    }
  }
  return false;
}

void SetModule(const std::string& module, std::vector<StagedPackage>* packages) {
  for (StagedPackage& package : *packages) {
    // Modular without a named stream: any stream of the module, told apart by "*".
    if (IsModular(package.affected)) package.affected.module = module.empty() ? "*" : module;
  }
}

void ApplyDistributionRules(const std::vector<std::string>& related, StagedRecord* record) {
  Advisory& advisory = record->advisory;
  const auto* const errata =
      std::find_if(std::begin(kErrata), std::end(kErrata),
                   [&](const Errata& row) { return advisory.id.starts_with(row.prefix); });
  if (errata == std::end(kErrata)) return;
  AddCves(advisory.aliases, &advisory.upstream);
  std::erase_if(advisory.aliases, [](const std::string& id) { return id.starts_with("CVE-"); });
  if (errata->prefix == "USN-") AddCvesOfUbuntu(&advisory.upstream);
  if (errata->covers_related) AddCves(related, &advisory.upstream);
  if (!errata->severity_source.empty()) ReadSummary(errata->severity_source, record);
  if (!errata->security && advisory.upstream.empty()) record->packages.clear();
}

}  // namespace landwaiter::advisories
