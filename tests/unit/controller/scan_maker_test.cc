#include "controller/scan_maker.h"

#include <gtest/gtest.h>

#include "controller/scan_facts.h"
#include "tests/unit/controller/builders.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

const Digest kImage = DigestOf("image");
const TimePoint kNow = *ParseTime("2026-11-24T12:00:00Z");

ScanDemand ADemand(std::vector<resources::SecretRef> secrets) {
  return {.digest = kImage,
          .reference = *ImageReference::Parse("elsewhere.io/a:1"),
          .ns = "shop",
          .secrets = std::move(secrets),
          .asker = Asker::kAdmission};
}

TEST(PatchFor, AddsSecretsAndNothingElseOnceTheImageIsScanned) {
  resources::ImageScan scan = AScan(kImage);
  scan.resource_version = "7";
  scan.spec.pull_secrets = {{"shop", "old"}};
  const json before = PatchFor(scan, ADemand({{"shop", "new"}}), kNow);
  EXPECT_TRUE(before["metadata"].contains("annotations"));
  scan.status.scanned_at = "2026-11-24T10:00:00Z";
  const json patch = PatchFor(scan, ADemand({{"shop", "new"}}), kNow);
  EXPECT_EQ(patch["spec"]["pullSecrets"], json::array({{{"namespace", "shop"}, {"name", "old"}},
                                                       {{"namespace", "shop"}, {"name", "new"}}}));
  EXPECT_FALSE(patch["metadata"].contains("annotations"));
  EXPECT_EQ(patch["metadata"]["resourceVersion"], "7");
  EXPECT_TRUE(PatchFor(scan, ADemand({{"shop", "old"}}), kNow).is_null());
}

TEST(AskAgainPatch, IsMadeOnceInHalfAMinute) {
  resources::ImageScan scan = AScan(kImage);
  const json patch = AskAgainPatch(scan, kNow);
  ASSERT_FALSE(patch.is_null());
  scan.annotations[kAskedAtAnnotation] = patch["metadata"]["annotations"][kAskedAtAnnotation];
  EXPECT_TRUE(AskAgainPatch(scan, kNow + std::chrono::seconds(29)).is_null());
  EXPECT_FALSE(AskAgainPatch(scan, kNow + std::chrono::seconds(30)).is_null());
}

TEST(AskAgainPatch, DoesNotWaitForAClockThatWasAhead) {
  resources::ImageScan scan = AScan(kImage);
  scan.annotations[kAskedAtAnnotation] = FormatTime(kNow + std::chrono::hours(1));
  EXPECT_FALSE(AskAgainPatch(scan, kNow).is_null());
}

TEST(BasisOf, ChangesByWhatIsWorthATryAndNotByRepositoriesThatPodsName) {
  resources::ImageScan scan = AScan(kImage);
  const std::vector<Platform> nodes{{"linux", "amd64"}};
  const auto basis = BasisOf(scan, nodes);
  scan.annotations[kAlsoFromAnnotation] = "evil.io/a@" + kImage.ToString();
  EXPECT_EQ(BasisOf(scan, nodes), basis) << "another repository";
  scan.spec.pull_secrets = {{"shop", "regcred"}};
  EXPECT_NE(BasisOf(scan, nodes), basis) << "a secret";
  scan = AScan(kImage);
  scan.annotations[kAskedAtAnnotation] = "2026-11-24T12:00:00Z";
  EXPECT_NE(BasisOf(scan, nodes), basis) << "somebody asks anew";
  EXPECT_NE(BasisOf(AScan(kImage), {{"linux", "arm64"}}), basis) << "a node";
}

TEST(LacksJudgement, WhereAPolicyHasNoRowOfItsGeneration) {
  resources::ImageScan scan = AScan(kImage);
  EXPECT_FALSE(LacksJudgement(scan, {}));
  const Policies policies{Recorded(APolicy("baseline", 2, NoCritical()))};
  EXPECT_TRUE(LacksJudgement(scan, policies));
  scan.status.policies = {{"baseline", 1, "Pass", {}, {}, {}, {}}};
  EXPECT_TRUE(LacksJudgement(scan, policies)) << "of the generation before";
  scan.status.policies[0].generation = 2;
  EXPECT_TRUE(LacksJudgement(scan, policies)) << "of another that had its name";
  scan.status.policies[0].uid = policies[0]->uid;
  EXPECT_FALSE(LacksJudgement(scan, policies));
}

}  // namespace
}  // namespace landwaiter::controller
