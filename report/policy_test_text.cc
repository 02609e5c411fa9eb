// For people: the verdict of each case by policy and rule, and what is not as expected. Rules may
// quote what an image's author wrote, so every word goes through PlainText.
#include <algorithm>
#include <ostream>

#include "lib/base/text.h"
#include "report/policy_test.h"

namespace landwaiter::report {
namespace {

constexpr std::size_t kMaxReasons = 3;  // of one rule

std::string Plain(std::string_view text) { return text::Printable(text::Truncate(text, 500)); }

std::string_view Answered(Action answer) {
  switch (answer) {
    case Action::kDeny:
      return "a pod is denied";
    case Action::kWarn:
      return "a pod is let in with a warning";
    case Action::kAllow:
      return "a pod is let in";
  }
  return "";
}

void Write(const JudgedRule& rule, std::size_t width, std::ostream& out) {
  out << "      " << Plain(rule.name) << std::string(width - rule.name.size(), ' ') << "  "
      << VerdictName(rule.verdict);
  std::string between = rule.verdict == Verdict::kUnknown ? "  " : "     ";
  for (std::size_t i = 0; i < std::min(rule.why.size(), kMaxReasons); ++i) {
    out << between << Plain(rule.why[i]);
    between = "\n" + std::string(width + 17, ' ');
  }
  if (rule.why.size() > kMaxReasons) {
    out << between << "and " << rule.why.size() - kMaxReasons << " more";
  }
  out << "\n";
}

void Write(const JudgedPolicy& policy, std::ostream& out) {
  out << "    policy " << Plain(policy.name) << ": " << VerdictName(policy.verdict) << ", "
      << Answered(policy.answer) << "\n";
  std::size_t width = 0;
  for (const JudgedRule& rule : policy.rules) width = std::max(width, rule.name.size());
  for (const JudgedRule& rule : policy.rules) Write(rule, width, out);
  for (const std::string& used : policy.exceptions_used) {
    out << "      excused: " << Plain(used) << "\n";
  }
}

void WriteResults(const std::vector<PolicyTestResult>& results, std::ostream& out) {
  std::size_t unmet = 0;
  std::size_t errors = 0;
  const std::string* file = nullptr;
  for (const PolicyTestResult& one : results) {
    if (file == nullptr || *file != one.file) out << Plain(one.file) << "\n";
    file = &one.file;
    out << (!one.error.empty()  ? "  ERROR "
            : one.unmet.empty() ? "  ok    "
                                : "  FAIL  ")
        << Plain(one.name) << "\n";
    for (const std::string& line : one.unmet) out << "    not as expected: " << Plain(line) << "\n";
    if (!one.error.empty()) {
      out << "    could not be judged: " << Plain(one.error) << "\n";
      ++errors;
      continue;
    }
    if (!one.unmet.empty()) ++unmet;
    for (const JudgedPolicy& policy : one.policies) Write(policy, out);
    if (one.policies.empty()) out << "    no policy is about this image\n";
  }
  out << results.size() << (results.size() == 1 ? " case: " : " cases: ")
      << results.size() - unmet - errors << " as expected, " << unmet << " not, " << errors
      << " could not be judged\n";
}

}  // namespace

PolicyTestFormat PolicyTestTextFormat() {
  return {"text", "for people: each case by policy and rule", WriteResults};
}

}  // namespace landwaiter::report
