#include "controller/policy_reconciler.h"

#include <gtest/gtest.h>

#include "tests/unit/controller/builders.h"

namespace landwaiter::controller {
namespace {

const TimePoint kNow = *ParseTime("2026-11-24T12:00:00Z");

const resources::Condition& ReadyOf(const PolicyStatusFields& status) {
  static const resources::Condition kNone;
  const auto* found = resources::FindCondition(status.conditions, "Ready");
  return found == nullptr ? kNone : *found;
}

TEST(JudgePolicy, SaysThatAPolicyIsOneTooMany) {
  const auto policy = Recorded(APolicy("z", 1, NoCritical()));
  EXPECT_EQ(ReadyOf(JudgePolicy(*policy, {}, false, kNow)).status, "True");
  const auto beyond = ReadyOf(JudgePolicy(*policy, {}, true, kNow));
  EXPECT_EQ(beyond.status, "False");
  EXPECT_EQ(beyond.reason, "TooManyPolicies");
  EXPECT_NE(beyond.message.find("64"), std::string::npos);
}

}  // namespace
}  // namespace landwaiter::controller
