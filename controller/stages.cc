#include "controller/stages.h"

#include <string>
#include <string_view>

#include "model/verdict.h"

namespace landwaiter::controller {
namespace {

constexpr std::array<std::string_view, kStages> kStageNames{"resolve", "wait", "scan", "match",
                                                            "judge"};
constexpr std::array kVerdicts{Verdict::kPass, Verdict::kWarn, Verdict::kUnknown, Verdict::kFail};

// A match takes a millisecond, a scan behind a thousand others an hour.
std::vector<double> Bounds() { return {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 60, 600}; }

std::string Lower(std::string_view name) {
  std::string out(name);
  for (char& c : out) c = static_cast<char>(c | 0x20);
  return out;
}

}  // namespace

StageMetrics::StageMetrics(metrics::Registry& metrics) {
  for (std::size_t i = 0; i < kStages; ++i) {
    seconds_[i] = &metrics.AddHistogram("landwaiter_stage_duration_seconds",
                                        "Time that a step of an image's way took.", Bounds(),
                                        {{"stage", std::string(kStageNames[i])}});
  }
  for (std::size_t i = 0; i < kVerdicts.size(); ++i) {
    verdicts_[i] = &metrics.AddCounter("landwaiter_policy_evaluations_total",
                                       "Judgements of an image by one policy, by verdict.",
                                       {{"verdict", Lower(VerdictName(kVerdicts[i]))}});
  }
}

void StageMetrics::Evaluated(const resources::ImageScanStatus& status) {
  for (const auto& policy : status.policies) {
    verdicts_[static_cast<std::size_t>(VerdictFromName(policy.verdict))]->Add();
  }
}

}  // namespace landwaiter::controller
