#include "controller/runtime/judged.h"

#include <algorithm>

#include "policy/evaluate.h"
#include "resources/judgement.h"

namespace landwaiter::controller {
namespace {

const resources::PolicyStatus* RowOf(const policy::ScanPolicy& policy,
                                     const resources::ImageScanStatus& status) {
  const auto found = std::find_if(
      status.policies.begin(), status.policies.end(), [&](const resources::PolicyStatus& row) {
        return row.name == policy.name && (row.uid.empty() || row.uid == policy.uid);
      });
  return found == status.policies.end() ? nullptr : &*found;
}

}  // namespace

std::optional<Judged> JudgedBy(const policy::ScanPolicy& policy,
                               const resources::ImageScanStatus& status,
                               const ImageReference& reference, std::string_view ns,
                               TimePoint now) {
  if (!policy::MatchesImage(policy, reference)) return std::nullopt;
  Judged judged{.reference = policy::EvaluateReference(policy, reference, ns, now)};
  const resources::PolicyStatus* row = RowOf(policy, status);
  Verdict content = policy::NeedsScan(policy) ? Verdict::kUnknown : Verdict::kPass;
  if (row != nullptr) {
    // Exceptions are told apart by their place in the policy: only in the generation judged under.
    const auto* milder = row->generation == policy.generation
                             ? resources::JudgementFor(*row, policy, reference, ns, now)
                             : nullptr;
    judged.content = milder != nullptr ? milder : row;
    content = VerdictFromName(judged.content->verdict);
  }
  judged.verdict = std::max(content, judged.reference.verdict);
  return judged;
}

std::vector<ImageReference> NamesOf(const resources::ImageScan& scan) {
  std::vector<ImageReference> names;
  for (const auto& text : scan.status.references) {
    if (auto name = ImageReference::Parse(text)) names.push_back(std::move(*name));
  }
  if (!names.empty()) return names;
  if (auto name = ImageReference::Parse(scan.spec.image)) names.push_back(std::move(*name));
  return names;
}

bool FailsByAName(const policy::ScanPolicy& policy, const resources::ImageScan& scan,
                  std::string_view ns, TimePoint now) {
  const auto names = NamesOf(scan);
  return std::any_of(names.begin(), names.end(), [&](const ImageReference& name) {
    const auto judged = JudgedBy(policy, scan.status, name, ns, now);
    return judged && judged->verdict == Verdict::kFail;
  });
}

}  // namespace landwaiter::controller
