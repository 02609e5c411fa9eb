#include "report/policy_test.h"

#include <algorithm>
#include <array>

namespace landwaiter::report {

std::optional<Verdict> WorstVerdict(const PolicyTestResult& result) {
  std::optional<Verdict> worst;
  for (const JudgedPolicy& one : result.policies) {
    worst = std::max(worst.value_or(Verdict::kPass), one.verdict);
  }
  return worst;
}

Action AnswerOf(const PolicyTestResult& result) {
  Action answer = Action::kAllow;
  for (const JudgedPolicy& one : result.policies) answer = std::min(answer, one.answer);
  return answer;
}

std::span<const PolicyTestFormat> PolicyTestFormats() {
  static const std::array kFormats = {PolicyTestTextFormat(), PolicyTestJunitFormat()};
  return kFormats;
}

}  // namespace landwaiter::report
