#include "controller/notify/message.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "controller/notify/courier.h"
#include "tests/unit/controller/builders.h"

namespace landwaiter::controller {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

const TimePoint kNow = *ParseTime("2026-11-27T12:00:00Z");

Occasion AnOccasion() {
  Occasion occasion;
  occasion.scan.name = "sha256-00";
  occasion.scan.spec.image = "r.io/shop/cart@sha256:00";
  occasion.scan.status.display_name = "shop/cart:1.4";
  occasion.scan.status.digest = "sha256:00";
  resources::PolicyStatus policy;
  policy.name = "baseline";
  policy.verdict = "Fail";
  policy.violations = {{"no-critical", 1, true, "CVE-1 in openssl"}};
  occasion.scan.status.policies = {policy};
  occasion.namespaces = {"shop"};
  occasion.pods = 2;
  return occasion;
}

Subscription To(MessageFormat format) {
  Subscription subscription;
  subscription.name = "ops";
  subscription.format = format;
  return subscription;
}

TEST(Message, IsACloudEvent) {
  const json event =
      json::parse(MessageFor(To(MessageFormat::kCloudEvents), "prod", "id-1",
                             {ChangeType::kVerdictChanged, "Pass", "Fail"}, AnOccasion(), kNow));
  EXPECT_EQ(event["specversion"], "1.0");
  EXPECT_EQ(event["id"], "id-1");
  EXPECT_EQ(event["source"], "prod");
  EXPECT_EQ(event["type"], "io.landwaiter.image.verdict.changed");
  EXPECT_EQ(event["subject"], "sha256:00");
  EXPECT_EQ(event["time"], "2026-11-27T12:00:00Z");
  EXPECT_EQ(event["data"]["verdict"], (json{{"from", "Pass"}, {"to", "Fail"}}));
  EXPECT_EQ(event["data"]["policies"][0]["rules"][0]["rule"], "no-critical");
}

TEST(Message, HasASubjectWhereTheStatusHasNoDigest) {
  Occasion occasion = AnOccasion();
  occasion.scan.status.digest.clear();
  const json event =
      json::parse(MessageFor(To(MessageFormat::kCloudEvents), "prod", "id",
                             {ChangeType::kScanFailed, "", "PullUnauthorized"}, occasion, kNow));
  EXPECT_EQ(event["subject"], "sha256-00") << "CloudEvents 1.0: a non-empty text";
}

TEST(Message, OfSlackHasNothingThatIsALinkOrAMention) {
  Occasion occasion = AnOccasion();
  occasion.scan.status.display_name = "<!channel> *a* <https://evil.example|x> & `b`";
  const json body =
      json::parse(MessageFor(To(MessageFormat::kSlack), "prod", "id",
                             {ChangeType::kVerdictChanged, "Pass", "Fail"}, occasion, kNow));
  const std::string text = body["text"];
  EXPECT_EQ(text.find('<'), std::string::npos) << text;
  EXPECT_NE(text.find("&lt;!channel&gt;"), std::string::npos) << text;
  EXPECT_NE(text.find("Pass → Fail"), std::string::npos) << text;
}

TEST(Message, IsBoundedAndFitForPrintingWhateverAnImageHolds) {
  Occasion occasion = AnOccasion();
  for (int i = 0; i < 5000; ++i) {
    Finding finding = AFinding("CVE-" + std::to_string(i), Severity::kHigh, "1");
    finding.package = "\x1b[31m" + std::string(1000, 'p');
    occasion.findings.push_back(finding);
  }
  for (const MessageFormat format : {MessageFormat::kCloudEvents, MessageFormat::kSlack}) {
    const std::string body =
        MessageFor(To(format), "prod", "id", {ChangeType::kFindingsNew, "", ""}, occasion, kNow);
    EXPECT_LT(body.size(), store::kMaxOutboxBytes);
    EXPECT_EQ(body.find("\\u001b"), std::string::npos);
  }
}

TEST(Message, IdsAreUuidsAndNeverTheSame) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = NewMessageId();
    EXPECT_EQ(id.size(), 36u);
    EXPECT_EQ(id[14], '4');
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 1000u);
}

TEST(Courier, AnAnswerSaysWhatBecomesOfTheMessage) {
  const struct {
    int status;
    Delivery delivery;
  } kCases[] = {{200, Delivery::kArrived},      {204, Delivery::kArrived},
                {301, Delivery::kRefused},      {400, Delivery::kRefused},
                {401, Delivery::kRefused},      {408, Delivery::kReceiverAway},
                {410, Delivery::kRefused},      {429, Delivery::kReceiverAway},
                {500, Delivery::kReceiverAway}, {503, Delivery::kReceiverAway}};
  for (const auto& c : kCases) EXPECT_EQ(DeliveryOf(c.status), c.delivery) << c.status;
}

TEST(Courier, PausesDoubleUpToABound) {
  const CourierOptions options;
  EXPECT_EQ(PauseAfter(1, options), 1s);
  EXPECT_EQ(PauseAfter(4, options), 8s);
  EXPECT_EQ(PauseAfter(10, options), 300s);
  EXPECT_EQ(PauseAfter(1'000'000, options), 300s);
}

// RFC 4231 has no case with this text; made with: printf '1700000000.{}' | openssl dgst -sha256
// -hmac key
TEST(Courier, SignsTimeAndBody) {
  EXPECT_EQ(SignatureOf("key", 1'700'000'000, "{}"),
            "t=1700000000,v1=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae");
}

}  // namespace
}  // namespace landwaiter::controller
