#include "scanner/matching/severity_choice.h"

#include <algorithm>
#include <deque>
#include <tuple>

namespace landwaiter::matching {
namespace {

using advisories::StatedSeverity;

/// 4 the vendor's word, 3 CVSS 4.0, 2 CVSS 3.x, 1 CVSS 2.0, 0 nothing.
int RankOf(const StatedSeverity& stated) {
  if (stated.source.empty()) return 0;
  if (stated.source == "CVSS_V2") return 1;
  if (stated.source == "CVSS_V3") return 2;
  if (stated.source == "CVSS_V4") return 3;
  return 4;
}

/// A word for the package goes before the word of the record.
int RankOf(const StatedSeverity& stated, bool of_package) {
  const int rank = RankOf(stated);
  return rank == 4 && of_package ? 5 : rank;
}

/// Borrows what it is offered.
class Chooser {
 public:
  /// True where it is the best so far.
  bool Offer(const StatedSeverity& stated, bool of_package) {
    const int rank = RankOf(stated, of_package);
    if (rank == 0) return false;
    if (stated.score && (score_ == nullptr || *stated.score > *score_->score)) score_ = &stated;
    const Severity best = best_ == nullptr ? Severity::kUnknown : best_->severity;
    if (std::tuple(rank, stated.severity) <= std::tuple(rank_, best)) return false;
    rank_ = rank;
    best_ = &stated;
    return true;
  }
  bool empty() const { return rank_ == 0; }
  StatedSeverity Best() const {
    if (best_ == nullptr) return {};
    StatedSeverity best = *best_;
    if (!best.score && score_ != nullptr) {
      best.score = score_->score;
      best.vector = score_->vector;
    }
    return best;
  }

 private:
  int rank_ = 0;
  const StatedSeverity* best_ = nullptr;
  const StatedSeverity* score_ = nullptr;  // with a score
};

/// Advisories of other packages count only where they speak of this one vulnerability.
bool SpeaksOfOne(const advisories::Advisory& advisory) { return advisory.upstream.size() <= 1; }

}  // namespace

Result<StatedSeverity> ChooseSeverity(const std::vector<const Hit*>& hits,
                                      const std::vector<std::string_view>& names,
                                      const advisories::CveFacts& facts,
                                      const advisories::AdvisoryDatabase& database) {
  Chooser chooser;
  for (const Hit* hit : hits) {
    chooser.Offer(hit->affected.severity, true);
    chooser.Offer(hit->advisory.severity, false);
  }
  if (!chooser.empty()) return chooser.Best();
  if (!facts.severities.empty()) return facts.severities.front();
  std::string from;
  std::deque<advisories::Advisory> others;
  for (const std::string_view name : names) {
    if (!name.starts_with("CVE-")) continue;
    const auto ids = database.AdvisoriesNaming(name);
    if (!ids) return ids.error();
    for (const std::string& id : *ids) {
      auto advisory = database.GetAdvisory(id);
      if (!advisory) return std::move(advisory).error();
      others.push_back(*std::move(advisory));
      if (SpeaksOfOne(others.back()) && chooser.Offer(others.back().severity, false)) from = id;
    }
  }
  StatedSeverity chosen = chooser.Best();
  if (!from.empty()) chosen.source += " of " + from;
  return chosen;
}

}  // namespace landwaiter::matching
