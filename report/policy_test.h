// What came of tests of policies (`landwaiter policy test`), and the formats that it is told in:
// one file and one row each, as those of a scan.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/verdict.h"

namespace landwaiter::report {

struct JudgedRule {
  std::string name;
  Verdict verdict = Verdict::kPass;
  std::vector<std::string> why = {};  // violations' messages and what cannot be decided
};

struct JudgedPolicy {
  std::string name;
  Verdict verdict = Verdict::kPass;
  Action answer = Action::kAllow;
  std::vector<JudgedRule> rules = {};
  std::vector<std::string> exceptions_used = {};
};

/// One case. `error` is set where it could not be judged: then all else says nothing.
struct PolicyTestResult {
  std::string file;
  std::string name;
  std::vector<JudgedPolicy> policies = {};  // those that are about the image
  std::vector<std::string> unmet = {};      // "verdict is Fail, expected Pass"
  std::string error = {};
  bool AsExpected() const { return unmet.empty() && error.empty(); }
};

/// The worst of the policies; nullopt where none is about the image.
std::optional<Verdict> WorstVerdict(const PolicyTestResult& result);
/// What a pod gets; Allow where no policy is about the image.
Action AnswerOf(const PolicyTestResult& result);

struct PolicyTestFormat {
  std::string_view name;
  std::string_view about;
  void (*write)(const std::vector<PolicyTestResult>& results, std::ostream& out);
};
PolicyTestFormat PolicyTestTextFormat();
PolicyTestFormat PolicyTestJunitFormat();

/// The first one is the default.
std::span<const PolicyTestFormat> PolicyTestFormats();

}  // namespace landwaiter::report
