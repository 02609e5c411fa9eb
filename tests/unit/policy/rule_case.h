// One line of a rule's table: a rule, an image, the verdict and what the messages must hold. The
// test that reads them is in rules_test.cc; each kind's file adds its table.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/policy/builders.h"

namespace landwaiter::policy {

struct RuleCase {
  const char* name;
  const char* rule;  // flow YAML without its name
  AnImage image;
  Verdict verdict;
  const char* says;
};

class ContentRuleTest : public testing::TestWithParam<RuleCase> {};

inline std::string CaseName(const testing::TestParamInfo<RuleCase>& info) {
  return info.param.name;
}

inline constexpr auto kPass = Verdict::kPass;
inline constexpr auto kFail = Verdict::kFail;
inline constexpr auto kOpen = Verdict::kUnknown;

}  // namespace landwaiter::policy
