#include "scanner/matching/key_findings.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>

#include "scanner/matching/merge.h"
#include "scanner/versions/scheme.h"

namespace landwaiter::matching {
namespace {

using advisories::AdvisoryDatabase;
using advisories::Affected;
using advisories::Standing;

/// rpm module streams never mix: a fix of nodejs:14 says nothing of nodejs:16, nor of a package
/// that is in no module. "*" is a modular fix whose stream the advisory does not name. A label that
/// is missing does not say that there is no module: databases of 2019 lack them.
RowFits FitsModule(const std::string& meant, const Question& question) {
  const bool modular = !question.module.empty() || !question.module_tag.empty();
  if (meant == "*") return modular ? RowFits::kYes : RowFits::kOtherModule;
  if (meant == question.module && question.module_tag.empty()) return RowFits::kYes;
  const bool untold = !meant.empty() && question.module.empty() && !question.module_tag.empty();
  return untold ? RowFits::kUntoldModule : RowFits::kOtherModule;
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
  const RowFits module = FitsModule(row.module, question);
  if (module == RowFits::kOtherModule) return module;
  if (!SameArchitecture(row.architectures, question.architecture)) {
    return RowFits::kOtherArchitecture;
  }
  return module;
}

void DropEpochs(Affected* row) {
  for (auto& range : row->ranges) {
    for (auto& event : range.events) {
      event.version.erase(0, event.version.find(':') + 1);  // npos + 1 is 0
    }
  }
}

/// The beginning of the line that a version is of: "1:1.10" of "1:1.10.12-2.amzn2"; with all of it
/// where it has no such numbers.
std::string LineOf(std::string_view version) {
  const std::size_t start = version.find(':') + 1;  // npos + 1 is 0
  std::size_t end = version.find_first_not_of("0123456789", start);
  if (end != std::string_view::npos && version[end] == '.') {
    end = version.find_first_not_of("0123456789", end + 1);
  }
  return std::string(version.substr(0, end));
}

/// Whether all below a fix is meant; then only its own line is from now on.
bool NarrowToLine(Affected* row) {
  bool narrowed = false;
  for (auto& range : row->ranges) {
    if (range.events.size() != 2 || range.events[0].version != "0") continue;
    range.events[0].version = LineOf(range.events[1].version);
    narrowed = true;
  }
  return narrowed;
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
    found_.known = true;
    if (answer.fits == RowFits::kUntoldModule) return TakeUntold(answer);
    if (answer.fits != RowFits::kYes) return Ok();
    if (!answer.failure.empty()) {
      if (found_.failure.empty()) {
        found_.failure = "cannot be compared with " + answer.row.advisory + ": " + answer.failure;
      }
      return Ok();
    }
    const Standing standing = answer.evaluation.standing;
    if (answer.narrowed && standing == Standing::kOutside) found_.other_lines = true;
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
    found_.known = true;
    if (!wants_mended_) return true;
    const bool of_none = question_.module.empty() && question_.module_tag.empty();
    if (!row.for_all || !of_none) return false;
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
  /// Where no stream's errata speak of the installed version it does not matter which it is of.
  Status TakeUntold(const Answer& answer) {
    const bool matters = !answer.failure.empty() || answer.evaluation.affected();
    if (!matters || !found_.failure.empty()) return Ok();
    found_.failure = "was built as part of a module (" + question_.module_tag +
                     ") and neither its record nor an advisory tells of which stream; " +
                     answer.row.advisory + " speaks of " + answer.row.module;
    return Ok();
  }

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

/// The stream of the module build that `tag` names, as advisories name it whose fix is of that very
/// build; "" where none is or they contradict each other.
Result<std::string> StreamOfBuild(const Question& question, const AdvisoryDatabase& database) {
  std::string stream;
  bool contradiction = false;
  const std::string_view tag = question.module_tag;
  auto learn = [&](const Affected& row) -> Status {
    if (row.module.empty() || row.module == "*") return Ok();
    for (const auto& range : row.ranges) {
      for (const auto& event : range.events) {
        if (advisories::ModuleTagOf(event.version) != tag) continue;
        contradiction = contradiction || (!stream.empty() && stream != row.module);
        stream = row.module;
      }
    }
    return Ok();
  };
  auto skip = [](const advisories::PlainRow& row) { return row.for_all; };
  for (const Place& place : question.places) {
    if (!IsAsked(place, question.flavour)) continue;
    for (const PackageKey& key : question.keys) {
      Status status =
          database.EachAffected(place.ecosystem, key.name, std::ref(learn), std::ref(skip));
      if (!status) return status.error();
    }
  }
  return contradiction ? std::string() : stream;
}

/// The question with the module's stream in it, where it lacks that and an advisory can tell;
/// nothing where it is to be asked as it stands. No copy for those: they are nearly all.
Result<std::optional<Question>> WithStream(const Question& question,
                                           const AdvisoryDatabase& database) {
  std::optional<Question> whole;
  if (!advisories::NamesModuleBuild(question.module_tag)) return whole;
  auto stream = StreamOfBuild(question, database);
  if (!stream) return std::move(stream).error();
  if (stream->empty()) return whole;
  whole = question;
  whole->module = *std::move(stream);
  whole->module_tag.clear();
  return whole;
}

/// `mended`: told of plain rows whose fix is installed; true where that was all to be known.
Status AskOfRows(const Question& question, const AdvisoryDatabase& database,
                 const advisories::PlainRowFilter& mended,
                 const std::function<Status(Answer& answer)>& take) {
  const auto scheme = versions::SchemeForEcosystem(question.places.front().ecosystem);
  if (!scheme) return Internal("no version order for " + question.places.front().ecosystem);
  bool known = false;  // at a place before the extras
  for (const Place& place : question.places) {
    if (!IsAsked(place, question.flavour)) continue;
    for (const PackageKey& key : question.keys) {
      auto answer_with = [&](Affected& row) -> Status {
        if (key.of_source && !row.of_source) return Ok();
        known = known || !place.extras;
        const bool narrowed = place.extras && known && NarrowToLine(&row);
        if (key.without_epoch) DropEpochs(&row);
        Answer answer{&place, row, Fits(row, question), {}, {}, question.module, narrowed};
        if (answer.fits == RowFits::kYes || answer.fits == RowFits::kUntoldModule) {
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
        known = known || !place.extras;
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
  const auto whole = WithStream(question, database);
  if (!whole) return whole.error();
  return AskOfRows(*whole ? **whole : question, database, {}, take);
}

Result<KeyFindings> FindFor(const Question& question, const AdvisoryDatabase& database) {
  const auto whole = WithStream(question, database);
  if (!whole) return whole.error();
  const Question& asked = *whole ? **whole : question;
  Collector collector(asked, database);
  Status status = AskOfRows(
      asked, database, [&](const advisories::PlainRow& row) { return collector.TakeMended(row); },
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
