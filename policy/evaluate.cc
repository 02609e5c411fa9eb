#include "policy/evaluate.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "lib/base/text.h"
#include "model/database_age.h"
#include "policy/evaluate_with.h"
#include "policy/exceptions.h"
#include "policy/facts.h"
#include "policy/image_pattern.h"
#include "policy/kinds.h"

namespace landwaiter::policy {
namespace {

std::string FormatAge(std::chrono::milliseconds age) {
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(age).count();
  return hours >= 72 ? std::to_string(hours / 24) + "d" : std::to_string(hours) + "h";
}

/// Why the database's age leaves vulnerability rules undecided, "" where it does not.
std::string DatabaseGap(const ScanPolicy& policy, const ContentInput& input, TimePoint now) {
  if (!policy.max_database_age) return "";
  if (!input.database_built_at) return "the age of the advisory database is not known";
  switch (AgeOfDatabase(*input.database_built_at, now, *policy.max_database_age)) {
    case DatabaseAge::kYoung:
      return "";
    case DatabaseAge::kUnknown:
      return "the advisory database is of " + FormatTime(*input.database_built_at) +
             ", a time to come: its age is not known";
    case DatabaseAge::kOld:
      break;
  }
  return "the advisory database is " + FormatAge(now - *input.database_built_at) +
         " old, more than maxDatabaseAge " + FormatAge(*policy.max_database_age);
}

/// An image may have 200,000 packages whose versions cannot be read; a person reads the first few.
constexpr std::size_t kMaxUnknown = 32;

/// Collects what rules say into one verdict: violations once each, whatever the number of
/// platforms, with the platform named where not all have it.
class Collector {
 public:
  Collector(std::size_t platforms, TimePoint now)
      : platforms_(platforms), horizon_(now + kAnnounceComing) {}

  void Add(const Rule& rule, RuleOutcome outcome, const std::string& platform) {
    for (Violation& violation : outcome.violations) {
      violation.rule = rule.name;
      violation.fails = rule.fails;
      if (!rule.controls.empty()) {
        violation.message += " [" + Shown(text::Join(rule.controls, ", ")) + "]";
      }
      const auto [place, is_new] =
          index_.emplace(std::pair(rule.name, violation.id), found_.size());
      if (is_new) found_.push_back({std::move(violation), {}});
      found_[place->second].platforms.insert(platform);
    }
    if (outcome.due && outcome.due->from <= horizon_) AddComing(rule, *outcome.due);
    for (const std::string& why : outcome.unknown) {
      AddUnknown("rule " + rule.name + ": " + why + (platforms_ > 1 ? " (" + platform + ")" : ""));
    }
  }

  void AddUnknown(std::string why) {
    if (!known_.insert(why).second) return;
    if (unknown_.size() < kMaxUnknown) unknown_.push_back(std::move(why));
  }

  void AddComing(const Rule& rule, ComesDue due) {
    const auto [place, is_new] = coming_.emplace(rule.name, Coming{rule.fails, due});
    if (!is_new && due.from < place->second.due.from) place->second.due = std::move(due);
  }

  void Finish(PolicyVerdict& verdict) {
    TellComing(verdict);
    std::stable_sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) {
      return a.violation.fails && !b.violation.fails;
    });
    for (Found& found : found_) {
      if (found.platforms.size() < platforms_) {
        std::string names;
        for (const std::string& name : found.platforms) names += (names.empty() ? "" : ", ") + name;
        found.violation.message += " (" + names + ")";
      }
      verdict.verdict =
          std::max(verdict.verdict, found.violation.fails ? Verdict::kFail : Verdict::kWarn);
      verdict.violations.push_back(std::move(found.violation));
    }
    if (known_.size() > unknown_.size()) {
      unknown_.push_back("and " + std::to_string(known_.size() - unknown_.size()) +
                         " more reasons");
    }
    if (!unknown_.empty()) verdict.verdict = std::max(verdict.verdict, Verdict::kUnknown);
    verdict.unknown = std::move(unknown_);
  }

 private:
  struct Found {
    Violation violation;
    std::set<std::string> platforms;
  };
  struct Coming {
    bool fails;
    ComesDue due;
  };

  /// Rules that fire on one platform already have nothing to come.
  void TellComing(PolicyVerdict& verdict) {
    std::erase_if(coming_, [&](const auto& coming) {
      return std::any_of(found_.begin(), found_.end(),
                         [&](const Found& f) { return f.violation.rule == coming.first; });
    });
    for (auto& [rule, coming] : coming_) {
      verdict.coming.push_back(
          {rule, coming.fails, FormatTime(coming.due.from), std::move(coming.due.message)});
    }
    // Texts of one form: they sort as the times do.
    std::stable_sort(verdict.coming.begin(), verdict.coming.end(),
                     [](const auto& a, const auto& b) { return a.from < b.from; });
  }

  std::size_t platforms_;
  TimePoint horizon_;
  std::map<std::pair<std::string, std::string>, std::size_t> index_;
  std::vector<Found> found_;
  std::map<std::string, Coming> coming_;  // by rule
  std::vector<std::string> unknown_;
  std::set<std::string> known_;
};

PolicyVerdict Begin(const ScanPolicy& policy) {
  PolicyVerdict verdict;
  verdict.policy = policy.name;
  verdict.generation = policy.generation;
  return verdict;
}

/// Of a rule that collects.
Collection WishesOf(const Rule& rule) {
  Collection wanted;
  rule.kind->collects(*rule.body, wanted);
  return wanted;
}

// `facts`: all but the platform.
void EvaluateRule(const Rule& rule, const ContentInput& input, Facts facts, Collector& collector) {
  const RuleKind* kind = rule.kind;
  if (kind != nullptr && !kind->needs_scan) return;
  if (facts.exceptions->ExcusesRule(rule.name)) return;
  if (kind == nullptr) {
    return collector.AddUnknown("rule " + rule.name + ": RuleError: " + rule.error);
  }
  if (kind->collects != nullptr && !kind->judges_uncollected && !input.platforms.empty()) {
    if (!facts.collected->Covers(WishesOf(rule))) {
      return collector.AddUnknown("rule " + rule.name + ": " + std::string(kNotCollected));
    }
  }
  for (const PlatformContent& platform : input.platforms) {
    facts.platform = &platform;
    collector.Add(rule, kind->evaluate(rule, facts), platform.inventory->platform.ToString());
  }
  if (input.platforms.empty()) {
    collector.AddUnknown("rule " + rule.name + ": no platform of the image was read");
  }
}

void EvaluateRules(const ScanPolicy& policy, const ContentInput& input, TimePoint now,
                   ExceptionBook& exceptions, PolicyVerdict& verdict) {
  Collector collector(input.platforms.size(), now);
  static const Collection kNothing;
  Facts facts;
  facts.exceptions = &exceptions;
  facts.bases = input.bases;
  facts.now = now;
  facts.database_built_at = input.database_built_at;
  facts.collected = input.collected != nullptr ? input.collected : &kNothing;
  facts.database_gap = DatabaseGap(policy, input, now);
  for (const Rule& rule : policy.rules) {
    EvaluateRule(rule, input, facts, collector);
  }
  collector.Finish(verdict);
}

bool Holds(const LabelRequirement& requirement, const std::map<std::string, std::string>& labels) {
  const auto found = labels.find(requirement.key);
  const bool listed =
      found != labels.end() && std::find(requirement.values.begin(), requirement.values.end(),
                                         found->second) != requirement.values.end();
  switch (requirement.op) {
    case SelectorOperator::kIn:
      return listed;
    case SelectorOperator::kNotIn:
      return !listed;
    case SelectorOperator::kExists:
      return found != labels.end();
    case SelectorOperator::kDoesNotExist:
      return found == labels.end();
  }
  return false;
}

std::vector<std::string> Place(std::string_view ns) {
  if (ns.empty()) return {};
  return {std::string(ns)};
}

void TellExceptions(const ExceptionBook& exceptions, PolicyVerdict& verdict) {
  verdict.exceptions_used = exceptions.Used();
  verdict.exceptions_applied = exceptions.UsedIndexes();
  verdict.exceptions_ending = exceptions.Ending();
}

Action Soften(Enforcement enforcement, Action action) {
  switch (enforcement) {
    case Enforcement::kEnforce:
      return action;
    case Enforcement::kWarn:
      return action == Action::kDeny ? Action::kWarn : action;
    case Enforcement::kAudit:
      return Action::kAllow;
  }
  return action;
}

}  // namespace

PolicyVerdict EvaluateContentWith(const ScanPolicy& policy, const ContentInput& input,
                                  const std::vector<std::size_t>& applicable, TimePoint now) {
  PolicyVerdict verdict = Begin(policy);
  ExceptionBook exceptions(policy, applicable, now);
  EvaluateRules(policy, input, now, exceptions, verdict);
  TellExceptions(exceptions, verdict);
  return verdict;
}

std::vector<std::size_t> ExceptionsMet(const ScanPolicy& policy, const ContentInput& input,
                                       TimePoint now) {
  std::vector<std::size_t> all(policy.exceptions.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  ExceptionBook exceptions(policy, all, now, ExceptionBook::Mode::kProbe);
  PolicyVerdict ignored = Begin(policy);
  EvaluateRules(policy, input, now, exceptions, ignored);
  return exceptions.UsedIndexes();
}

PolicyVerdict EvaluateContent(const ScanPolicy& policy, const ContentInput& input, TimePoint now) {
  return EvaluateContentWith(policy, input,
                             ExceptionsFor(policy, input.references, input.namespaces), now);
}

PolicyVerdict EvaluateReference(const ScanPolicy& policy, const ImageReference& reference,
                                std::string_view ns, TimePoint now) {
  PolicyVerdict verdict = Begin(policy);
  ExceptionBook exceptions(policy, ExceptionsFor(policy, {reference}, Place(ns)), now);
  Collector collector(1, now);
  Facts facts;
  facts.reference = &reference;
  facts.exceptions = &exceptions;
  facts.now = now;
  for (const Rule& rule : policy.rules) {
    const RuleKind* kind = rule.kind;
    if (kind == nullptr || kind->needs_scan || exceptions.ExcusesRule(rule.name)) continue;
    collector.Add(rule, kind->evaluate(rule, facts), "");
  }
  collector.Finish(verdict);
  TellExceptions(exceptions, verdict);
  return verdict;
}

PolicyVerdict Combine(PolicyVerdict a, const PolicyVerdict& b) {
  const auto append = [](std::vector<std::string>& to, const std::vector<std::string>& from) {
    for (const std::string& line : from) {
      if (std::find(to.begin(), to.end(), line) == to.end()) to.push_back(line);
    }
  };
  a.verdict = std::max(a.verdict, b.verdict);
  a.violations.insert(a.violations.end(), b.violations.begin(), b.violations.end());
  std::stable_sort(a.violations.begin(), a.violations.end(),
                   [](const Violation& x, const Violation& y) { return x.fails && !y.fails; });
  a.coming.insert(a.coming.end(), b.coming.begin(), b.coming.end());
  append(a.unknown, b.unknown);
  append(a.exceptions_used, b.exceptions_used);
  append(a.exceptions_ending, b.exceptions_ending);
  return a;
}

bool MatchesImage(const ScanPolicy& policy, const ImageReference& reference) {
  const auto any = [&](const std::vector<std::string>& patterns, WhenOpen when_open) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
      return ImagePatternMatches(pattern, reference, when_open);
    });
  };
  return any(policy.match.images, WhenOpen::kMatches) &&
         !any(policy.match.exclude_images, WhenOpen::kDiffers);
}

bool MatchesNamespace(const ScanPolicy& policy, const std::map<std::string, std::string>& labels) {
  const LabelSelector& selector = policy.match.namespace_selector;
  for (const auto& [key, value] : selector.match_labels) {
    const auto found = labels.find(key);
    if (found == labels.end() || found->second != value) return false;
  }
  return std::all_of(selector.match_expressions.begin(), selector.match_expressions.end(),
                     [&](const LabelRequirement& r) { return Holds(r, labels); });
}

Action AnswerTo(const ScanPolicy& policy, Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return Action::kAllow;
    case Verdict::kWarn:
      return Soften(policy.enforcement, Action::kWarn);
    case Verdict::kUnknown:
      return Soften(policy.enforcement, policy.on_incomplete);
    case Verdict::kFail:
      return Soften(policy.enforcement, Action::kDeny);
  }
  return Action::kDeny;
}

Action AnswerUnscanned(const ScanPolicy& policy) {
  return Soften(policy.enforcement, policy.on_unscanned);
}

bool NeedsScan(const ScanPolicy& policy) {
  return std::any_of(policy.rules.begin(), policy.rules.end(), [](const Rule& rule) {
    const RuleKind* kind = rule.kind;
    return kind == nullptr || kind->needs_scan;
  });
}

bool NeedsDatabase(const ScanPolicy& policy) {
  return std::any_of(policy.rules.begin(), policy.rules.end(), [](const Rule& rule) {
    return rule.kind != nullptr && rule.kind->needs_database;
  });
}

bool JudgesByTime(const ScanPolicy& policy) {
  return std::any_of(policy.rules.begin(), policy.rules.end(), [](const Rule& rule) {
    return rule.kind != nullptr && rule.kind->judges_by_time != nullptr &&
           rule.kind->judges_by_time(*rule.body);
  });
}

Collection CollectionOf(std::span<const ScanPolicy* const> policies,
                        std::vector<std::string>* left_out) {
  Collection sum;
  for (const ScanPolicy* policy : policies) {
    for (const Rule& rule : policy->rules) {
      if (rule.kind == nullptr || rule.kind->collects == nullptr) continue;
      if (sum.Add(WishesOf(rule)) || left_out == nullptr) continue;
      left_out->push_back(policy->name + "/" + rule.name);
    }
  }
  return sum;
}

std::vector<std::string> EndingExceptions(const ScanPolicy& policy, TimePoint now) {
  std::vector<std::string> ending;
  for (const PolicyException& exception : policy.exceptions) {
    if (!IsEnding(exception, now)) continue;
    ending.push_back(DescribeException(exception) + (now >= exception.until ? " (has ended)" : ""));
  }
  return ending;
}

}  // namespace landwaiter::policy
