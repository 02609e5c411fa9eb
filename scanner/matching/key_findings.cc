#include "scanner/matching/key_findings.h"

#include <algorithm>
#include <array>
#include <functional>

#include "scanner/matching/merge.h"
#include "scanner/versions/scheme.h"

namespace landwaiter::matching {
namespace {

using advisories::AdvisoryDatabase;
using advisories::Affected;
using advisories::Standing;

/// rpm module streams never mix: a fix of nodejs:14 says nothing of nodejs:16, nor of a package
/// that is in no module. "*" is a modular fix whose stream the advisory does not name.
bool SameModule(const std::string& meant, const std::string& installed) {
  if (meant == "*") return !installed.empty();
  return meant == installed;
}

/// Packages for all architectures, and 32-bit ones that a 64-bit system has, are meant with it.
bool SameArchitecture(const std::vector<std::string>& meant, const std::string& installed) {
  if (meant.empty() || installed.empty() || installed == "noarch") return true;
  const auto has = [&](std::string_view one) {
    return std::find(meant.begin(), meant.end(), one) != meant.end();
  };
  if (has(installed) || has("noarch")) return true;
  const bool small = installed == "i686" || installed == "i386";
  return small && (has("x86_64") || has("i686") || has("i386"));
}

RowFits Fits(const Affected& row, const Question& question) {
  if (!SameModule(row.module, question.module)) return RowFits::kOtherModule;
  if (!SameArchitecture(row.architectures, question.architecture)) {
    return RowFits::kOtherArchitecture;
  }
  return RowFits::kYes;
}

void DropEpochs(Affected* row) {
  for (auto& range : row->ranges) {
    for (auto& event : range.events) {
      event.version.erase(0, event.version.find(':') + 1);  // npos + 1 is 0
    }
  }
}

/// Ordinary packages are looked at where a subscription's fixes are, too.
bool IsAsked(const Place& place, std::string_view flavour) {
  return place.flavour == flavour || (flavour.empty() && place.subscription);
}

/// For who has no subscription its fixes are none, and none will come.
void LoseFixes(Hit* hit) {
  if (hit->evaluation.fixes.empty()) return;
  hit->evaluation.fixes.clear();
  hit->affected.unfixed_state = FindingState::kWillNotFix;
}

/// Whether the installed version has a fix, asked for thousands of rows that name a few fixes.
class Fixes {
 public:
  Fixes(versions::Scheme scheme, std::string_view installed)
      : scheme_(scheme), installed_(installed) {}

  /// True only where advisories::Evaluate would say kFixed of the plain row. `fixed` must stay.
  bool Has(std::string_view fixed) {
    if (fixed.empty() || fixed == "0") return false;  // never affected, or nonsense
    Known& known = known_[(fixed.size() * 7 + static_cast<unsigned char>(fixed.front()) +
                           static_cast<unsigned char>(fixed.back()) * 3) %
                          known_.size()];
    if (known.fixed != fixed) {
      const auto order = versions::Compare(scheme_, installed_, fixed);
      known = {fixed, order && *order >= 0};
    }
    return known.has;
  }

 private:
  struct Known {
    std::string_view fixed = {};
    bool has = false;
  };
  const versions::Scheme scheme_;
  const std::string_view installed_;
  std::array<Known, 32> known_;
};

class Collector {
 public:
  Collector(const Question& question, const AdvisoryDatabase& database)
      : question_(question),
        database_(database),
        wants_mended_(question.owns_files ||
                      std::any_of(question.places.begin(), question.places.end(),
                                  [](const Place& place) { return place.subscription; })) {}

  Status Take(Answer& answer) {
    if (answer.fits != RowFits::kYes) return Ok();
    if (!answer.failure.empty()) {
      if (found_.failure.empty()) {
        found_.failure = "cannot be compared with " + answer.row.advisory + ": " + answer.failure;
      }
      return Ok();
    }
    const Standing standing = answer.evaluation.standing;
    if (standing == Standing::kNotAffected) found_.unaffected.push_back(answer.row.advisory);
    if (standing == Standing::kFixed && wants_mended_) found_.mended.push_back(answer.row.advisory);
    if (standing != Standing::kAffected) return Ok();
    auto advisory = database_.GetAdvisory(answer.row.advisory);
    if (!advisory) return DataLoss(advisory.error().message);
    const bool elsewhere = answer.place->subscription && question_.flavour.empty();
    Hit hit{std::move(answer.row), *std::move(advisory), std::move(answer.evaluation)};
    if (elsewhere) LoseFixes(&hit);
    (elsewhere ? behind_subscription_ : hits_).push_back(std::move(hit));
    return Ok();
  }

  /// A plain row whose fix the installed version has. False: it is to be taken after all.
  bool TakeMended(const advisories::PlainRow& row) {
    if (!wants_mended_) return true;
    if (!row.for_all || !question_.module.empty()) return false;
    found_.mended.emplace_back(row.advisory);
    return true;
  }

  Result<KeyFindings> Finish(versions::Scheme scheme) {
    std::set<std::string> cleared;
    if (!hits_.empty() || !behind_subscription_.empty()) {
      auto names = NamesOf(found_.unaffected, database_);
      if (!names) return std::move(names).error();
      cleared = *std::move(names);
    }
    if (!behind_subscription_.empty()) {
      if (Status status = AddBehindSubscription(cleared); !status) return status.error();
    }
    auto findings = MergeHits(scheme, hits_, cleared, database_);
    if (!findings) return std::move(findings).error();
    found_.findings = *std::move(findings);
    return std::move(found_);
  }

 private:
  /// What the ordinary archive has mended is no matter of the subscription's.
  Status AddBehindSubscription(const std::set<std::string>& cleared) {
    auto mended = NamesOf(found_.mended, database_);
    if (!mended) return std::move(mended).error();
    mended->insert(cleared.begin(), cleared.end());
    for (Hit& hit : behind_subscription_) {
      if (!SpeaksOf(hit.advisory, *mended)) hits_.push_back(std::move(hit));
    }
    return Ok();
  }

  const Question& question_;
  const AdvisoryDatabase& database_;
  const bool wants_mended_;
  KeyFindings found_;
  std::vector<Hit> hits_;
  std::vector<Hit> behind_subscription_;
};

/// `mended`: told of plain rows whose fix is installed; true where that was all to be known.
Status AskOfRows(const Question& question, const AdvisoryDatabase& database,
                 const advisories::PlainRowFilter& mended,
                 const std::function<Status(Answer& answer)>& take) {
  const auto scheme = versions::SchemeForEcosystem(question.places.front().ecosystem);
  if (!scheme) return Internal("no version order for " + question.places.front().ecosystem);
  for (const Place& place : question.places) {
    if (!IsAsked(place, question.flavour)) continue;
    for (const PackageKey& key : question.keys) {
      auto answer_with = [&](Affected& row) -> Status {
        if (key.of_source && !row.of_source) return Ok();
        if (key.without_epoch) DropEpochs(&row);
        Answer answer{&place, row, Fits(row, question), {}, {}};
        if (answer.fits == RowFits::kYes) {
          auto evaluation = advisories::Evaluate(*scheme, row, key.version);
          if (evaluation) {
            answer.evaluation = *std::move(evaluation);
          } else {
            answer.failure = evaluation.error().message;
          }
        }
        return take(answer);
      };
      Fixes fixes(*scheme, key.version);
      auto skip = [&](const advisories::PlainRow& row) {
        if (key.of_source && !row.of_source) return true;
        return mended && !key.without_epoch && fixes.Has(row.fixed) && mended(row);
      };
      // By reference: as they are they take memory of their own, for each package.
      Status status =
          database.EachAffected(place.ecosystem, key.name, std::ref(answer_with), std::ref(skip));
      if (!status) return status;
    }
  }
  return Ok();
}

}  // namespace

Status Ask(const Question& question, const AdvisoryDatabase& database,
           const std::function<Status(Answer& answer)>& take) {
  return AskOfRows(question, database, {}, take);
}

Result<KeyFindings> FindFor(const Question& question, const AdvisoryDatabase& database) {
  Collector collector(question, database);
  Status status = AskOfRows(
      question, database,
      [&](const advisories::PlainRow& row) { return collector.TakeMended(row); },
      [&](Answer& answer) { return collector.Take(answer); });
  if (!status) return std::move(status).error();
  return collector.Finish(*versions::SchemeForEcosystem(question.places.front().ecosystem));
}

Result<std::set<std::string>> NamesOf(const std::vector<std::string>& advisories,
                                      const AdvisoryDatabase& database) {
  std::set<std::string> names;
  for (const std::string& id : advisories) {
    auto advisory = database.GetAdvisory(id);
    if (!advisory) return DataLoss(advisory.error().message);
    names.insert(id);
    names.insert(advisory->aliases.begin(), advisory->aliases.end());
    names.insert(advisory->upstream.begin(), advisory->upstream.end());
  }
  return names;
}

}  // namespace landwaiter::matching
