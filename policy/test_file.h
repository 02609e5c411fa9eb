// Tests of policies, kept beside them in git: what is judged, by which policies, where and when,
// and what must come of it. docs/policy-tests.md is the format; a file's paths are its own
// folder's.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "model/verdict.h"

namespace landwaiter::policy {

/// What is asked for; what is left out may be anything.
struct TestExpectation {
  /// Of the worst policy; a case whose image no policy is about has none.
  std::optional<Verdict> verdict = {};
  bool not_judged = false;  // verdict: NotJudged
  std::optional<Action> answer = {};
  // "RULE" or "POLICY/RULE", exactly these: a rule that is in none of the lists may do anything
  // where its list is left out.
  std::optional<std::vector<std::string>> fails = {};
  std::optional<std::vector<std::string>> warns = {};
  std::optional<std::vector<std::string>> undecided = {};
};

struct TestCase {
  std::string name;
  std::string report = {};  // path; "" where `image` is judged
  std::string image = {};   // as `landwaiter scan` takes it
  std::vector<std::string> policies = {};
  std::vector<std::string> exceptions = {};
  std::vector<std::string> vex = {};
  std::string reference = {};  // the name it is pulled by; "": the report's or the image's own
  std::string ns = {};
  /// Labels of the namespace, by which policies are chosen; nullopt: all are about it.
  std::optional<std::map<std::string, std::string>> namespace_labels = {};
  std::optional<TimePoint> at = {};            // nullopt: now
  std::optional<TestExpectation> expect = {};  // nullopt: only told
};

/// All PolicyTests of one text (YAML or JSON). Errors: InvalidArgument naming the path of what is
/// wrong, ResourceExhausted for more than kMaxYamlBytes or kMaxTestCases.
Result<std::vector<TestCase>> ParsePolicyTests(std::string_view text);

inline constexpr std::size_t kMaxTestCases = 1000;

}  // namespace landwaiter::policy
