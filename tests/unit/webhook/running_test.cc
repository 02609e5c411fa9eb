// What ran in a namespace before it turned bad, at the door.
#include <gtest/gtest.h>

#include "lib/base/json.h"
#include "tests/unit/webhook/validate_fixture.h"
#include "webhook/informers.h"

namespace landwaiter::webhook {
namespace {

using namespace testing;

AScan RanInShop() {
  return AScan()
      .Judged("Fail")
      .Violating("no-critical", 1, "CVE-1 (Critical) in a 1, no fixed version")
      .RanIn("2026-11-20T12:00:00Z", {"shop"});
}

class ValidateRunning : public Validate {
 protected:
  void SetUp() override {
    Know(APolicy().With("denyWorkloads", true));
    Know(RanInShop());
    memory_.PutNamespace("bank", std::make_shared<Labels>(Labels{}));
  }
};

// Admission pitfall 33.
TEST_F(ValidateRunning, IsAdmittedWithAWarningAndToldToTheAuditLog) {
  const json answer = Answer(AReview(APod({kPinned})));
  EXPECT_EQ(answer["allowed"], true);
  ASSERT_EQ(answer["warnings"].size(), 1u);
  const auto warning = answer["warnings"][0].get<std::string>();
  EXPECT_EQ(warning,
            "landwaiter: image registry.example.com/shop/cart@sha256:4bcff63911fc… (container c0): "
            "policy baseline: fails, but ran here before it turned bad on 2026-11-20 and is let in "
            "until 2026-12-20T12:00:00Z: rule no-critical: CVE-1 (Critical) in a 1, no…");
  EXPECT_LE(warning.size(), 256u);
  EXPECT_EQ(answer["auditAnnotations"]["verdict"], "Warn");
  EXPECT_EQ(answer["auditAnnotations"]["policies"], "baseline@3=Fail");
  EXPECT_NE(answer["auditAnnotations"]["failures"].get<std::string>().find("rule no-critical"),
            std::string::npos);
  EXPECT_NE(Metrics().find("requests_total{verdict=\"warn\",reason=\"running\"} 1"),
            std::string::npos);
}

TEST_F(ValidateRunning, IsDeniedInAnotherNamespaceAndBesideAnImageThatIsNew) {
  json pod = APod({kPinned});
  pod["metadata"]["namespace"] = "bank";
  const json answer = Answer(AReview(pod).With("namespace", "bank"));
  EXPECT_EQ(answer["allowed"], false);
  EXPECT_EQ(answer["status"]["message"].get<std::string>().find("ran here"), std::string::npos);
  const std::string other = "sha256:" + std::string(64, 'b');
  Know(AScan(other).Judged("Fail"));
  EXPECT_EQ(Answer(AReview(APod({kPinned, "registry.example.com/new@" + other})))["allowed"], false)
      << "a new digest is judged at once";
}

TEST_F(ValidateRunning, AWorkloadOfItIsWarnedAboutAndNotDenied) {
  const json deployment = {{"metadata", {{"name", "web"}, {"namespace", "shop"}}},
                           {"spec", {{"template", APod({kPinned})}}}};
  const json answer = Answer(AReview(deployment).Kind("apps", "Deployment"));
  EXPECT_EQ(answer["allowed"], true);
  EXPECT_NE(answer["warnings"][0].get<std::string>().find("landwaiter: image"), std::string::npos);
}

TEST(Projections, KeepWhereAnImageRanBeforeItTurnedBad) {
  const auto scan = RanInShop().Make();
  json object = resources::ImageScanToJson(*scan);
  object["status"] = resources::StatusToJson(scan->status);
  const auto kept = ProjectScan(object);
  ASSERT_TRUE(kept.has_value());
  EXPECT_EQ(kept->status.policies.at(0).turned_bad, scan->status.policies[0].turned_bad);
}

}  // namespace
}  // namespace landwaiter::webhook
