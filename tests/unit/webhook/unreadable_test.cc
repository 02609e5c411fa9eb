// What /validate answers to what it cannot read.
#include <gtest/gtest.h>

#include "tests/unit/webhook/validate_fixture.h"

namespace landwaiter::webhook {
namespace {

using namespace testing;

TEST_F(Validate, AMalformedReviewIs400) {
  auto response = Post("{").get();
  EXPECT_EQ(response.status, 400);
  AReview other;
  other.Json()["apiVersion"] = "admission.k8s.io/v1beta1";
  response = Post(other.Text()).get();
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(json::parse(response.body)["response"]["uid"], "uid-1");
}

TEST_F(Validate, MoreThanTwoHundredDistinctImagesAreDeniedWithTheReason) {
  Know(APolicy());
  std::vector<std::string> images;
  for (int i = 0; i < 201; ++i) images.push_back("a.example.com/i" + std::to_string(i));
  const json answer = Answer(AReview(APod(images)));
  EXPECT_EQ(answer["allowed"], false);
  EXPECT_NE(answer["status"]["message"].get<std::string>().find("201 distinct images, at most 200"),
            std::string::npos);
  const std::vector<std::string> same(300, kPinned);
  Know(AScan().Judged("Pass"));
  EXPECT_EQ(Answer(AReview(APod(same)))["allowed"], true);
}

json BadPod() { return {{"spec", 7}}; }
json BadPodOnItsWayOut() {
  json pod = BadPod();
  pod["metadata"]["deletionTimestamp"] = "2026-11-24T12:00:00Z";
  return pod;
}

struct UnreadableCase {
  const char* name;
  APolicy policy;
  AReview review;
  bool allowed;
  const char* warning = "";
};

const UnreadableCase kUnreadableCases[] = {
    {"a pod is denied", APolicy(), AReview(BadPod()), false},
    {"a pod in a namespace without a policy is none of ours",
     APolicy().ForNamespacesWith("team", "other"), AReview(BadPod()), true},
    {"a pod that is being deleted may go", APolicy(), AReview(BadPodOnItsWayOut()).Update(BadPod()),
     true},
    {"policies that only warn do so", APolicy().With("enforcement", "Warn"), AReview(BadPod()),
     true, "landwaiter: it cannot judge this: "},
    {"policies that only record do so", APolicy().With("enforcement", "Audit"), AReview(BadPod()),
     true},
    {"onIncomplete excuses nothing that was not read", APolicy().With("onIncomplete", "Allow"),
     AReview(BadPod()), false},
    {"a workload is warned about", APolicy(), AReview(BadPod()).Kind("apps", "Deployment"), true,
     "landwaiter would deny: it cannot judge this: "},
    {"a workload in a namespace without a policy passes without a word",
     APolicy().ForNamespacesWith("team", "other"), AReview(BadPod()).Kind("apps", "Deployment"),
     true},
    {"a dry run is answered alike", APolicy(), AReview(BadPod()).With("dryRun", true), false},
};

TEST_F(Validate, WhatCannotBeReadIsAnsweredByThePoliciesAndTheKindOfObject) {
  for (const UnreadableCase& c : kUnreadableCases) {
    SCOPED_TRACE(c.name);
    Know(c.policy);
    const json answer = Answer(c.review);
    EXPECT_EQ(answer["allowed"], c.allowed);
    if (!c.allowed) {
      EXPECT_EQ(answer["status"]["code"], 400);
      EXPECT_NE(answer["status"]["message"].get<std::string>().find("spec"), std::string::npos);
    }
    const json warnings = answer.value("warnings", json::array());
    ASSERT_EQ(warnings.empty(), std::string(c.warning).empty()) << warnings;
    if (!warnings.empty()) {
      EXPECT_EQ(warnings[0].get<std::string>().find(c.warning), 0u) << warnings;
    }
  }
}

TEST_F(Validate, TooManyImagesWhereNoPolicyHoldsAreNoneOfOurs) {
  Know(APolicy().ForNamespacesWith("team", "other"));
  std::vector<std::string> images;
  for (int i = 0; i < 201; ++i) images.push_back("a.example.com/i" + std::to_string(i));
  EXPECT_EQ(Answer(AReview(APod(images)))["allowed"], true);
}

}  // namespace
}  // namespace landwaiter::webhook
