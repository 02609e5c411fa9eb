// What a new pod of an image would be answered, as the webhook would judge it by what stands in the
// ImageScan. Of no namespace in particular: which policies and exceptions are in force in one is
// the pod's question.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "controller/report_api/documents.h"
#include "policy/evaluate.h"
#include "resources/judgement.h"

namespace landwaiter::controller::report_api {
namespace {

using nlohmann::json;

struct Answered {
  Verdict verdict = Verdict::kPass;
  Action action = Action::kAllow;
};

bool IsWorse(const Answered& a, const Answered& b) {
  // kDeny is the first of the actions.
  if (a.action != b.action) return a.action < b.action;
  return a.verdict > b.verdict;
}

Answered AnswerOf(const policy::ScanPolicy& policy, const resources::PolicyStatus* row,
                  const ImageReference& reference, TimePoint now) {
  // Not judged by this policy yet: nobody knows.
  Verdict verdict = Verdict::kUnknown;
  if (row != nullptr) {
    const auto* judged = resources::JudgementFor(*row, policy, reference, "", now);
    verdict = VerdictFromName(judged == nullptr ? row->verdict : judged->verdict);
  }
  verdict = std::max(verdict, policy::EvaluateReference(policy, reference, "", now).verdict);
  return {verdict, policy::AnswerTo(policy, verdict)};
}

}  // namespace

json AdmissionToJson(const ReportSource& source, const resources::ImageScan& scan) {
  const TimePoint now = source.Now();
  std::vector<std::string> names = scan.status.references;
  if (names.empty()) names.push_back(scan.spec.image);
  Answered worst;
  json policies = json::array();
  for (const auto& record : source.AllPolicies()) {
    const policy::ScanPolicy& one = record->policy;
    const auto row = std::find_if(scan.status.policies.begin(), scan.status.policies.end(),
                                  [&](const auto& judged) {
                                    // As the webhook has it: one that was made anew counts its
                                    // generations from 1 again.
                                    return judged.name == one.name && judged.uid == one.uid &&
                                           judged.generation == one.generation;
                                  });
    std::optional<Answered> answered;
    for (const auto& name : names) {
      const auto reference = ImageReference::Parse(name);
      if (!reference || !policy::MatchesImage(one, *reference)) continue;
      const Answered next =
          AnswerOf(one, row == scan.status.policies.end() ? nullptr : &*row, *reference, now);
      if (!answered || IsWorse(next, *answered)) answered = next;
    }
    if (!answered) continue;
    if (IsWorse(*answered, worst)) worst = *answered;
    policies.push_back({{"name", one.name},
                        {"verdict", VerdictName(answered->verdict)},
                        {"enforcement", EnforcementName(one.enforcement)},
                        {"action", ActionName(answered->action)}});
  }
  return {{"action", ActionName(worst.action)},
          {"verdict", VerdictName(worst.verdict)},
          {"policies", std::move(policies)}};
}

}  // namespace landwaiter::controller::report_api
