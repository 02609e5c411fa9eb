// One content, many names: which exceptions for some images change its verdict, and how.
#include <algorithm>
#include <iterator>

#include "policy/evaluate.h"
#include "policy/evaluate_with.h"
#include "policy/exceptions.h"

namespace landwaiter::policy {
namespace {

using Indexes = std::vector<std::size_t>;

/// For some images, or for what runs in one namespace.
bool IsForSome(const ScanPolicy& policy, std::size_t index) {
  return !policy.exceptions[index].images.empty() || !policy.exceptions[index].ns.empty();
}

/// Where the image runs, and where else an exception would excuse it; "" for everywhere else.
std::vector<std::string> Namespaces(const ScanPolicy& policy, const ContentInput& input,
                                    const Indexes& met) {
  std::vector<std::string> namespaces = input.namespaces;
  namespaces.push_back("");
  for (const std::size_t index : met) namespaces.push_back(policy.exceptions[index].ns);
  std::vector<std::string> once;
  for (std::string& ns : namespaces) {
    if (std::find(once.begin(), once.end(), ns) == once.end()) once.push_back(std::move(ns));
  }
  return once;
}

/// Those of `met` that are for all namespaces or for this one.
Indexes In(const ScanPolicy& policy, const std::string& ns, const Indexes& met) {
  Indexes in;
  for (const std::size_t index : met) {
    const std::string& own = policy.exceptions[index].ns;
    if (own.empty() || own == ns) in.push_back(index);
  }
  return in;
}

bool IsMilder(const PolicyVerdict& excused, const PolicyVerdict& strict) {
  return excused.violations.size() < strict.violations.size() ||
         excused.unknown.size() < strict.unknown.size() || excused.verdict < strict.verdict;
}

Indexes Intersection(const Indexes& a, const Indexes& b) {
  Indexes out;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

/// The sets of `met` that count together: of each namespace those of the known names, all together,
/// and each alone or with another, as far as they go. What is left out is judged more strictly.
std::vector<Indexes> SetsToJudge(const ScanPolicy& policy, const ContentInput& input,
                                 const Indexes& met) {
  std::vector<Indexes> sets;
  const auto add = [&](Indexes set) {
    if (set.empty() || sets.size() == kMaxExcused) return;
    if (std::find(sets.begin(), sets.end(), set) == sets.end()) sets.push_back(std::move(set));
  };
  const std::vector<std::string> namespaces = Namespaces(policy, input, met);
  for (const std::string& ns : namespaces) {
    const std::vector<std::string> place =
        ns.empty() ? std::vector<std::string>() : std::vector<std::string>{ns};
    for (const ImageReference& reference : input.references) {
      add(Intersection(met, ExceptionsFor(policy, {reference}, place)));
    }
  }
  for (const std::string& ns : namespaces) add(In(policy, ns, met));
  for (const std::size_t index : met) add({index});
  for (const std::string& ns : namespaces) {
    const Indexes in = In(policy, ns, met);
    for (std::size_t i = 0; i < in.size(); ++i) {
      for (std::size_t k = i + 1; k < in.size(); ++k) add({in[i], in[k]});
    }
  }
  return sets;
}

std::vector<std::string> RulesOf(const PolicyVerdict& verdict) {
  std::vector<std::string> rules;
  for (const Violation& violation : verdict.violations) rules.push_back(violation.rule);
  return rules;
}

}  // namespace

bool SaysTheSameOf(const ScanPolicy& policy, const ImageReference& a, const ImageReference& b,
                   std::string_view ns, TimePoint now) {
  const bool judged = MatchesImage(policy, a);
  if (judged != MatchesImage(policy, b)) return false;
  if (!judged) return true;
  for (std::size_t i = 0; i < policy.exceptions.size(); ++i) {
    if (HoldsFor(policy, {i}, a, ns, now) != HoldsFor(policy, {i}, b, ns, now)) return false;
  }
  const PolicyVerdict of_a = EvaluateReference(policy, a, ns, now);
  const PolicyVerdict of_b = EvaluateReference(policy, b, ns, now);
  return of_a.verdict == of_b.verdict && RulesOf(of_a) == RulesOf(of_b);
}

std::vector<PolicyVerdict> EvaluateContentByName(const ScanPolicy& policy,
                                                 const ContentInput& input, TimePoint now) {
  Indexes for_all;
  for (std::size_t i = 0; i < policy.exceptions.size(); ++i) {
    if (!IsForSome(policy, i)) for_all.push_back(i);
  }
  std::vector<PolicyVerdict> verdicts{EvaluateContentWith(policy, input, for_all, now)};
  if (for_all.size() == policy.exceptions.size()) return verdicts;
  Indexes met = ExceptionsMet(policy, input, now);
  std::erase_if(met, [&](std::size_t index) { return !IsForSome(policy, index); });
  for (const Indexes& set : SetsToJudge(policy, input, met)) {
    Indexes applicable;
    std::set_union(for_all.begin(), for_all.end(), set.begin(), set.end(),
                   std::back_inserter(applicable));
    PolicyVerdict verdict = EvaluateContentWith(policy, input, applicable, now);
    // Of two sets, one may hold exceptions that the other leaves nothing to excuse.
    const bool told = std::any_of(verdicts.begin(), verdicts.end(), [&](const auto& other) {
      return other.exceptions_applied == verdict.exceptions_applied;
    });
    if (!told && IsMilder(verdict, verdicts.front())) verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

bool HoldsFor(const ScanPolicy& policy, const std::vector<std::size_t>& exceptions,
              const ImageReference& reference, std::string_view ns, TimePoint now) {
  if (exceptions.empty()) return true;
  const Indexes applicable = ExceptionsFor(
      policy, {reference},
      ns.empty() ? std::vector<std::string>() : std::vector<std::string>{std::string(ns)});
  return std::all_of(exceptions.begin(), exceptions.end(), [&](std::size_t index) {
    return std::binary_search(applicable.begin(), applicable.end(), index) &&
           now < policy.exceptions[index].until;
  });
}

}  // namespace landwaiter::policy
