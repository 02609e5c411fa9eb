#include "scanner/advisories/build_merge.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace landwaiter::advisories {
namespace {

using PackageName = std::pair<std::string, std::string>;
PackageName NameOf(const StagedPackage& package) { return {package.ecosystem, package.package}; }

/// What keeps two rows apart: a row holds one of each.
auto RowOf(const StagedPackage& package) {
  const Affected& row = package.affected;
  return std::tuple(package.ecosystem, package.package, row.claim, row.module, row.architectures,
                    row.of_source);
}

void Append(std::vector<std::string> from, std::vector<std::string>* to) {
  std::move(from.begin(), from.end(), std::back_inserter(*to));
}

void AddNames(std::vector<std::string> from, std::vector<std::string>* to) {
  Append(std::move(from), to);
  std::sort(to->begin(), to->end());
  to->erase(std::unique(to->begin(), to->end()), to->end());
}

void Complete(Advisory* to, Advisory from) {
  AddNames(std::move(from.aliases), &to->aliases);
  AddNames(std::move(from.upstream), &to->upstream);
  if (to->severity.severity == Severity::kUnknown) to->severity = std::move(from.severity);
  if (to->title.empty()) to->title = std::move(from.title);
  if (to->url.empty()) to->url = std::move(from.url);
  if (to->published.empty()) to->published = std::move(from.published);
  to->modified = std::max(to->modified, from.modified);
}

}  // namespace

std::vector<StagedPackage> MergePackages(std::vector<StagedPackage> packages) {
  std::map<decltype(RowOf(packages[0])), StagedPackage> merged;
  for (StagedPackage& package : packages) {
    auto key = RowOf(package);
    auto [at, fresh] = merged.try_emplace(std::move(key), std::move(package));
    if (fresh) continue;
    Affected& to = at->second.affected;
    Affected& from = package.affected;
    for (Range& range : from.ranges) {
      if (std::find(to.ranges.begin(), to.ranges.end(), range) == to.ranges.end()) {
        to.ranges.push_back(std::move(range));
      }
    }
    Append(std::move(from.versions), &to.versions);
    if (from.severity.severity > to.severity.severity) to.severity = from.severity;
    if (to.unfixed_state == FindingState::kAffected) to.unfixed_state = from.unfixed_state;
  }
  std::vector<StagedPackage> out;
  out.reserve(merged.size());
  for (auto& [key, package] : merged) out.push_back(std::move(package));
  return out;
}

StagedRecord Combine(std::vector<StagedRecord> records) {
  StagedRecord record = std::move(records.front());
  std::set<PackageName> said;
  for (std::size_t i = 1; i < records.size(); ++i) {
    if (records[i].adds) continue;
    for (const StagedPackage& package : records[i].packages) said.insert(NameOf(package));
  }
  if (record.part.empty()) {
    std::erase_if(record.packages,
                  [&](const StagedPackage& package) { return said.contains(NameOf(package)); });
  }
  for (std::size_t i = 1; i < records.size(); ++i) {
    std::move(records[i].packages.begin(), records[i].packages.end(),
              std::back_inserter(record.packages));
    Complete(&record.advisory, std::move(records[i].advisory));
  }
  return record;
}

void Merge(CveFacts facts, CveFacts* to) {
  if (facts.exploited_since) {
    to->exploited_since = std::move(facts.exploited_since);
    to->exploited_due = std::move(facts.exploited_due);
  }
  if (facts.epss) to->epss = facts.epss;
  std::move(facts.severities.begin(), facts.severities.end(), std::back_inserter(to->severities));
  AddNames(std::move(facts.weaknesses), &to->weaknesses);
}

}  // namespace landwaiter::advisories
