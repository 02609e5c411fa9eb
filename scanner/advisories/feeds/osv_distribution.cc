#include "scanner/advisories/feeds/osv_distribution.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "lib/base/text.h"

namespace landwaiter::advisories {
namespace {

bool IsCve(std::string_view id) { return id.starts_with("CVE-"); }

bool IsDistributionAdvisory(std::string_view id) {
  constexpr std::string_view kPrefixes[] = {"DSA-", "DLA-", "DTSA-", "ALSA-", "ALBA-", "ALEA-"};
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes),
                     [&](std::string_view prefix) { return id.starts_with(prefix); });
}

void AddCves(const std::vector<std::string>& ids, std::vector<std::string>* to) {
  std::copy_if(ids.begin(), ids.end(), std::back_inserter(*to), IsCve);
  std::sort(to->begin(), to->end());
  to->erase(std::unique(to->begin(), to->end()), to->end());
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

bool IsModular(const Affected& affected) {
  for (const Range& range : affected.ranges) {
    for (const Event& event : range.events) {
      if (event.version.find(".module_el") != std::string::npos ||
          event.version.find(".module+el") != std::string::npos) {
        return true;
      }
    }
  }
  return false;
}

void ApplyAlmaLinux(StagedRecord* record) {
  Advisory& advisory = record->advisory;
  const std::string_view title = advisory.title;
  const std::size_t colon = title.find(": ");
  const auto word = ParseSeverity(title.substr(0, colon));
  const bool stated = colon != std::string_view::npos && word.has_value();
  if (stated && advisory.severity.source.substr(0, 4) != "OSV ") {
    advisory.severity.severity = *word;
    advisory.severity.source = "AlmaLinux errata";
  }
  const std::string module = ModuleIn(stated ? title.substr(colon + 2) : title);
  for (StagedPackage& package : record->packages) {
    // Modular without a named stream: any stream of the module, told apart by "*".
    if (IsModular(package.affected)) package.affected.module = module.empty() ? "*" : module;
  }
}

}  // namespace

void ApplyDistributionRules(const std::vector<std::string>& related, StagedRecord* record) {
  Advisory& advisory = record->advisory;
  if (!IsDistributionAdvisory(advisory.id)) return;
  AddCves(advisory.aliases, &advisory.upstream);
  std::erase_if(advisory.aliases, IsCve);
  if (!advisory.id.starts_with("AL")) return;
  AddCves(related, &advisory.upstream);
  ApplyAlmaLinux(record);
  const bool security = advisory.id.starts_with("ALSA-") || !advisory.upstream.empty();
  if (!security) record->packages.clear();
}

}  // namespace landwaiter::advisories
