#include "resources/judgement.h"

#include <utility>
#include <vector>

#include "policy/evaluate.h"

namespace landwaiter::resources {
namespace {

std::pair<Verdict, std::uint64_t> Weight(const PolicyStatus& judged) {
  std::uint64_t violations = 0;
  for (const RuleViolation& violation : judged.violations) violations += violation.count;
  return {VerdictFromName(judged.verdict), violations};
}

}  // namespace

const PolicyStatus* JudgementFor(const PolicyStatus& row, const policy::ScanPolicy& policy,
                                 const ImageReference& reference, TimePoint now) {
  const PolicyStatus* chosen = nullptr;
  const auto consider = [&](const PolicyStatus& judged) {
    const std::vector<std::size_t> exceptions(judged.rests_on.begin(), judged.rests_on.end());
    if (!policy::HoldsFor(policy, exceptions, reference, now)) return;
    if (chosen == nullptr || Weight(judged) < Weight(*chosen)) chosen = &judged;
  };
  consider(row);
  for (const PolicyStatus& excused : row.excused) consider(excused);
  return chosen;
}

}  // namespace landwaiter::resources
