#include "scanner/matching/match.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "scanner/matching/answer_memory.h"
#include "scanner/matching/coverage_row.h"
#include "scanner/matching/key_findings.h"
#include "scanner/matching/lifecycle.h"
#include "scanner/matching/package_key.h"
#include "scanner/matching/questions.h"
#include "scanner/matching/releases.h"

namespace landwaiter::matching {
namespace {

using advisories::AdvisoryDatabase;

// 4 MB in the store; an image with ten thousand packages in five repositories asks 50,000
// questions.
constexpr std::size_t kMaxAsked = 512u << 10;

/// Between two looks whether the database's file is still whole: some milliseconds.
constexpr std::size_t kPackagesPerLook = 1000;

/// A question as text: what is asked the same is answered the same, whatever the inventory. In
/// `key`, whose room is used again: to grow costs more than the rest of this.
void WriteKey(const Question& question, std::string& key) {
  key.clear();
  const auto add = [&](std::string_view text) { key.append(text).push_back('\0'); };
  for (const Place& place : question.places) {
    add(place.ecosystem);
    add(place.flavour);
    key += place.subscription ? '1' : '0';
  }
  key.push_back('\0');
  for (const PackageKey& one : question.keys) {
    add(one.name);
    add(one.version);
    key += one.of_source ? '1' : '0';
    key += one.without_epoch ? '1' : '0';
  }
  key.push_back('\0');
  for (const std::string_view text :
       {question.flavour, std::string_view(question.module), std::string_view(question.module_tag),
        std::string_view(question.architecture)}) {
    add(text);
  }
  key += question.owns_files ? '1' : '0';
}

/// An answer, of this inventory alone or shared with others.
struct Known {
  KeyFindings own;
  std::shared_ptr<const KeyFindings> shared;
  const KeyFindings& Get() const { return shared == nullptr ? own : *shared; }
};

class Matcher {
 public:
  Matcher(const Inventory& inventory, const AdvisoryDatabase& database, Questions questions,
          AnswerMemory* memory)
      : inventory_(inventory),
        database_(database),
        questions_(std::move(questions)),
        memory_(memory) {
    for (const Package& package : inventory.packages) {
      if (!package.owner.empty()) owning_.insert(package.owner);
    }
    for (const Package& package : inventory.packages) {
      const bool owner = IsOsPackage(package) && owning_.contains(package.name);
      if (owner && !questions_.IsForeign(package)) owners_.emplace(package.name, &package);
    }
  }

  Result<MatchResult> Run() {
    std::size_t matched = 0;
    for (const Package& package : inventory_.packages) {
      if (matched++ % kPackagesPerLook == 0) {
        if (Status whole = database_.StillWhole(); !whole) return std::move(whole).error();
      }
      if (Status status = MatchPackage(package); !status) return status.error();
    }
    for (const auto& [source, row] : coverage_) result_.coverage.push_back(row.Finish(source));
    if (inventory_.os) {
      if (const auto release = WordOfRelease(*inventory_.os)) NoteAsked(*release);
      auto ended = EndOfLifeOf(*inventory_.os, database_, database_.Info().built_at);
      if (!ended) return std::move(ended).error();
      if (*ended) result_.coverage.push_back(**std::move(ended));
      auto last_day = LastDayOf(*inventory_.os, database_);
      if (!last_day) return std::move(last_day).error();
      result_.os_end_of_life = *std::move(last_day);
    }
    MakeFindings();
    NoteRepositories();
    TidyAsked();
    if (result_.asked.size() > kMaxAsked) {
      result_.asked_known = false;
      result_.asked = {};
    }
    return std::move(result_);
  }

 private:
  /// A finding before it is made for its package: they are large, and put in order first.
  struct Pending {
    const Package* package;
    const Finding* finding;  // of known_
    Finding* own;            // the same, where nobody else has it
    bool guess;
    /// What WorseThan compares.
    auto Rank() const {
      return std::tie(finding->id, package->name, package->version, package->path);
    }
    bool IsBefore(const Pending& other) const {
      if (finding->severity != other.finding->severity) {
        return finding->severity > other.finding->severity;
      }
      const bool has_fix = !finding->fixed_version.empty();
      if (has_fix == other.finding->fixed_version.empty()) return has_fix;
      return Rank() < other.Rank();
    }
  };

  /// The products of these decide where the packages of a layer are looked up.
  void NoteRepositories() {
    for (const ImageLayer& layer : inventory_.layers) {
      for (const std::string& set : layer.content_sets) {
        for (const std::string_view name : RepositoryNames(set)) {
          NoteAsked(advisories::WordOfRepository(name));
        }
      }
    }
  }

  void MakeFindings() {
    std::sort(pending_.begin(), pending_.end(),
              [](const Pending& a, const Pending& b) { return a.IsBefore(b); });
    std::unordered_map<const Finding*, std::size_t> uses;
    uses.reserve(pending_.size());
    for (const Pending& pending : pending_) {
      if (pending.own != nullptr) ++uses[pending.own];
    }
    result_.findings.reserve(pending_.size());
    for (const Pending& pending : pending_) {
      // Whoever is the last to need it may have it.
      const bool is_last = pending.own != nullptr && --uses[pending.own] == 0;
      Finding& finding = is_last ? result_.findings.emplace_back(std::move(*pending.own))
                                 : result_.findings.emplace_back(*pending.finding);
      Describe(*pending.package, pending.guess, finding);
    }
  }

  /// The OS package that is the same software under another name, nullptr for none: scanning.md,
  /// "Inventory → findings".
  const Package* SameOwner(const Package& package) const {
    const auto [first, last] = owners_.equal_range(package.owner);
    const auto at = std::find_if(
        first, last, [&](const auto& owner) { return IsSameSoftware(package, *owner.second); });
    return at == last ? nullptr : at->second;
  }

  Status MatchPackage(const Package& package) {
    const bool os = IsOsPackage(package);
    CoverageRow& row = coverage_[os ? "advisories" : "advisories-" + package.type];
    ++row.packages;
    if (os && questions_.IsForeign(package)) {
      ++row.foreign;
      return Ok();
    }
    const bool guess = IsGuess(package);
    if (IsItsOwnersMatter(package, guess)) return Ok();
    auto question = questions_.Of(package, &row.unsupported);
    if (!question) {
      ++row.unasked;
      return Ok();
    }
    if (os && !questions_.IsComplete(package)) {
      row.note = "the feeds of " + inventory_.os->family +
                 " list what is fixed: no finding may mean that there is no fix";
      if (questions_.lacks_extras()) {
        row.note +=
            "; the advisory database has no feed of its extras: of what was installed from "
            "them nothing is known";
      }
    }
    if (guess) row.note = "matched by NVD's names of products: shown, and failing nothing";
    return AddFindings(package, *std::move(question), guess, &row);
  }

  /// A program without a package, of which only NVD's name is known.
  static bool IsGuess(const Package& package) {
    return !IsOsPackage(package) && !package.cpe.empty() && !LanguageEcosystem(package.type);
  }
  bool IsOwned(const Package& package) const {
    return !IsOsPackage(package) && !package.owner.empty() && questions_.distribution() != nullptr;
  }
  /// Reported once, as the OS package. Programs of an OS package always are: its patches do not
  /// show in their versions.
  bool IsItsOwnersMatter(const Package& package, bool guess) const {
    if (!IsOwned(package)) return false;
    if (guess) return true;
    const Package* const owner = SameOwner(package);
    return owner != nullptr && questions_.IsComplete(*owner) &&
           !questions_.IsBySourceThatIsAssumed(*owner);
  }

  Status AddFindings(const Package& package, Question question, bool guess, CoverageRow* row) {
    for (const advisories::Word word : questions_.WordsOfSource(package)) NoteAsked(word);
    const auto known = FindingsFor(std::move(question), package);
    if (!known) return known.error();
    const KeyFindings& found = (*known)->Get();
    if (!found.failure.empty()) row->AddFailure(package, found.failure);
    if (found.other_lines) ++row->other_lines;
    if (!found.known && questions_.IsBySourceThatIsAssumed(package)) ++row->sourceless;
    std::set<std::string> said;
    if (IsOwned(package) && !found.findings.empty()) {
      auto names = SaidByOwners(package);
      if (!names) return std::move(names).error();
      said = *std::move(names);
    }
    const bool is_own = (*known)->shared == nullptr;
    for (std::size_t i = 0; i < found.findings.size(); ++i) {
      const Finding& finding = found.findings[i];
      if (IsNamed(finding, said)) continue;
      pending_.push_back(
          {&package, &finding, is_own ? &(*known)->own.findings[i] : nullptr, guess});
    }
    return Ok();
  }

  static bool IsNamed(const Finding& finding, const std::set<std::string>& names) {
    if (names.empty()) return false;
    return names.contains(finding.id) ||
           std::any_of(finding.aliases.begin(), finding.aliases.end(),
                       [&](const std::string& alias) { return names.contains(alias); });
  }

  /// Vulnerabilities of which the package that owns a file has the last word: it is not affected,
  /// it is mended (by a patch that leaves the language's version as it is), or it is the same
  /// software and reports it itself.
  Result<std::set<std::string>> SaidByOwners(const Package& package) {
    std::set<std::string> said;
    const auto [first, last] = owners_.equal_range(package.owner);
    for (auto at = first; at != last; ++at) {
      std::string why;
      const auto question = questions_.Of(*at->second, &why);
      if (!question) continue;
      const auto known = FindingsFor(*question, *at->second);
      if (!known) return known.error();
      const KeyFindings& found = (*known)->Get();
      for (const auto* const advisories : {&found.unaffected, &found.mended}) {
        const auto names = NamesOf(*advisories, database_);
        if (!names) return names.error();
        said.insert(names->begin(), names->end());
      }
      if (!IsSameSoftware(package, *at->second)) continue;
      for (const Finding& finding : found.findings) {
        said.insert(finding.id);
        said.insert(finding.aliases.begin(), finding.aliases.end());
      }
    }
    return said;
  }

  void NoteAsked(advisories::Word word) {
    if (!result_.asked_known) return;
    result_.asked.push_back(word);
    if (result_.asked.size() < 2 * kMaxAsked) return;
    TidyAsked();
    if (result_.asked.size() < kMaxAsked) return;
    result_.asked_known = false;
    result_.asked = {};
  }

  void TidyAsked() {
    std::vector<advisories::Word>& asked = result_.asked;
    std::sort(asked.begin(), asked.end());
    asked.erase(std::unique(asked.begin(), asked.end()), asked.end());
  }

  /// `package`: the one that is asked of.
  Result<Known*> FindingsFor(Question question, const Package& package) {
    question.owns_files = IsOsPackage(package) && owning_.contains(package.name);
    WriteKey(question, key_);
    if (const auto at = known_.find(key_); at != known_.end()) return &at->second;
    for (const Place& place : question.places) {
      for (const PackageKey& one : question.keys) {
        NoteAsked(advisories::WordOfPackage(place.ecosystem, one.name));
      }
    }
    Known known;
    if (memory_ != nullptr) known.shared = memory_->Find(key_);
    if (known.shared == nullptr) {
      auto fresh = FindFor(question, database_);
      if (!fresh) return std::move(fresh).error();
      if (memory_ == nullptr) {
        known.own = *std::move(fresh);
      } else {
        known.shared = std::make_shared<const KeyFindings>(*std::move(fresh));
        memory_->Keep(key_, known.shared);
      }
    }
    return &known_.emplace(key_, std::move(known)).first->second;
  }

  void Describe(const Package& package, bool guess, Finding& finding) const {
    if (guess) finding.confidence = Confidence::kCpe;
    finding.fixed_version = AsInstalled(package, finding.fixed_version);
    finding.package = package.name;
    finding.package_type = package.type;
    finding.installed_version = package.version;
    finding.purl = package.purl;
    finding.path = package.path;
    const std::string* const told = questions_.ToldSource(package);
    const std::string& source = told == nullptr ? package.source_name : *told;
    if (source != package.name) finding.source_package = source;
    finding.layer = package.layer;
    finding.host_kernel = IsKernelHeaders(package);
  }

  const Inventory& inventory_;
  const AdvisoryDatabase& database_;
  Questions questions_;
  /// Of those in owning_, by name, without those that the distribution's feeds do not mean.
  std::multimap<std::string_view, const Package*> owners_;
  std::unordered_set<std::string_view> owning_;  // names of packages whose files others are
  AnswerMemory* const memory_;
  std::unordered_map<std::string, Known> known_;
  std::string key_;  // of the question at hand
  std::vector<Pending> pending_;
  std::map<std::string, CoverageRow> coverage_;
  MatchResult result_;
};

}  // namespace

Result<MatchResult> Match(const Inventory& inventory, const AdvisoryDatabase& database,
                          AnswerMemory* memory) {
  auto questions = Questions::For(inventory, database);
  if (!questions) return std::move(questions).error();
  return Matcher(inventory, database, *std::move(questions), memory).Run();
}

}  // namespace landwaiter::matching
