#include "scanner/matching/merge.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include "scanner/matching/severity_choice.h"

namespace landwaiter::matching {
namespace {

using advisories::Advisory;

bool IsCve(std::string_view id) { return id.starts_with("CVE-"); }

/// One vulnerability that one hit speaks of, with all names that the hit gives it. The names are
/// the hit's own texts, sorted, each once.
struct Mention {
  const Hit* hit = nullptr;
  std::vector<std::string_view> names;
};

void SortUnique(std::vector<std::string_view>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

/// An advisory that covers one vulnerability is another name of it; one that covers several is
/// not, and gives a mention for each.
std::vector<Mention> MentionsOf(const Hit& hit) {
  const Advisory& advisory = hit.advisory;
  std::vector<std::string_view> own(advisory.aliases.begin(), advisory.aliases.end());
  own.push_back(advisory.id);
  const bool own_cve = std::any_of(own.begin(), own.end(), IsCve);
  std::vector<std::string_view> covered;
  std::copy_if(advisory.upstream.begin(), advisory.upstream.end(), std::back_inserter(covered),
               IsCve);
  if (own_cve || covered.size() <= 1) {
    if (!own_cve) own.insert(own.end(), advisory.upstream.begin(), advisory.upstream.end());
    SortUnique(own);
    return {{&hit, std::move(own)}};
  }
  std::vector<Mention> mentions;
  mentions.reserve(covered.size());
  for (const std::string_view id : covered) mentions.push_back({&hit, {id}});
  return mentions;
}

/// CVEs in the order of year and number, before all other ids.
std::tuple<bool, std::size_t, std::string_view> IdOrder(std::string_view id) {
  return {!IsCve(id), IsCve(id) ? id.size() : 0, id};
}

std::vector<std::vector<Mention>> GroupByNames(std::vector<Mention> mentions) {
  std::vector<std::size_t> parent(mentions.size());
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  const auto root = [&](std::size_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  };
  std::vector<std::pair<std::string_view, std::size_t>> bearers;
  for (std::size_t i = 0; i < mentions.size(); ++i) {
    for (const std::string_view name : mentions[i].names) bearers.emplace_back(name, i);
  }
  std::sort(bearers.begin(), bearers.end());
  for (std::size_t i = 1; i < bearers.size(); ++i) {
    if (bearers[i].first != bearers[i - 1].first) continue;
    parent[root(bearers[i].second)] = root(bearers[i - 1].second);
  }
  std::vector<std::vector<Mention>> groups(mentions.size());
  for (std::size_t i = 0; i < mentions.size(); ++i) {
    groups[root(i)].push_back(std::move(mentions[i]));
  }
  std::erase_if(groups, [](const auto& group) { return group.empty(); });
  return groups;
}

/// Affected as the one advisory says it, by version; a version that cannot be compared counts as
/// affected, so that it is never offered as a fix.
bool StillAffected(versions::Scheme scheme, const Hit& hit, const std::string& version) {
  const auto evaluation = advisories::Evaluate(scheme, hit.affected, version);
  return !evaluation || evaluation->affected();
}

/// The lowest version that all advisories with a fix call mended. Where they contradict each other
/// (each one's fix is affected by another), the highest of their lowest.
std::string LowestFix(versions::Scheme scheme, const std::vector<Mention>& group) {
  std::vector<std::string> candidates;
  std::vector<const Hit*> with_fix;
  for (const Mention& mention : group) {
    const auto& fixes = mention.hit->evaluation.fixes;
    if (fixes.empty()) continue;
    with_fix.push_back(mention.hit);
    candidates.insert(candidates.end(), fixes.begin(), fixes.end());
  }
  const auto less = [&](const std::string& a, const std::string& b) {
    const auto order = versions::Compare(scheme, a, b);
    return order.has_value() && *order < 0;
  };
  std::stable_sort(candidates.begin(), candidates.end(), less);
  for (const std::string& candidate : candidates) {
    const bool mends = std::none_of(with_fix.begin(), with_fix.end(), [&](const Hit* hit) {
      return StillAffected(scheme, *hit, candidate);
    });
    if (mends) return candidate;
  }
  std::string highest;
  for (const Hit* hit : with_fix) {
    const std::string& lowest = hit->evaluation.fixes.front();
    if (highest.empty() || less(highest, lowest)) highest = lowest;
  }
  return highest;
}

/// The advisory that the finding quotes: one with a title and a page before one without.
const Advisory& Quoted(const std::vector<Mention>& group) {
  const auto worth = [](const Mention& mention) {
    const Advisory& a = mention.hit->advisory;
    return (a.url.empty() ? 0 : 2) + (a.title.empty() ? 0 : 1);
  };
  return std::max_element(group.begin(), group.end(),
                          [&](const Mention& a, const Mention& b) { return worth(a) < worth(b); })
      ->hit->advisory;
}

FindingState StateOf(const std::vector<Mention>& group, const std::string& fixed_version) {
  if (!fixed_version.empty()) return FindingState::kFixed;
  for (const Mention& mention : group) {
    const FindingState state = mention.hit->affected.unfixed_state;
    if (state != FindingState::kAffected) return state;
  }
  return FindingState::kAffected;
}

/// What is known of the vulnerability under any of its names, the first of which counts most.
Result<advisories::CveFacts> FactsOf(const std::vector<std::string_view>& names,
                                     const advisories::AdvisoryDatabase& database) {
  advisories::CveFacts facts;
  for (const std::string_view name : names) {
    auto of_name = database.About(name);
    if (!of_name) return std::move(of_name).error();
    if (!*of_name) continue;
    if (!facts.exploited_since) {
      facts.exploited_since = (*of_name)->exploited_since;
      facts.exploited_due = std::move((*of_name)->exploited_due);
    }
    if (!facts.epss) facts.epss = (*of_name)->epss;
    if (facts.severities.empty()) facts.severities = std::move((*of_name)->severities);
    if (facts.weaknesses.empty()) facts.weaknesses = std::move((*of_name)->weaknesses);
  }
  return facts;
}

void AddFacts(const advisories::CveFacts& facts, const advisories::AdvisoryDatabase& database,
              Finding* finding) {
  if (database.Info().known_exploited) {
    finding->known_exploited = facts.exploited_since.has_value();
    finding->exploited_due = facts.exploited_due;
  }
  if (facts.epss) {
    finding->epss_score = facts.epss->score;
    finding->epss_percentile = facts.epss->percentile;
  }
  finding->weaknesses = facts.weaknesses;
}

void Raise(const advisories::StatedSeverity& stated, Finding* finding) {
  if (stated.source.empty()) return;
  finding->highest_severity =
      std::max(finding->highest_severity.value_or(Severity::kUnknown), stated.severity);
  if (!stated.score) return;
  finding->highest_score = std::max(finding->highest_score.value_or(0), *stated.score);
}

/// Beside the severity that was chosen: policies may ask for another one's word.
void AddSeverities(const std::vector<const Hit*>& hits, const advisories::CveFacts& facts,
                   const advisories::StatedSeverity& chosen, Finding* finding) {
  if (!facts.severities.empty()) {
    finding->nvd_severity = facts.severities.front().severity;
    finding->nvd_score = facts.severities.front().score;
  }
  Raise(chosen, finding);
  for (const auto& stated : facts.severities) Raise(stated, finding);
  for (const Hit* hit : hits) {
    Raise(hit->affected.severity, finding);
    Raise(hit->advisory.severity, finding);
  }
}

void NoteEarlier(const std::string& published, std::string& earliest) {
  if (published.empty()) return;
  if (earliest.empty() || published < earliest) earliest = published;
}

/// Into `finding`, which is new.
Status MakeFinding(versions::Scheme scheme, const std::vector<Mention>& group,
                   const advisories::AdvisoryDatabase& database, Finding& finding) {
  std::vector<std::string_view> names;
  std::vector<const Hit*> hits;
  for (const Mention& mention : group) {
    names.insert(names.end(), mention.names.begin(), mention.names.end());
    hits.push_back(mention.hit);
  }
  std::sort(names.begin(), names.end(),
            [](const auto& a, const auto& b) { return IdOrder(a) < IdOrder(b); });
  names.erase(std::unique(names.begin(), names.end()), names.end());
  finding.id = names.front();
  finding.aliases.assign(names.begin() + 1, names.end());
  std::sort(finding.aliases.begin(), finding.aliases.end());
  finding.fixed_version = LowestFix(scheme, group);
  finding.state = StateOf(group, finding.fixed_version);
  const Advisory& quoted = Quoted(group);
  finding.title = quoted.title;
  finding.url = quoted.url;
  finding.advisory = quoted.id;
  finding.feed = quoted.feed;
  for (const Hit* hit : hits) {
    NoteEarlier(hit->advisory.published, finding.published);
    if (hit->evaluation.fixes.empty()) continue;
    NoteEarlier(hit->advisory.published, finding.fix_published);
  }
  const auto facts = FactsOf(names, database);
  if (!facts) return facts.error();
  AddFacts(*facts, database, &finding);
  auto severity = ChooseSeverity(hits, names, *facts, database);
  if (!severity) return std::move(severity).error();
  AddSeverities(hits, *facts, *severity, &finding);
  finding.severity = severity->severity;
  finding.severity_source = std::move(severity->source);
  finding.cvss_score = severity->score;
  finding.cvss_vector = std::move(severity->vector);
  return Ok();
}

bool Meets(const std::vector<std::string_view>& names, const std::set<std::string>& others) {
  if (others.empty()) return false;
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return others.contains(std::string(name)); });
}

}  // namespace

bool SpeaksOf(const Advisory& advisory, const std::set<std::string>& names) {
  const Hit hit{{}, advisory, {}};
  const auto mentions = MentionsOf(hit);
  return std::all_of(mentions.begin(), mentions.end(),
                     [&](const Mention& mention) { return Meets(mention.names, names); });
}

Result<std::vector<Finding>> MergeHits(versions::Scheme scheme, const std::vector<Hit>& hits,
                                       const std::set<std::string>& cleared,
                                       const advisories::AdvisoryDatabase& database) {
  std::vector<Mention> mentions;
  for (const Hit& hit : hits) {
    for (Mention& mention : MentionsOf(hit)) {
      if (!Meets(mention.names, cleared)) mentions.push_back(std::move(mention));
    }
  }
  const auto groups = GroupByNames(std::move(mentions));
  std::vector<Finding> findings;
  findings.reserve(groups.size());
  for (const auto& group : groups) {
    Status made = MakeFinding(scheme, group, database, findings.emplace_back());
    if (!made) return std::move(made).error();
  }
  const auto by_id = [](const Finding& a, const Finding& b) { return a.id < b.id; };
  // Rows are in the order of advisories, which is mostly that of vulnerabilities.
  if (!std::is_sorted(findings.begin(), findings.end(), by_id)) {
    std::sort(findings.begin(), findings.end(), by_id);
  }
  return findings;
}

}  // namespace landwaiter::matching
