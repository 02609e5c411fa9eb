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

TEST(JudgePolicy, NamesTheRulesThatNoScanHasRoomFor) {
  const auto policy = Recorded(APolicy("z", 1, NoCritical()));
  PolicyTally tally;
  tally.left_out = {"no-keys", "no-setuid"};
  const auto ready = ReadyOf(JudgePolicy(*policy, tally, false, kNow));
  EXPECT_EQ(ready.status, "False");
  EXPECT_EQ(ready.reason, "TooMuchCollected");
  EXPECT_NE(ready.message.find("no-keys, no-setuid"), std::string::npos) << ready.message;
}

std::vector<resources::Condition> ReadyIs(const std::string& status, const std::string& reason,
                                          const std::string& message) {
  return {{"Evaluated", "True", "AllJudged", "every known image", 1, ""},
          {"Ready", status, reason, message, 1, ""}};
}

TEST(EventOf, TellsOfErrorsAndOfTheirEndAndOfEachOnce) {
  const auto good = ReadyIs("True", "Valid", "every rule can be evaluated");
  const auto bad = ReadyIs("False", "InvalidSpec", "spec.holdFor: '0s' is no time at all");
  const auto worse = ReadyIs("False", "InvalidSpec", "spec.rules[0]: two things");
  const auto beyond = ReadyIs("False", "TooManyPolicies", "no image is judged by this policy");
  const struct {
    const char* name;
    std::vector<resources::Condition> before;
    std::vector<resources::Condition> after;
    std::string told;  // "Warning InvalidSpec: …", "" for nothing
  } cases[] = {
      {"a new policy that is well", {}, good, ""},
      {"a new policy with an error",
       {},
       bad,
       "Warning InvalidSpec: spec.holdFor: '0s' is no time at all"},
      {"a policy that goes bad", good, bad,
       "Warning InvalidSpec: spec.holdFor: '0s' is no time at all"},
      {"the same error, looked at again", bad, bad, ""},
      {"another error in its place", bad, worse, "Warning InvalidSpec: spec.rules[0]: two things"},
      {"one policy too many", good, beyond,
       "Warning TooManyPolicies: no image is judged by this policy"},
      {"an error that is mended", bad, good, "Normal Valid: every rule can be evaluated"},
      {"a policy that stays well", good, good, ""},
      {"a status without the condition", bad, {}, ""},
  };
  for (const auto& c : cases) {
    const auto event = EventOf(c.before, c.after);
    const bool warns = event && event->type == kube::EventType::kWarning;
    EXPECT_EQ(event ? (warns ? "Warning " : "Normal ") + event->reason + ": " + event->message : "",
              c.told)
        << c.name;
  }
}

}  // namespace
}  // namespace landwaiter::controller
