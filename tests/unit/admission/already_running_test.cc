// What ran in a namespace before it turned bad is let in there again.
#include <gtest/gtest.h>

#include <optional>

#include "admission/decide.h"
#include "tests/unit/admission/builders.h"

namespace landwaiter::admission {
namespace {

using namespace testing;

const std::string kSince = "2026-11-20T12:00:00Z";  // four days before kNow
AScan WithCve(AScan scan) { return scan.Violating("no-critical", 1, "CVE-1 in a 1"); }

struct RunningCase {
  const char* name;
  AScan scan;
  APolicy policy = APolicy();
  const char* ns = "shop";
  Holding holding = Holding::kNo;
  // expected
  Action action = Action::kDeny;
  Ground ground = Ground::kContent;
  const char* text = "";
};

AScan FailedAndRan() { return WithCve(AScan().Judged("Fail")).RanIn(kSince, {"bank", "shop"}); }

const RunningCase kRunningCases[] = {
    {.name = "where it ran it is let in with a warning that says why and until when",
     .scan = FailedAndRan(),
     .action = Action::kWarn,
     .ground = Ground::kAlreadyRunning,
     .text = "fails, but ran here before it turned bad on 2026-11-20 and is let in until "
             "2026-12-20T12:00:00Z: rule no-critical: CVE-1 in a 1"},
    {.name = "in another namespace it is denied", .scan = FailedAndRan(), .ns = "dev"},
    {.name = "without a record it is denied", .scan = WithCve(AScan().Judged("Fail"))},
    {.name = "a record without namespaces excuses none",
     .scan = WithCve(AScan().Judged("Fail")).RanIn(kSince, {})},
    {.name = "nor does one that is still being counted",
     .scan = FailedAndRan().StillCounting(kSince)},
    {.name = "under Judge it is denied at once",
     .scan = FailedAndRan(),
     .policy = APolicy().With("alreadyRunning", {{"action", "Judge"}})},
    {.name = "until the last moment",
     .scan = FailedAndRan(),
     .policy = APolicy().With("alreadyRunning", {{"for", "345601s"}}),
     .action = Action::kWarn,
     .ground = Ground::kAlreadyRunning},
    {.name = "and not at it",
     .scan = FailedAndRan(),
     .policy = APolicy().With("alreadyRunning", {{"for", "4d"}})},
    {.name = "a time that cannot be read excuses nothing",
     .scan = WithCve(AScan().Judged("Fail")).RanIn("yesterday", {"shop"})},
    {.name = "a policy that was made anew under the name knows nothing of it",
     .scan = FailedAndRan(),
     .policy = APolicy().MadeAnew(),
     .ground = Ground::kUnscanned,
     .text = "not yet judged by generation 3"},
    {.name = "a record of another policy is none of this one's",
     .scan = WithCve(FailedAndRan().Judged("Fail", "other")),
     .policy = APolicy("other")},
    {.name = "what a rule of names is against is denied all the same",
     .scan = FailedAndRan(),
     .policy = APolicy().With(
         "rules",
         {{{"name", "names"}, {"reference", {{"deniedTags", {"1.4"}}}}},
          {{"name", "no-critical"}, {"vulnerabilities", {{"severityAtLeast", "Critical"}}}}}),
     .ground = Ground::kReference,
     .text = "rule names: "},
    {.name = "what could not be decided is for onIncomplete",
     .scan = AScan().Judged("Unknown").RanIn(kSince, {"shop"}),
     .ground = Ground::kIncomplete},
    {.name = "a policy that warns has nothing to excuse",
     .scan = FailedAndRan(),
     .policy = APolicy().With("enforcement", "Warn"),
     .action = Action::kWarn,
     .text = "rule no-critical"},
    {.name = "a held pod is let go",
     .scan = FailedAndRan(),
     .holding = Holding::kHeld,
     .action = Action::kWarn,
     .ground = Ground::kAlreadyRunning},
    {.name = "a judgement for one name goes by the record of the policy",
     .scan = FailedAndRan().Excused("Fail", {0}),
     .policy = APolicy().Excepting("2027-01-31", {"registry.example.com/**"}),
     .action = Action::kWarn,
     .ground = Ground::kAlreadyRunning},
};

Facts RunningFacts(const RunningCase& c) {
  Facts facts;
  facts.ns = c.ns;
  facts.now = kNow;
  facts.holding = c.holding;
  facts.policies = {c.policy.Make()};
  facts.images = {FactsOfReference(kImage, "container c0")};
  facts.images[0].digest = *Digest::Parse(kDigest);
  facts.images[0].scan = c.scan.Make();
  return facts;
}

// Admission pitfall 33.
TEST(AlreadyRunning, IsLetInAsTheTableSays) {
  for (const RunningCase& c : kRunningCases) {
    SCOPED_TRACE(c.name);
    const Decision decision = Decide(RunningFacts(c));
    EXPECT_EQ(ActionName(decision.action), ActionName(c.action));
    EXPECT_FALSE(decision.held);
    const Judgement& worst = decision.images[0].judgements[0];
    EXPECT_EQ(static_cast<int>(worst.ground), static_cast<int>(c.ground)) << worst.text;
    EXPECT_EQ(worst.verdict == Verdict::kFail,
              c.ground != Ground::kUnscanned && c.ground != Ground::kIncomplete)
        << "excused, never passed";
    EXPECT_NE(worst.text.find(c.text), std::string::npos) << worst.text;
  }
}

TEST(AlreadyRunning, EachPolicyExcusesByItsOwnRecordAlone) {
  RunningCase c{.name = "", .scan = WithCve(FailedAndRan().Judged("Fail", "second"))};
  Facts facts = RunningFacts(c);
  facts.policies.push_back(APolicy("second").Make());
  EXPECT_EQ(Decide(facts).action, Action::kDeny) << "the second has no record";
}

}  // namespace
}  // namespace landwaiter::admission
