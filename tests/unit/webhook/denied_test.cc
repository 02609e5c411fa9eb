// Denials of workloads (denyWorkloads), and of pods whose owners are to be nudged.
#include <gtest/gtest.h>

#include "tests/unit/webhook/validate_fixture.h"

namespace landwaiter::webhook {
namespace {

using namespace testing;

json OwnedBy(json object, const std::string& kind) {
  object["metadata"]["ownerReferences"] = json::array(
      {{{"apiVersion", "v1"}, {"kind", "Collector"}, {"name", "other"}, {"uid", "uid-other"}},
       {{"apiVersion", "apps/v1"},
        {"kind", kind},
        {"name", "web"},
        {"uid", "uid-web"},
        {"controller", true}}});
  return object;
}

json Template(const std::string& image) { return {{"spec", {{"template", APod({image})}}}}; }

AReview ADeployment(const std::string& image) {
  return AReview(Template(image)).Kind("apps", "Deployment");
}

const APolicy kDenies = APolicy().With("denyWorkloads", true);

// --- denyWorkloads

TEST_F(Validate, AWorkloadIsDeniedWhereAPolicySaysSo) {
  Know(kDenies);
  Know(AScan().Judged("Fail").Violating("no-critical", 1, "CVE-1"));
  const json answer = Answer(ADeployment(kPinned));
  EXPECT_EQ(answer["allowed"], false);
  EXPECT_NE(answer["status"]["message"].get<std::string>().find("CVE-1"), std::string::npos);
  EXPECT_EQ(answer["auditAnnotations"]["verdict"], "Deny");
}

TEST_F(Validate, AWorkloadWaitsForItsVerdictAsAPodDoes) {
  Know(APolicy(kDenies).With("waitSeconds", 29));
  auto future = Post(ADeployment(kPinned).Text(), "timeout=30s");
  controller_.WaitForQuestion();
  EXPECT_FALSE(IsReady(future));
  Know(AScan().Judged("Pass"));
  EXPECT_EQ(Answer(std::move(future))["allowed"], true);
}

TEST_F(Validate, AWorkloadOfAPolicyThatOnlyWarnsWaitsForNothing) {
  Know(APolicy().With("waitSeconds", 29));
  controller_.Close();
  auto future = Post(ADeployment(kPinned).Text(), "timeout=30s");
  EXPECT_TRUE(IsReady(future));
  const json answer = Answer(std::move(future));
  EXPECT_EQ(answer["allowed"], true);
  EXPECT_EQ(answer["auditAnnotations"]["verdict"], "Warn");
}

TEST_F(Validate, WhatAControllerMadeIsNotDeniedOnceMore) {
  Know(kDenies);
  Know(AScan().Judged("Fail"));
  const json answer =
      Answer(AReview(OwnedBy(Template(kPinned), "Deployment")).Kind("apps", "ReplicaSet"));
  EXPECT_EQ(answer["allowed"], true);
  EXPECT_NE(answer["warnings"].size(), 0u);
}

TEST_F(Validate, AWorkloadOfAnotherPolicysFailureIsNotDenied) {
  Know(APolicy());
  Know(APolicy("other").With("denyWorkloads", true));
  Know(AScan().Judged("Fail").Judged("Pass", "other"));
  EXPECT_EQ(Answer(ADeployment(kPinned))["allowed"], true);
}

TEST_F(Validate, AnUnchangedTemplatePassesWhateverItHolds) {
  Know(kDenies);
  Know(AScan().Judged("Fail"));
  EXPECT_EQ(Answer(ADeployment(kPinned).Update(Template(kPinned)))["allowed"], true);
}

TEST_F(Validate, AWorkloadThatCannotBeReadIsOnlyWarnedAbout) {
  Know(kDenies);
  EXPECT_EQ(Answer(AReview(json{{"spec", "none"}}).Kind("apps", "Deployment"))["allowed"], true);
}

// --- whose pods are denied

TEST_F(Validate, TheControllerIsToldWhosePodWaitsForAVerdict) {
  Know(APolicy().With("waitSeconds", 0));
  EXPECT_EQ(Answer(AReview(OwnedBy(APod({kImage}), "ReplicaSet")))["allowed"], false);
  const auto told = controller_.WaitForDenial();
  EXPECT_EQ(told.denied_owner.kind, "ReplicaSet");
  EXPECT_EQ(told.denied_owner.uid, "uid-web");
  EXPECT_EQ(told.references, std::vector<std::string>{kImage});
}

TEST_F(Validate, NobodyIsToldOfOtherDenials) {
  Know(APolicy().With("waitSeconds", 0));
  Know(AScan().Judged("Fail"));
  EXPECT_EQ(Answer(AReview(OwnedBy(APod({kPinned}), "ReplicaSet")))["allowed"], false) << "judged";
  EXPECT_EQ(Answer(AReview(APod({"r.io/bare:1"})))["allowed"], false) << "no owner";
  EXPECT_EQ(Answer(AReview(OwnedBy(APod({"r.io/dry:1"}), "Job")).With("dryRun", true))["allowed"],
            false);
  // Questions of one namespace are asked in turn: this one would come behind theirs.
  EXPECT_EQ(Answer(AReview(OwnedBy(APod({kImage}), "ReplicaSet")))["allowed"], false);
  EXPECT_EQ(controller_.WaitForDenial().references, std::vector<std::string>{kImage});
  EXPECT_EQ(controller_.Denials(), 1u);
}

}  // namespace
}  // namespace landwaiter::webhook
