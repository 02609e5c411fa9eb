#include "admission/decide.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/unit/admission/builders.h"

namespace landwaiter::admission {
namespace {

using namespace testing;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Case {
  const char* name;
  APolicy policy;
  std::optional<AScan> scan = std::nullopt;
  std::string image = kImage;
  bool resolved = true;
  std::optional<EnsureFailure> failure = std::nullopt;
  milliseconds elapsed = milliseconds(0);
  milliseconds budget = seconds(9);
  // expected
  Action action = Action::kAllow;
  bool pending = false;
  bool ask = false;
  const char* text = "";
};

Facts FactsOf(const Case& c) {
  Facts facts;
  facts.now = kNow;
  facts.elapsed = c.elapsed;
  facts.budget = c.budget;
  facts.policies = {c.policy.Make()};
  ImageFacts image;
  image.written = c.image;
  image.where = "container c0";
  auto reference = ImageReference::Parse(c.image);
  if (reference) {
    image.reference = *reference;
    image.digest = reference->digest;
  } else {
    image.parse_error = "InvalidReference: " + reference.error().message;
  }
  if (c.resolved && !image.digest && reference) image.digest = *Digest::Parse(kDigest);
  if (c.scan) image.scan = c.scan->Make();
  image.failure = c.failure;
  facts.images = {image};
  return facts;
}

const Case kCases[] = {
    {.name = "row 1: a policy that matches another image judges nothing",
     .policy = APolicy().With("match", {{"images", {"other.example.com/**"}}})},
    {.name = "row 2: a denied tag needs no scan",
     .policy = APolicy().OnlyReferenceRule({{"deniedTags", {"1.4"}}}),
     .resolved = false,
     .action = Action::kDeny,
     .text = "rule names: "},
    {.name = "row 2: a registry that is allowed needs no scan either",
     .policy = APolicy().OnlyReferenceRule({{"registries", {"registry.example.com"}}}),
     .resolved = false},
    {.name = "row 3: judged Pass",
     .policy = APolicy(),
     .scan = AScan().Judged("Pass"),
     .image = kPinned},
    {.name = "row 3: judged Fail",
     .policy = APolicy(),
     .scan = AScan().Judged("Fail").Violating("no-critical", 1, "CVE-1 (Critical) in a 1"),
     .image = kPinned,
     .action = Action::kDeny,
     .text = "rule no-critical: CVE-1 (Critical) in a 1"},
    {.name = "row 3: judged Warn",
     .policy = APolicy(),
     .scan = AScan().Judged("Warn").Violating("high", 1, "CVE-2", false),
     .action = Action::kWarn,
     .text = "rule high: CVE-2"},
    {.name = "row 3: Fail under enforcement Warn warns",
     .policy = APolicy().With("enforcement", "Warn"),
     .scan = AScan().Judged("Fail").Violating("no-critical", 1, "CVE-1"),
     .action = Action::kWarn},
    {.name = "row 3: excused where the exception is for the name",
     .policy = APolicy().Excepting("2027-01-31", {"registry.example.com/shop/**"}),
     .scan = AScan().Judged("Fail").Excused("Pass", {0})},
    {.name = "row 3: not excused under another name of the same digest",
     .policy = APolicy().Excepting("2027-01-31", {"registry.example.com/shop/**"}),
     .scan = AScan().Judged("Fail").Excused("Pass", {0}),
     .image = "registry.example.com/bank/cart:1.4",
     .action = Action::kDeny},
    {.name = "row 3: the mildest of the judgements that hold for the name",
     .policy = APolicy()
                   .Excepting("2027-01-31", {"registry.example.com/shop/**"})
                   .Excepting("2027-01-31", {"registry.example.com/**"}),
     .scan = AScan().Judged("Fail").Excused("Warn", {1}).Excused("Pass", {0, 1})},
    // Admission pitfall 78.
    {.name = "row 3: an exception that has ended excuses nothing any more",
     .policy = APolicy().Excepting("2026-11-24T12:00:00Z", {"registry.example.com/shop/**"}),
     .scan = AScan().Judged("Fail").Excused("Pass", {0}),
     .action = Action::kDeny},
    {.name = "row 4: a judgement that rests on an exception for all that has ended is none",
     .policy = APolicy().Excepting("2026-11-24T12:00:00Z"),
     .scan = AScan().Judged("Pass").RestingOn({0}),
     .pending = true,
     .ask = true},
    {.name = "row 3: a judgement that rests on an exception the policy does not have is none",
     .policy = APolicy(),
     .scan = AScan().Judged("Pass").RestingOn({7}),
     .pending = true,
     .ask = true},
    {.name = "row 3: Fail under enforcement Audit allows",
     .policy = APolicy().With("enforcement", "Audit"),
     .scan = AScan().Judged("Fail").Violating("no-critical", 1, "CVE-1")},
    // Admission pitfall 75.
    {.name = "row 3: what was found before counts while the image is looked at again",
     .policy = APolicy(),
     .scan =
         AScan().Judged("Fail").Violating("no-critical", 1, "CVE-1").Ready("False", "Queued", ""),
     .action = Action::kDeny},
    {.name = "row 4: judged under an older generation waits and asks",
     .policy = APolicy().WithGeneration(4),
     .scan = AScan().Judged("Pass"),
     .pending = true,
     .ask = true},
    {.name = "row 4: still so at the deadline answers by onUnscanned",
     .policy = APolicy().WithGeneration(4),
     .scan = AScan().Judged("Pass"),
     .elapsed = seconds(3),
     .action = Action::kDeny,
     .ask = true,
     .text = "not yet judged by generation 4"},
    {.name = "row 4: the judgement of a policy that was deleted and made anew is not the new one's",
     .policy = APolicy().MadeAnew(),
     .scan = AScan().Judged("Pass"),
     .pending = true,
     .ask = true},
    // Admission pitfall 53.
    {.name = "row 4: a scan that other policies alone have judged waits",
     .policy = APolicy(),
     .scan = AScan().Judged("Pass", "another"),
     .pending = true,
     .ask = true},
    {.name = "row 6: not scanned waits and asks",
     .policy = APolicy(),
     .pending = true,
     .ask = true},
    {.name = "row 6: not resolved waits and asks",
     .policy = APolicy(),
     .resolved = false,
     .pending = true,
     .ask = true},
    {.name = "row 6: being scanned waits and does not ask again",
     .policy = APolicy(),
     .scan = AScan().Ready("False", "Scanning", ""),
     .pending = true},
    // Admission pitfall 71.
    {.name = "row 6: waitSeconds is over, onUnscanned Deny",
     .policy = APolicy(),
     .elapsed = seconds(3),
     .action = Action::kDeny,
     .ask = true,
     .text = "not scanned yet"},
    {.name = "row 6: waitSeconds is over, onUnscanned Warn",
     .policy = APolicy().With("onUnscanned", "Warn"),
     .elapsed = seconds(3),
     .action = Action::kWarn,
     .ask = true},
    {.name = "row 6: waitSeconds is over, onUnscanned Allow",
     .policy = APolicy().With("onUnscanned", "Allow"),
     .elapsed = seconds(3),
     .ask = true},
    {.name = "row 6: the request's own time is over before waitSeconds",
     .policy = APolicy(),
     .elapsed = seconds(1),
     .budget = seconds(1),
     .action = Action::kDeny,
     .ask = true},
    {.name = "row 6: waitSeconds 0 never waits",
     .policy = APolicy().With("waitSeconds", 0),
     .action = Action::kDeny,
     .ask = true},
    {.name = "row 6: nobody waits for an Audit policy, but the scan is asked for",
     .policy = APolicy().With("enforcement", "Audit"),
     .ask = true},
    {.name = "row 7: a scan that failed answers by onIncomplete with the reason, and is asked for",
     .policy = APolicy(),
     .scan = AScan().Ready("False", "TooLarge", "layer 3 inflates to 30 GiB"),
     .image = kPinned,
     .action = Action::kDeny,
     .ask = true,
     .text = "TooLarge: layer 3 inflates to 30 GiB"},
    {.name = "row 7: onIncomplete Warn",
     .policy = APolicy().With("onIncomplete", "Warn"),
     .scan = AScan().Ready("False", "UnsupportedOS", "no feed for plan9"),
     .action = Action::kWarn,
     .ask = true,
     .text = "UnsupportedOS"},
    {.name = "row 3: what was decided counts, although a part of the image could not be",
     .policy = APolicy(),
     .scan = AScan().Judged("Pass").Ready("False", "UnsupportedOS", "no feed for plan9")},
    {.name = "row 3: a Fail denies without a database, whatever onIncomplete says",
     .policy = APolicy().With("onIncomplete", "Allow"),
     .scan = AScan()
                 .Judged("Fail")
                 .Violating("not-root", 1, "USER is root")
                 .Ready("False", "NoDatabase", "there is no advisory database"),
     .action = Action::kDeny,
     .text = "rule not-root: USER is root"},
    {.name = "row 7: an Unknown says Ready's reason and the rule's",
     .policy = APolicy(),
     .scan = AScan()
                 .Judged("Unknown")
                 .Unknown("rule no-critical: coverage advisories is Unsupported")
                 .Ready("False", "UnsupportedOS", "no feed for plan9"),
     .action = Action::kDeny,
     .text = "UnsupportedOS: rule no-critical: coverage advisories"},
    {.name = "row 7: an Unknown of an image that is looked at again says the rule's alone",
     .policy = APolicy(),
     .scan = AScan().Judged("Unknown").Unknown("rule x: why").Ready("False", "Queued", "waits"),
     .action = Action::kDeny,
     .text = "\nrule x: why"},
    {.name = "row 7: Ready answers where there is no judgement of this generation",
     .policy = APolicy().WithGeneration(4),
     .scan = AScan().Judged("Pass").Ready("False", "NoDatabase", "there is no advisory database"),
     .action = Action::kDeny,
     .ask = true,
     .text = "NoDatabase: there is no advisory database"},
    {.name = "row 7: incomplete coverage",
     .policy = APolicy(),
     .scan = AScan().Judged("Unknown").Unknown("coverage dpkg is Failed: status breaks off"),
     .action = Action::kDeny,
     .text = "coverage dpkg is Failed"},
    {.name = "row 7: an image that cannot be pulled",
     .policy = APolicy(),
     .resolved = false,
     .failure = kUnauthorized,
     .action = Action::kDeny,
     .text = "PullUnauthorized: registry answered 401"},
    // Admission pitfall 76.
    {.name = "row 7: a database older than maxDatabaseAge turns a Pass into Unknown",
     .policy = APolicy().With("maxDatabaseAge", "72h"),
     .scan = AScan().Judged("Pass").BuiltAt("2026-11-20T00:00:00Z"),
     .action = Action::kDeny,
     .text = "older than maxDatabaseAge"},
    // Admission pitfall 76.
    {.name = "row 7: a database of unknown age is not young",
     .policy = APolicy().With("maxDatabaseAge", "72h"),
     .scan = AScan().Judged("Pass").BuiltAt(""),
     .action = Action::kDeny,
     .text = "is not known"},
    {.name = "row 7: nor is a database of a time to come",
     .policy = APolicy().With("maxDatabaseAge", "72h"),
     .scan = AScan().Judged("Pass").BuiltAt("2046-11-20T00:00:00Z"),
     .action = Action::kDeny,
     .text = "a time to come: its age is not known"},
    {.name = "row 7: an old database does not excuse what it found, onIncomplete Allow",
     .policy = APolicy().With("maxDatabaseAge", "72h").With("onIncomplete", "Allow"),
     .scan = AScan().Judged("Fail").Violating("r", 1, "CVE-1").BuiltAt("2026-11-20T00:00:00Z"),
     .action = Action::kDeny,
     .text = "CVE-1"},
    {.name = "row 3: an old database says nothing about rules that need none",
     .policy = APolicy()
                   .With("maxDatabaseAge", "72h")
                   .With("rules",
                         json::array({{{"name", "not-root"}, {"image", {{"runsAsRoot", true}}}}})),
     .scan = AScan().Judged("Pass").BuiltAt("2026-11-20T00:00:00Z")},
    {.name = "row 7: a young enough database",
     .policy = APolicy().With("maxDatabaseAge", "72h"),
     .scan = AScan().Judged("Pass")},
    // Admission pitfall 52.
    {.name = "row 7: an object of this name about another digest decides nothing",
     .policy = APolicy(),
     .scan = AScan().Judged("Pass").About("sha256:" + std::string(64, 'a')),
     .action = Action::kDeny,
     .text = "NameCollision"},
    {.name = "row 7: a reference that cannot be parsed is judged by every policy",
     .policy = APolicy().With("match", {{"images", {"other.example.com/**"}}}),
     .image = "UPPER//case::",
     .action = Action::kDeny,
     .text = "InvalidReference"},
    {.name = "row 8: the controller cannot be reached, a known digest is judged",
     .policy = APolicy(),
     .scan = AScan().Judged("Pass"),
     .failure = kUnreachable},
    {.name = "row 8: the controller cannot be reached, the rest answers at once",
     .policy = APolicy(),
     .resolved = false,
     .failure = kUnreachable,
     .action = Action::kDeny,
     .ask = true,
     .text = "controller cannot be reached"},
    {.name = "a verdict word that is not known is not a pass",
     .policy = APolicy(),
     .scan = AScan().Judged("Splendid"),
     .action = Action::kDeny},
    {.name = "a rule that cannot be read needs the scan",
     .policy = APolicy(),
     .scan = AScan().Judged("Unknown").Unknown("rule x: RuleError"),
     .action = Action::kDeny,
     .text = "RuleError"},
};

// Pitfall 156: pending, failed and denied are answered apart.
TEST(Decide, FollowsTheTable) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    const Decision decision = Decide(FactsOf(c));
    EXPECT_EQ(ActionName(decision.action), ActionName(c.action));
    EXPECT_EQ(decision.pending, c.pending);
    EXPECT_EQ(decision.images[0].ask, c.ask);
    std::string all;
    for (const auto& judgement : decision.images[0].judgements) all += "\n" + judgement.text;
    EXPECT_NE(all.find(c.text), std::string::npos) << all;
  }
}

ImageFacts ImageWith(const std::string& reference, std::optional<AScan> scan) {
  ImageFacts image;
  image.written = reference;
  image.reference = *ImageReference::Parse(reference);
  image.digest = *Digest::Parse(kDigest);
  if (scan) image.scan = scan->Make();
  return image;
}

Facts TwoImages(std::optional<AScan> first, std::optional<AScan> second) {
  Facts facts;
  facts.now = kNow;
  facts.budget = seconds(9);
  facts.policies = {APolicy().Make()};
  facts.images = {ImageWith("a.example.com/a:1", first), ImageWith("b.example.com/b:1", second)};
  return facts;
}

TEST(Decide, TheWorstImageDecides) {
  EXPECT_EQ(Decide(TwoImages(AScan().Judged("Pass"), AScan().Judged("Fail"))).action,
            Action::kDeny);
  EXPECT_EQ(Decide(TwoImages(AScan().Judged("Warn"), AScan().Judged("Pass"))).action,
            Action::kWarn);
}

TEST(Decide, ADenialIsNotHeldBackByAnImageThatIsStillToCome) {
  const Decision decision = Decide(TwoImages(AScan().Judged("Fail"), std::nullopt));
  EXPECT_EQ(decision.action, Action::kDeny);
  EXPECT_FALSE(decision.pending);
  EXPECT_TRUE(decision.images[1].ask);  // its scan starts all the same
}

TEST(Decide, AnAllowedImageDoesNotHideOneThatIsStillToCome) {
  const Decision decision = Decide(TwoImages(AScan().Judged("Pass"), std::nullopt));
  EXPECT_TRUE(decision.pending);
  EXPECT_EQ(decision.decide_again, seconds(3));
}

TEST(Decide, EachPolicyAnswersByItsOwnEnforcementAndWait) {
  Facts facts = TwoImages(AScan().Judged("Pass"), AScan().Judged("Fail", "second"));
  facts.images.erase(facts.images.begin());
  facts.policies = {APolicy("first").With("waitSeconds", 2).With("onUnscanned", "Allow").Make(),
                    APolicy("second").With("enforcement", "Warn").Make(),
                    APolicy("third").With("waitSeconds", 5).With("onUnscanned", "Warn").Make()};
  Decision decision = Decide(facts);
  EXPECT_TRUE(decision.pending);
  EXPECT_EQ(decision.decide_again, seconds(2));
  EXPECT_EQ(decision.action, Action::kWarn);  // the second's Fail
  facts.elapsed = seconds(2);
  decision = Decide(facts);
  EXPECT_TRUE(decision.pending);
  EXPECT_EQ(decision.decide_again, seconds(5));
  facts.elapsed = seconds(5);
  decision = Decide(facts);
  EXPECT_FALSE(decision.pending);
  EXPECT_EQ(decision.action, Action::kWarn);
}

TEST(Decide, AnImageUnderNoPolicyIsAllowed) {
  Facts facts = TwoImages(std::nullopt, std::nullopt);
  facts.policies.clear();
  const Decision decision = Decide(facts);
  EXPECT_EQ(decision.action, Action::kAllow);
  EXPECT_FALSE(decision.pending);
  EXPECT_FALSE(decision.images[0].ask);
}

}  // namespace
}  // namespace landwaiter::admission
