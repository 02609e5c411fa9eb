#include "policy/content.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/builders.h"

namespace landwaiter::policy {
namespace {

/// What the callers have of a platform: they differ in what stands beside these three.
struct Matched {
  std::vector<Finding> findings;
  std::vector<Coverage> coverage;
  std::string os_end_of_life;
  int beside = 0;
};

ImageInventory TwoPlatforms() {
  ImageInventory inventory;
  inventory.platforms.resize(2);
  inventory.collected.secrets = 7;
  return inventory;
}

TEST(Content, AllThatWasScannedAndMatchedIsInIt) {
  const ImageInventory inventory = TwoPlatforms();
  const std::vector<Matched> matched = {
      {{AFinding("CVE-1")}, {{"advisories", CoverageState::kRead, "", 1}}, "2026-01-01"},
      {{}, {}, ""}};
  const BaseList bases{{}};
  const ContentInput content = ContentOf(inventory, matched, "2026-01-02T03:04:05Z", &bases);
  ASSERT_EQ(content.platforms.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(content.platforms[i].inventory, &inventory.platforms[i]);
    EXPECT_EQ(content.platforms[i].findings, &matched[i].findings);
    EXPECT_EQ(content.platforms[i].coverage, &matched[i].coverage);
  }
  EXPECT_EQ(content.platforms[0].os_end_of_life, "2026-01-01");
  EXPECT_EQ(content.collected, &inventory.collected);
  EXPECT_EQ(content.bases, &bases);
  EXPECT_EQ(content.database_built_at, At("2026-01-02T03:04:05Z"));
}

TEST(Content, APlatformThatWasNotMatchedIsNotOneWithoutFindings) {
  const ImageInventory inventory = TwoPlatforms();
  const std::vector<Matched> matched(1);
  const ContentInput content = ContentOf(inventory, matched, "yesterday", nullptr);
  ASSERT_EQ(content.platforms.size(), 2u);
  EXPECT_NE(content.platforms[0].findings, nullptr);
  EXPECT_EQ(content.platforms[1].findings, nullptr);
  EXPECT_EQ(content.platforms[1].coverage, nullptr);
  EXPECT_FALSE(content.database_built_at.has_value());
  const ScanPolicy policy = APolicy("  rules: [{name: none, vulnerabilities: {}}]\n");
  EXPECT_EQ(EvaluateContent(policy, content, kNow).verdict, Verdict::kUnknown);
}

TEST(Content, MorePlatformsMatchedThanScannedAreLeftOut) {
  const ImageInventory nothing;
  const std::vector<Matched> matched(3);
  EXPECT_TRUE(ContentOf(nothing, matched, "", nullptr).platforms.empty());
}

}  // namespace
}  // namespace landwaiter::policy
