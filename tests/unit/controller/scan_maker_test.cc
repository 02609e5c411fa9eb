#include "controller/scan_maker.h"

#include <gtest/gtest.h>

#include "controller/scan_facts.h"
#include "tests/unit/controller/builders.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

const Digest kImage = DigestOf("image");
const TimePoint kNow = *ParseTime("2026-11-24T12:00:00Z");

TEST(AskAgainPatch, IsMadeOnceInHalfAMinute) {
  resources::ImageScan scan = AScan(kImage);
  const json patch = AskAgainPatch(scan, kNow);
  ASSERT_FALSE(patch.is_null());
  scan.annotations[kAskedAtAnnotation] = patch["metadata"]["annotations"][kAskedAtAnnotation];
  EXPECT_TRUE(AskAgainPatch(scan, kNow + std::chrono::seconds(29)).is_null());
  EXPECT_FALSE(AskAgainPatch(scan, kNow + std::chrono::seconds(30)).is_null());
}

TEST(LacksJudgement, WhereAPolicyHasNoRowOfItsGeneration) {
  resources::ImageScan scan = AScan(kImage);
  EXPECT_FALSE(LacksJudgement(scan, {}));
  const Policies policies{Recorded(APolicy("baseline", 2, NoCritical()))};
  EXPECT_TRUE(LacksJudgement(scan, policies));
  scan.status.policies = {{"baseline", 1, "Pass", {}, {}, {}, {}}};
  EXPECT_TRUE(LacksJudgement(scan, policies)) << "of the generation before";
  scan.status.policies[0].generation = 2;
  EXPECT_FALSE(LacksJudgement(scan, policies));
}

}  // namespace
}  // namespace landwaiter::controller
