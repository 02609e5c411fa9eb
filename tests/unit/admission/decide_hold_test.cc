// The decision's rows about images without a verdict whose pod can wait for it behind the scan
// gate.
#include <gtest/gtest.h>

#include <optional>

#include "admission/decide.h"
#include "tests/unit/admission/builders.h"

namespace landwaiter::admission {
namespace {

using namespace testing;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

struct HoldCase {
  const char* name;
  Holding holding;
  APolicy policy = APolicy().With("onUnscanned", "Hold");
  std::optional<AScan> scan = std::nullopt;
  std::optional<EnsureFailure> failure = std::nullopt;
  milliseconds elapsed = seconds(4);
  milliseconds held_for = milliseconds(0);
  // expected
  Action action = Action::kAllow;
  bool held = false;
  bool pending = false;
  const char* text = "";
};

const APolicy kDenies = APolicy();

const HoldCase kHoldCases[] = {
    {.name = "what cannot be held is denied when the time to wait is up",
     .holding = Holding::kNo,
     .action = Action::kDeny,
     .text = "this cannot be held"},
    {.name = "what can be held waits for the time to wait first",
     .holding = Holding::kCan,
     .elapsed = seconds(1),
     .held = true,
     .pending = true},
    {.name = "and is held when it is up",
     .holding = Holding::kCan,
     .held = true,
     .text = "the pod waits for that, at most 10m"},
    {.name = "behind the gate nobody waits at the door",
     .holding = Holding::kGated,
     .elapsed = seconds(0),
     .held = true},
    {.name = "a gate is nothing to a policy that denies",
     .holding = Holding::kGated,
     .policy = kDenies,
     .action = Action::kDeny},
    {.name = "with the verdict in, nothing is held",
     .holding = Holding::kCan,
     .scan = AScan().Judged("Pass")},
    {.name = "a bad image is denied, gate or not",
     .holding = Holding::kGated,
     .scan = AScan().Judged("Fail"),
     .action = Action::kDeny},
    {.name = "what cannot be scanned is answered by onIncomplete at once",
     .holding = Holding::kCan,
     .failure = kUnauthorized,
     .action = Action::kDeny,
     .text = "PullUnauthorized"},
    {.name = "a controller that cannot be reached keeps nobody at the door",
     .holding = Holding::kCan,
     .failure = kUnreachable,
     .elapsed = seconds(0),
     .held = true},
    {.name = "a policy that warns holds nothing",
     .holding = Holding::kCan,
     .policy = APolicy().With("onUnscanned", "Hold").With("enforcement", "Warn"),
     .action = Action::kWarn},
    {.name = "a policy that records holds nothing",
     .holding = Holding::kCan,
     .policy = APolicy().With("onUnscanned", "Hold").With("enforcement", "Audit")},
    {.name = "a held pod goes on waiting",
     .holding = Holding::kHeld,
     .held_for = minutes(9),
     .held = true},
    {.name = "also for a policy that would have denied it at the door",
     .holding = Holding::kHeld,
     .policy = kDenies,
     .held = true},
    {.name = "and for a judgement under the policy's newest generation",
     .holding = Holding::kHeld,
     .scan = AScan().Judged("Pass", "baseline", 2),
     .held = true},
    {.name = "until holdFor is over, then onIncomplete answers: Deny",
     .holding = Holding::kHeld,
     .held_for = minutes(10),
     .action = Action::kDeny,
     .text = "the pod was held for 10m already"},
    {.name = "until holdFor is over, then onIncomplete answers: Allow",
     .holding = Holding::kHeld,
     .policy =
         APolicy().With("onUnscanned", "Hold").With("holdFor", "90s").With("onIncomplete", "Allow"),
     .held_for = seconds(90)},
    {.name = "a held pod whose verdict is bad is denied whatever its time",
     .holding = Holding::kHeld,
     .scan = AScan().Judged("Fail"),
     .action = Action::kDeny},
    {.name = "a scan that failed and is tried again is waited for",
     .holding = Holding::kHeld,
     .scan = AScan().Ready("False", "RegistryUnavailable", "no answer for 30s"),
     .held = true,
     .text = "not scanned yet: RegistryUnavailable: no answer for 30s; the pod waits"},
    {.name = "at the door nobody waits for it",
     .holding = Holding::kCan,
     .scan = AScan().Ready("False", "RegistryUnavailable", "no answer for 30s"),
     .action = Action::kDeny},
    {.name = "a database that is not there yet is waited for",
     .holding = Holding::kHeld,
     .scan = AScan().Judged("Unknown").Ready("False", "NoDatabase", "no advisory database"),
     .held = true,
     .text = "no verdict yet: NoDatabase: no advisory database; the pod waits"},
    {.name = "until holdFor is over",
     .holding = Holding::kHeld,
     .scan = AScan().Judged("Unknown").Ready("False", "NoDatabase", "no advisory database"),
     .held_for = minutes(10),
     .action = Action::kDeny,
     .text = "the pod was held for 10m already"},
    {.name = "what a rule could tell without a database is no matter of waiting",
     .holding = Holding::kHeld,
     .scan = AScan().Judged("Fail").Ready("False", "NoDatabase", "no advisory database"),
     .action = Action::kDeny},
    {.name = "at the door what there is without a database counts",
     .holding = Holding::kCan,
     .scan = AScan().Judged("Unknown").Ready("False", "NoDatabase", "no advisory database"),
     .action = Action::kDeny},
    {.name = "what is left open by a whole scan is answered at once",
     .holding = Holding::kHeld,
     .scan = AScan().Judged("Unknown"),
     .action = Action::kDeny},
    {.name = "a scan that failed for good is answered at once",
     .holding = Holding::kHeld,
     .scan = AScan().Ready("False", "TooLarge", "too large"),
     .action = Action::kDeny,
     .text = "TooLarge"},
    {.name = "an object about another digest is no verdict for a held pod",
     .holding = Holding::kHeld,
     .scan = AScan().Judged("Pass").About("sha256:" + std::string(64, 'a')),
     .action = Action::kDeny,
     .text = "NameCollision"},
};

/// One image by tag, resolved; `budget` as /validate has it, or none where nobody waits.
Facts FactsOf(const HoldCase& c) {
  Facts facts;
  facts.now = kNow;
  facts.elapsed = c.elapsed;
  facts.budget = c.holding == Holding::kHeld ? seconds(0) : seconds(9);
  facts.policies = {c.policy.Make()};
  facts.holding = c.holding;
  facts.held_for = c.held_for;
  ImageFacts image = FactsOfReference(kImage, "container c0");
  image.digest = *Digest::Parse(kDigest);
  if (c.scan) image.scan = c.scan->Make();
  image.failure = c.failure;
  facts.images = {image};
  return facts;
}

TEST(Decide, HoldsWhatCanWait) {
  for (const HoldCase& c : kHoldCases) {
    SCOPED_TRACE(c.name);
    const Decision decision = Decide(FactsOf(c));
    EXPECT_EQ(ActionName(decision.action), ActionName(c.action));
    EXPECT_EQ(decision.held, c.held);
    EXPECT_EQ(decision.pending, c.pending);
    std::string all;
    for (const auto& judgement : decision.images[0].judgements) all += "\n" + judgement.text;
    EXPECT_NE(all.find(c.text), std::string::npos) << all;
  }
}

TEST(Decide, IsHeldUntilTheFirstHoldForIsOver) {
  Facts facts = FactsOf({.name = "", .holding = Holding::kHeld, .held_for = minutes(2)});
  facts.policies.push_back(
      APolicy("shorter").With("onUnscanned", "Hold").With("holdFor", "5m").Make());
  EXPECT_EQ(Decide(facts).hold_left, minutes(3));
}

TEST(Decide, NothingIsHeldThatIsDeniedForAnotherImage) {
  Facts facts = FactsOf({.name = "", .holding = Holding::kHeld});
  EXPECT_TRUE(Decide(facts).held);
  facts.images.push_back(
      FactsOf({.name = "", .holding = Holding::kHeld, .scan = AScan().Judged("Fail")}).images[0]);
  EXPECT_EQ(Decide(facts).action, Action::kDeny);
  EXPECT_FALSE(Decide(facts).held);
}

}  // namespace
}  // namespace landwaiter::admission
