// The scan gate at both doors: /mutate puts it on, /validate lets those wait that have it and
// nobody but the controller take it off.
#include <gtest/gtest.h>

#include "tests/unit/webhook/mutate_fixture.h"

namespace landwaiter::webhook {
namespace {

using namespace testing;

const std::string kController = "system:serviceaccount:landwaiter:controller";

json Gated(json pod) {
  pod["spec"]["schedulingGates"] = json::array({{{"name", "landwaiter.io/scan"}}});
  return pod;
}

class Hold : public Mutate {
 protected:
  json GatesOf(const json& pod) { return pod["spec"].value("schedulingGates", json::array()); }

  /// A wait of no time: what is not known now is held.
  const APolicy holds_ = APolicy().With("onUnscanned", "Hold").With("waitSeconds", 0);
  metrics::Registry other_registry_;
};

const json kGate = {{"name", "landwaiter.io/scan"}};

TEST_F(Hold, APodWhoseVerdictIsNotInIsGated) {
  Know(holds_);
  controller_.Close();
  EXPECT_EQ(GatesOf(Mutated(AReview())), json::array({kGate}));
  EXPECT_EQ(controller_.WaitForQuestion().references, std::vector<std::string>{kImage})
      << "the scan is asked for";
  EXPECT_NE(Metrics().find("landwaiter_mutation_requests_total{result=\"held\"} 1"),
            std::string::npos);
}

TEST_F(Hold, TheGatesOfOthersStay) {
  Know(holds_);
  json pod = APod({kImage});
  pod["spec"]["schedulingGates"] = json::array({{{"name", "other.io/x"}}});
  EXPECT_EQ(GatesOf(Mutated(AReview(pod))), json::array({{{"name", "other.io/x"}}, kGate}));
  pod["spec"]["schedulingGates"] = json::array();
  EXPECT_EQ(GatesOf(Mutated(AReview(pod))), json::array({kGate}));
}

// Admission pitfall 47: no patch, and no type of one.
TEST_F(Hold, APodThatIsGatedAlreadyIsLeftAlone) {
  Know(holds_);
  EXPECT_EQ(Mutated(AReview(Gated(APod({kImage})))), Gated(APod({kImage})));
}

TEST_F(Hold, TheVerdictIsWaitedForBeforeTheGate) {
  Know(APolicy().With("onUnscanned", "Hold").With("waitSeconds", 29));
  auto future = PostMutation(AReview(APod({kPinned})).Text(), "timeout=30s");
  controller_.WaitForQuestion();
  EXPECT_FALSE(IsReady(future));
  Know(AScan().Judged("Pass"));
  EXPECT_FALSE(Answer(std::move(future)).contains("patch"));
}

struct NoGateCase {
  const char* name;
  APolicy policy;
  AReview review;
  std::optional<AScan> scan = std::nullopt;
};

json OnNode(json pod) {
  pod["spec"]["nodeName"] = "node-a";
  return pod;
}

json Mirror(json pod) {
  pod["metadata"]["annotations"]["kubernetes.io/config.mirror"] = "x";
  return pod;
}

const APolicy kHolds = APolicy().With("onUnscanned", "Hold").With("waitSeconds", 0);

const NoGateCase kNoGate[] = {
    {"a policy that denies holds nothing", APolicy().With("waitSeconds", 0), AReview()},
    {"a policy of another namespace holds nothing here",
     APolicy(kHolds).ForNamespacesWith("team", "bank"), AReview()},
    {"a policy that warns holds nothing", APolicy(kHolds).With("enforcement", "Warn"), AReview()},
    {"a policy that records holds nothing", APolicy(kHolds).With("enforcement", "Audit"),
     AReview()},
    {"an image that passed is not held", kHolds, AReview(APod({kPinned})), AScan().Judged("Pass")},
    {"an image that failed is for the other door", kHolds, AReview(APod({kPinned})),
     AScan().Judged("Fail")},
    {"a pod whose node is chosen cannot be held", kHolds, AReview(OnNode(APod({kImage})))},
    {"a mirror pod is never changed", kHolds, AReview(Mirror(APod({kImage})))},
    {"a gate cannot be put on later", kHolds,
     AReview(APod({kImage})).Update(APod({"r.io/other:1"}))},
    {"an ephemeral container is not held", kHolds,
     AReview(APod({kImage})).Update(APod({"r.io/o:1"})).With("subResource", "ephemeralcontainers")},
    {"a pod that cannot be read is for the other door", kHolds,
     AReview(json{{"spec", {{"containers", "none"}}}})},
    {"a Deployment is not changed", kHolds, AReview().Kind("apps", "Deployment")},
};

// Admission pitfalls 38 and 47.
TEST_F(Hold, NoGateIsPutOnWhereItDoesNotBelong) {
  for (const NoGateCase& c : kNoGate) {
    SCOPED_TRACE(c.name);
    memory_.RemoveScan(resources::ScanName(*Digest::Parse(kDigest)));
    Know(c.policy);
    if (c.scan) Know(*c.scan);
    EXPECT_FALSE(Answer(PostMutation(c.review.Text())).contains("patch"));
  }
}

TEST_F(Hold, ADryRunShowsTheGateAndAsksNothing) {
  Know(holds_);
  EXPECT_EQ(GatesOf(Mutated(AReview().With("dryRun", true))), json::array({kGate}));
  EXPECT_TRUE(controller_.Asked().empty());
}

TEST_F(Hold, WhatIsNoReviewIsRefusedByBothDoors) {
  for (const char* body : {"", "{", "[]", R"({"kind":"AdmissionReview"})", "\x80"}) {
    EXPECT_EQ(PostMutation(body).get().status, 400) << body;
  }
}

TEST_F(Hold, WithoutTheSwitchNothingIsHeld) {
  Know(holds_);
  MutationHandler off(deliberation_, memory_, {}, other_registry_);
  std::promise<std::string> body;
  http::ServerRequest request;
  request.body = AReview().Text();
  off.Handle(std::move(request), http::Responder([&](http::ServerResponse&& response) {
               body.set_value(response.body);
             }));
  EXPECT_FALSE(json::parse(body.get_future().get())["response"].contains("patch"));
}

// --- /validate

// Admission pitfall 5: the other door has waited.
TEST_F(Hold, AGatedPodIsLetInAtOnceAndSaysWhatItWaitsFor) {
  Know(APolicy().With("onUnscanned", "Hold").With("waitSeconds", 29));
  controller_.Close();
  const json answer = Answer(AReview(Gated(APod({kImage}))), "timeout=30s");
  EXPECT_EQ(answer["allowed"], true);
  EXPECT_EQ(answer["auditAnnotations"]["verdict"], "Hold");
  EXPECT_NE(answer["warnings"][0].get<std::string>().find("the pod waits for that, at most 10m"),
            std::string::npos);
  EXPECT_NE(Metrics().find("requests_total{verdict=\"warn\",reason=\"held\"} 1"),
            std::string::npos);
}

TEST_F(Hold, WhatIsNotGatedIsDenied) {
  Know(holds_);
  for (const AReview& review : {AReview(), AReview(OnNode(APod({kImage}))),
                                AReview(Gated(APod({kImage})))
                                    .Update(Gated(APod({"r.io/o:1"})))
                                    .With("subResource", "ephemeralcontainers")}) {
    EXPECT_EQ(Answer(review)["allowed"], false);
  }
}

TEST_F(Hold, AGatedPodWithABadImageIsDenied) {
  Know(holds_);
  Know(AScan().Judged("Fail"));
  EXPECT_EQ(Answer(AReview(Gated(APod({kPinned}))))["allowed"], false);
}

TEST_F(Hold, AnImageThatIsSwappedWhileThePodWaitsIsJudged) {
  Know(holds_);
  Know(AScan().Judged("Fail"));
  const json old = Gated(APod({kImage}));
  EXPECT_EQ(Answer(AReview(Gated(APod({kPinned}))).Update(old))["allowed"], false);
  EXPECT_EQ(Answer(AReview(Gated(APod({"r.io/unknown:1"}))).Update(old))["allowed"], true)
      << "it waits on";
}

TEST_F(Hold, NobodyButTheControllerTakesTheGateOff) {
  const json gated = Gated(APod({kImage}));
  const json open = APod({kImage});
  const auto removal = [&] { return AReview(open).Update(gated); };
  // No policy: what was held stays guarded until the controller lets it go.
  for (const auto& user :
       {"alice", "system:admin", "system:serviceaccount:landwaiter:webhook",
        "system:serviceaccount:landwaiter:controller2", "system:serviceaccount:shop:controller"}) {
    const json answer = Answer(removal().By(user, {"system:masters"}));
    EXPECT_EQ(answer["allowed"], false) << user;
    EXPECT_NE(answer["status"]["message"].get<std::string>().find("landwaiter.io/scan"),
              std::string::npos);
  }
  EXPECT_EQ(Answer(removal().By(kController, {}))["allowed"], true);
  EXPECT_EQ(Answer(AReview(gated).Update(gated))["allowed"], true) << "another change";
  json going = open;
  going["metadata"]["deletionTimestamp"] = "2026-11-24T12:00:00Z";
  EXPECT_EQ(Answer(AReview(going).Update(gated))["allowed"], true) << "one that is being deleted";
}

TEST_F(Hold, AGateUnderAnotherNameOrShapeIsNoGate) {
  json old = APod({kImage});
  const json open = APod({kImage});
  for (const char* gates :
       {R"([{"name":"landwaiter.io/scan2"}])", R"(["landwaiter.io/scan"])",
        R"("landwaiter.io/scan")", R"([{"name":["landwaiter.io/scan"]}])", "{}", "[null]"}) {
    old["spec"]["schedulingGates"] = json::parse(gates);
    EXPECT_EQ(Answer(AReview(open).Update(old))["allowed"], true) << gates;
  }
}

TEST_F(Hold, AnObjectThatCannotBeReadKeepsItsGateToo) {
  json broken = APod({kImage});
  broken["spec"]["containers"] = "none";
  EXPECT_EQ(Answer(AReview(broken).Update(Gated(APod({kImage}))))["allowed"], false);
}

TEST_F(Hold, ADeploymentIsNotToldThatItsPodsWouldBeDenied) {
  Know(holds_);
  const json template_of = {{"spec", {{"template", APod({kImage})}}}};
  const json answer = Answer(AReview(template_of).Kind("apps", "Deployment"));
  EXPECT_EQ(answer["allowed"], true);
  EXPECT_EQ(answer["warnings"][0].get<std::string>().find("would deny"), std::string::npos);
}

}  // namespace
}  // namespace landwaiter::webhook
