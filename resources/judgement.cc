#include "resources/judgement.h"

#include <algorithm>
#include <optional>
#include <string>
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

/// Indexes into the policy's exceptions; nullopt where one of them is there no more, or has been
/// edited since.
std::optional<std::vector<std::size_t>> RestsOn(const PolicyStatus& judged,
                                                const policy::ScanPolicy& policy) {
  std::vector<std::size_t> indexes(judged.rests_on.begin(), judged.rests_on.end());
  for (const std::string& key : judged.rests_on_objects) {
    const auto found = std::find_if(policy.exceptions.begin(), policy.exceptions.end(),
                                    [&](const policy::PolicyException& e) { return e.key == key; });
    if (found == policy.exceptions.end()) return std::nullopt;
    indexes.push_back(static_cast<std::size_t>(found - policy.exceptions.begin()));
  }
  return indexes;
}

}  // namespace

const PolicyStatus* JudgementFor(const PolicyStatus& row, const policy::ScanPolicy& policy,
                                 const ImageReference& reference, std::string_view ns,
                                 TimePoint now) {
  const PolicyStatus* chosen = nullptr;
  const auto consider = [&](const PolicyStatus& judged) {
    const auto exceptions = RestsOn(judged, policy);
    if (!exceptions || !policy::HoldsFor(policy, *exceptions, reference, ns, now)) return;
    if (chosen == nullptr || Weight(judged) < Weight(*chosen)) chosen = &judged;
  };
  consider(row);
  for (const PolicyStatus& excused : row.excused) consider(excused);
  return chosen;
}

}  // namespace landwaiter::resources
