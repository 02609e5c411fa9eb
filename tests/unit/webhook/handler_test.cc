// The decisions of /validate: reviews in, exact answers out.
#include "webhook/handler.h"

#include <gtest/gtest.h>

#include "tests/unit/webhook/validate_fixture.h"
#include "webhook/informers.h"

namespace landwaiter::webhook {
namespace {

using namespace testing;

const AReview kPinnedPod{APod({kPinned})};

// Admission pitfalls 6 and 9.
TEST_F(Validate, AdmitsAnImageThatPassedWithExactlyThisAnswer) {
  Know(APolicy());
  Know(AScan().Judged("Pass"));
  auto future = Post(kPinnedPod.Text());
  ASSERT_TRUE(IsReady(future));  // from memory, before Handle returned
  const auto response = future.get();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body,
            R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{)"
            R"("allowed":true,"auditAnnotations":{"database":"2026-11-24T06:00:00Z","digests":")" +
                kPinned + "=" + kDigest +
                R"(","policies":"baseline@3=Pass","verdict":"Allow"},"uid":"uid-1"}})");
  EXPECT_TRUE(controller_.Asked().empty());
}

// Admission pitfall 11.
TEST_F(Validate, DeniesAnImageThatFailedWithExactlyThisMessage) {
  Know(APolicy());
  Know(AScan().Judged("Fail").Violating(
      "no-critical", 5,
      "CVE-2021-44228 (Critical) in log4j-core 2.14.1, fixed in 2.15.0; CVE-2 (Critical) in a 1, "
      "no "
      "fixed version; CVE-3 (Critical) in b 1, no fixed version; and 2 more"));
  const json answer = Answer(kPinnedPod);
  EXPECT_EQ(answer["allowed"], false);
  EXPECT_EQ(answer["status"]["code"], 403);
  EXPECT_EQ(answer["status"]["reason"], "Forbidden");
  EXPECT_EQ(answer["status"]["message"],
            "image registry.example.com/shop/cart@sha256:" + kDigestHex.substr(0, 12) + "…" +
                " (container c0): policy baseline: rule no-critical: CVE-2021-44228 (Critical) in "
                "log4j-core 2.14.1, fixed in 2.15.0; CVE-2 (Critical) in a 1, no fixed version; "
                "CVE-3 (Critical) in b 1, no fixed version; and 2 more; kubectl describe imagescan "
                "sha256-4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1");
  EXPECT_NE(Metrics().find("requests_total{verdict=\"deny\",reason=\"content\"} 1"),
            std::string::npos);
}

// Admission pitfall 7.
TEST_F(Validate, Row1_WithoutAMatchingPolicyNothingIsAsked) {
  Know(APolicy().ForNamespacesWith("team", "other"));
  const json answer = Answer(AReview());
  EXPECT_EQ(answer["allowed"], true);
  EXPECT_EQ(answer["auditAnnotations"]["policies"], "none matches");
  EXPECT_TRUE(controller_.Asked().empty());
}

TEST_F(Validate, PitfallA7_ReferenceRulesAreDecidedBeforeAnyQuestion) {
  Know(APolicy().OnlyReferenceRule({{"registries", {"good.example.com"}}}));
  const json answer = Answer(AReview());
  EXPECT_EQ(answer["allowed"], false);
  EXPECT_NE(answer["status"]["message"].get<std::string>().find("rule names"), std::string::npos);
  EXPECT_TRUE(controller_.Asked().empty());
}

// Admission pitfall 10.
TEST_F(Validate, Row6_AnUnknownImageIsAskedForAndAdmittedWhenItsScanPasses) {
  Know(APolicy());
  json pod = APod({kImage});
  pod["spec"]["serviceAccountName"] = "builder";
  pod["spec"]["imagePullSecrets"] = {{{"name", "z"}}, {{"name", "a"}}, {{"name", "z"}}};
  auto future = Post(AReview(pod).Text());
  const auto question = controller_.WaitForQuestion();
  EXPECT_EQ(question.ns, "shop");
  EXPECT_EQ(question.service_account, "builder");
  EXPECT_EQ(question.pull_secrets, (std::vector<std::string>{"z", "a"}));
  EXPECT_EQ(question.references, std::vector<std::string>{kImage});
  Know(AScan().Ready("False", "Scanning", ""));
  EXPECT_FALSE(IsReady(future));
  Know(AScan().Judged("Pass"));
  EXPECT_EQ(Answer(std::move(future))["allowed"], true);
  EXPECT_EQ(controller_.Asked().size(), 1u);
}

TEST_F(Validate, PullSecretsBeyondTheBoundAreLeftOutAloudAndTheImageIsAskedFor) {
  Know(APolicy().With("waitSeconds", 0));
  json pod = APod({kImage});
  pod["spec"]["imagePullSecrets"] = {{{"name", std::string(300, 'x')}}};
  for (std::size_t i = 0; i < resources::kMaxEnsureSecrets + 5; ++i) {
    pod["spec"]["imagePullSecrets"].push_back({{"name", "s" + std::to_string(i)}});
  }
  ::testing::internal::CaptureStderr();
  auto future = Post(AReview(pod).Text());
  const std::string log = ::testing::internal::GetCapturedStderr();
  const auto question = controller_.WaitForQuestion();
  EXPECT_EQ(question.pull_secrets.size(), resources::kMaxEnsureSecrets);
  EXPECT_EQ(question.pull_secrets.front(), "s0");
  EXPECT_TRUE(resources::EnsureRequestFromJson(resources::ToJson(question)));
  EXPECT_NE(log.find("pull secrets left out"), std::string::npos) << log;
}

TEST_F(Validate, Row6_AtTheDeadlineOnUnscannedAnswers) {
  Know(APolicy().With("waitSeconds", 1));
  const json answer = Answer(AReview());
  EXPECT_EQ(answer["allowed"], false);
  EXPECT_NE(answer["status"]["message"].get<std::string>().find("not scanned yet"),
            std::string::npos);
  EXPECT_EQ(answer["auditAnnotations"]["unscanned"], kImage);
}

// Admission pitfall 6.
TEST_F(Validate, TheRequestsOwnTimeoutLessASecondBoundsTheWait) {
  Know(APolicy().With("waitSeconds", 9));
  EXPECT_EQ(Answer(AReview(), "timeout=1s")["allowed"], false);
  EXPECT_EQ(Answer(AReview(), "timeout=1500ms")["allowed"], false);
}

TEST_F(Validate, Row5_AResolvedTagIsKnownForTheSameCredentialsOnly) {
  Know(APolicy().With("waitSeconds", 1));
  Know(AScan().Judged("Pass"));
  EXPECT_EQ(Answer(AReview())["allowed"], true);
  EXPECT_EQ(controller_.Asked().size(), 1u);
  auto second = Post(AReview().Text());
  EXPECT_TRUE(IsReady(second));
  EXPECT_EQ(controller_.Asked().size(), 1u);
  json pod = APod({kImage});
  pod["spec"]["imagePullSecrets"] = {{{"name", "regcred"}}};
  EXPECT_EQ(Answer(AReview(pod))["allowed"], true);
  EXPECT_EQ(controller_.Asked().size(), 2u);
}

// Admission pitfalls 48 and 60.
TEST_F(Validate, Row5_ATagIsBelievedForFiveMinutesWithTheControllersShare) {
  Know(APolicy());
  Know(AScan().Judged("Pass"));
  const std::string key = EnsureKey({"shop", "default", {}}, kImage);
  const auto heard = [&](std::chrono::minutes ago) {
    memory_.PutEnsured(
        key, {*Digest::Parse(kDigest), std::nullopt, std::chrono::steady_clock::now() - ago});
  };
  const auto share = resources::kTagBelieved - resources::kTagBelievedByController;
  heard(share - std::chrono::minutes(1));
  EXPECT_EQ(Answer(AReview())["allowed"], true);
  EXPECT_TRUE(controller_.Asked().empty());
  heard(share);
  EXPECT_EQ(Answer(AReview())["allowed"], true);
  EXPECT_EQ(controller_.Asked(), std::vector<std::string>{kImage});
}

TEST_F(Validate, ManyRequestsForOneImageAreOneQuestion) {
  controller_.Close();
  Know(APolicy());
  std::vector<std::future<http::ServerResponse>> futures;
  for (int i = 0; i < 50; ++i) futures.push_back(Post(AReview().Text()));
  controller_.WaitForQuestion();
  Know(AScan().Judged("Pass"));
  controller_.Open();
  for (auto& future : futures) EXPECT_EQ(Answer(std::move(future))["allowed"], true);
  EXPECT_EQ(controller_.Asked().size(), 1u);
}

TEST_F(Validate, PitfallA8_WaitingHoldsNoThreadAndTooManyAreAnsweredAtOnce) {
  controller_.Close();
  Know(APolicy());
  std::vector<std::future<http::ServerResponse>> futures;
  for (int i = 0; i < 100; ++i) futures.push_back(Post(AReview().Text()));
  for (const auto& future : futures) EXPECT_FALSE(IsReady(future));
  EXPECT_EQ(Answer(AReview())["allowed"], false);  // the hundred-and-first
  EXPECT_NE(Metrics().find("waiters_full_total 1"), std::string::npos);
}

TEST_F(Validate, Row7_AnImageThatCannotBePulledAnswersByOnIncomplete) {
  controller_.Fail("PullUnauthorized");
  Know(APolicy());
  const json answer = Answer(AReview());
  EXPECT_EQ(answer["allowed"], false);
  EXPECT_NE(answer["status"]["message"].get<std::string>().find("PullUnauthorized: said so"),
            std::string::npos);
}

TEST_F(Validate, Row7_AScanThatFailedIsAskedForAgainByAPodOfItsDigest) {
  Know(APolicy());
  Know(AScan().Ready("False", "PullUnauthorized", "registry answered 401"));
  EXPECT_EQ(Answer(kPinnedPod)["allowed"], false);
  EXPECT_EQ(controller_.WaitForQuestion().references, std::vector<std::string>{kPinned});
}

TEST_F(Validate, Row8_WithoutAControllerTheAnswerComesAtOnce) {
  controller_.BeUnreachable();
  Know(APolicy().With("waitSeconds", 9).With("onUnscanned", "Warn"));
  const json answer = Answer(AReview());
  EXPECT_EQ(answer["allowed"], true);
  EXPECT_NE(answer["warnings"][0].get<std::string>().find("controller cannot be reached"),
            std::string::npos);
  EXPECT_NE(Metrics().find("ensure_total{result=\"unreachable\"} 1"), std::string::npos);
}

TEST_F(Validate, Row8_AnImageMoreThanItsNamespaceMayBringIsNotScannedYet) {
  controller_.Fail("TooManyNewImages");
  Know(APolicy().With("onUnscanned", "Warn").With("onIncomplete", "Deny"));
  const json answer = Answer(AReview());
  EXPECT_EQ(answer["allowed"], true);
  EXPECT_NE(
      answer["warnings"][0].get<std::string>().find("not scanned yet: TooManyNewImages: said so"),
      std::string::npos)
      << answer["warnings"];
}

TEST_F(Validate, PitfallD31_AnUpdateJudgesOnlyNewImages) {
  Know(APolicy());
  Know(AScan().Judged("Fail"));
  json changed = APod({kPinned});
  changed["metadata"]["labels"]["a"] = "b";
  EXPECT_EQ(Answer(AReview(changed).Update(APod({kPinned})))["allowed"], true);
  EXPECT_EQ(Answer(AReview(APod({kPinned})).Update(APod({"old.example.com/a:1"})))["allowed"],
            false);
}

TEST_F(Validate, PitfallD31_APodThatIsBeingDeletedStaysChangeable) {
  Know(APolicy());
  Know(AScan().Judged("Fail"));
  json pod = APod({kPinned});
  pod["metadata"]["deletionTimestamp"] = "2026-11-24T12:00:00Z";
  EXPECT_EQ(Answer(AReview(pod).Update(APod({"old.example.com/a:1"})))["allowed"], true);
}

TEST_F(Validate, PitfallD34_AnEphemeralContainerIsJudged) {
  Know(APolicy());
  Know(AScan().Judged("Fail"));
  json pod = APod({"old.example.com/a:1"});
  json debugged = pod;
  debugged["spec"]["ephemeralContainers"] = {{{"name", "debug"}, {"image", kPinned}}};
  const json answer =
      Answer(AReview(debugged).Update(pod).With("subResource", "ephemeralcontainers"));
  EXPECT_EQ(answer["allowed"], false);
  EXPECT_NE(answer["status"]["message"].get<std::string>().find("ephemeral container debug"),
            std::string::npos);
}

TEST_F(Validate, PitfallD38_AMirrorPodOfANodeIsWarnedAboutAndATenantsIsDenied) {
  Know(APolicy());
  Know(AScan().Judged("Fail"));
  json pod = APod({kPinned});
  pod["metadata"]["annotations"]["kubernetes.io/config.mirror"] = "hash";
  const json node = Answer(AReview(pod).By("system:node:n0", {"system:nodes"}));
  EXPECT_EQ(node["allowed"], true);
  EXPECT_EQ(node["warnings"].size(), 1u);
  EXPECT_EQ(Answer(AReview(pod))["allowed"], false);
}

// Admission pitfalls 8 and 42.
TEST_F(Validate, PitfallD41_ADryRunIsJudgedFromMemoryAndAsksAndCountsNothing) {
  Know(APolicy());
  const std::string before = Metrics();
  const json answer = Answer(AReview().With("dryRun", true));
  EXPECT_EQ(answer["allowed"], false);
  EXPECT_EQ(Metrics(), before);
  EXPECT_TRUE(controller_.Asked().empty());
  Know(AScan().Judged("Pass"));
  EXPECT_EQ(Answer(AReview(APod({kPinned})).With("dryRun", true))["allowed"], true);
}

json Deployment(const std::string& image) {
  return {{"kind", "Deployment"}, {"spec", {{"template", {{"spec", APod({image})["spec"]}}}}}};
}

// Admission pitfall 40.
TEST_F(Validate, AWorkloadIsNeverDeniedAndItsScanStartsEarly) {
  Know(APolicy());
  const json early = Answer(AReview(Deployment(kImage)).Kind("apps", "Deployment"));
  EXPECT_EQ(early["allowed"], true);
  EXPECT_EQ(early["warnings"].size(), 1u);
  controller_.WaitForQuestion();
  Know(AScan().Judged("Fail"));
  const json known = Answer(AReview(Deployment(kPinned)).Kind("apps", "Deployment"));
  EXPECT_EQ(known["allowed"], true);
  EXPECT_EQ(known["warnings"][0].get<std::string>().find("landwaiter would deny: image "), 0u);
}

TEST_F(Validate, PitfallD32_AnUnchangedTemplateOfAWorkloadPassesWithoutAWord) {
  Know(APolicy());
  Know(AScan().Judged("Fail"));
  const json answer =
      Answer(AReview(Deployment(kPinned)).Kind("apps", "Deployment").Update(Deployment(kPinned)));
  EXPECT_EQ(answer["allowed"], true);
  EXPECT_FALSE(answer.contains("warnings"));
}

TEST_F(Validate, PitfallD40_AnInjectorsAutoInATemplateIsNoImage) {
  Know(APolicy());
  EXPECT_FALSE(Answer(AReview(Deployment("auto")).Kind("apps", "Deployment")).contains("warnings"));
  EXPECT_TRUE(controller_.Asked().empty());
}

TEST_F(Validate, PitfallD44_AnnotationsOfTheObjectExcuseNothing) {
  Know(APolicy());
  Know(AScan().Judged("Fail"));
  json pod = APod({kPinned});
  pod["metadata"]["annotations"] = {{"landwaiter.io/exempt", "true"},
                                    {"landwaiter.io/verdict", "Pass"}};
  pod["metadata"]["labels"] = {{"landwaiter.io/exempt", "true"}};
  EXPECT_EQ(Answer(AReview(pod))["allowed"], false);
}

TEST_F(Validate, PitfallE53_AnEmptyScanObjectIsNotFoundAndNeverAPass) {
  Know(APolicy().With("waitSeconds", 0));
  resources::ImageScan empty;
  empty.name = resources::ScanName(*Digest::Parse(kDigest));
  memory_.PutScan(std::make_shared<resources::ImageScan>(empty));
  EXPECT_EQ(Answer(kPinnedPod)["allowed"], false);
}

TEST_F(Validate, PitfallE58_AllSpellingsOfADockerHubNameAreOneImage) {
  Know(APolicy().With("match", {{"images", {"docker.io/library/nginx:*"}}}));
  Know(AScan().Judged("Fail"));
  for (const char* name : {"nginx", "docker.io/nginx:latest", "index.docker.io/library/nginx"}) {
    EXPECT_EQ(Answer(AReview(APod({name})))["allowed"], false) << name;
  }
  EXPECT_EQ(controller_.Asked(), std::vector<std::string>{"docker.io/library/nginx:latest"});
}

// Admission pitfall 16.
TEST_F(Validate, ANamespaceThatIsNotYetKnownGetsEveryPolicyWhenItStaysUnknown) {
  Know(APolicy().ForNamespacesWith("team", "other"));
  Know(AScan().Judged("Fail"));
  EXPECT_EQ(Answer(AReview(APod({kPinned})).With("namespace", "new"), "timeout=1100ms")["allowed"],
            false);
  auto future = Post(AReview(APod({kPinned})).With("namespace", "fresh").Text());
  EXPECT_FALSE(IsReady(future));
  memory_.PutNamespace("fresh", std::make_shared<Labels>());
  EXPECT_EQ(Answer(std::move(future))["allowed"], true);
}

// Admission pitfall 11.
TEST_F(Validate, MessagesStayUnderTheirBoundsWhateverIsInThem) {
  Know(APolicy().With("waitSeconds", 0));
  std::vector<std::string> images;
  for (int i = 0; i < 200; ++i) {
    images.push_back("a.example.com/" + std::string(200, 'x') + std::to_string(i));
  }
  const json denied = Answer(AReview(APod(images)));
  const auto message = denied["status"]["message"].get<std::string>();
  EXPECT_LT(message.size(), 2048u);
  EXPECT_NE(message.find(" more images"), std::string::npos);
  Know(APolicy().With("waitSeconds", 0).With("enforcement", "Warn"));
  const json warned = Answer(AReview(APod(images)));
  std::size_t total = 0;
  for (const auto& warning : warned["warnings"]) {
    EXPECT_LT(warning.get<std::string>().size(), 256u);
    total += warning.get<std::string>().size();
  }
  EXPECT_LE(total, 4096u);
  EXPECT_GE(warned["warnings"].size(), 10u);
}

TEST_F(Validate, WhatOthersWroteReachesNoTerminalRaw) {
  Know(APolicy());
  const json answer = Answer(AReview(APod({"evil\x1b[2J\n\tfake: admitted\xe2\x80\xae"})));
  EXPECT_EQ(answer["allowed"], false);
  const auto message = answer["status"]["message"].get<std::string>();
  for (const char c : message) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << message;
  EXPECT_EQ(message.find("\xe2\x80\xae"), std::string::npos);
}

// Admission pitfalls 22 and 83.
TEST(Projections, KeepWhatDecidesAndPoliciesNeverVanish) {
  auto policy = ProjectPolicy(APolicy().With("onUnscanned", "Nonsense").Object());
  ASSERT_TRUE(policy.has_value());
  EXPECT_EQ(policy->on_unscanned, Action::kDeny);
  auto labels = ProjectNamespace({{"metadata", {{"name", "a"}, {"labels", {{"b", "c"}}}}}});
  ASSERT_TRUE(labels.has_value());
  EXPECT_EQ(*labels, (Labels{{"b", "c"}}));
}

}  // namespace
}  // namespace landwaiter::webhook
