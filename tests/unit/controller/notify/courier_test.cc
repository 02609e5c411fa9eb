// Couriers with a receiver of the test's own and an outbox on disk: what is tried again, what is
// given up and told, and that a courier that follows another sends what that one left.
#include "controller/notify/courier.h"

#include <gtest/gtest.h>

#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::controller {
namespace {

const TimePoint kNow = *ParseTime("2026-11-24T12:00:00Z");
const std::string kBox = "ops";

class SetClock final : public Clock {
 public:
  TimePoint Now() const override { return now; }
  TimePoint now = kNow;
};

/// Answers with one status after the other, the last from then on; 0: it is not reached.
class Receiver final : public http::Client {
 public:
  Result<http::Response> Send(const http::Request& request, const Cancellation&) override {
    bodies.push_back(request.body);
    const int status = statuses.front();
    if (statuses.size() > 1) statuses.erase(statuses.begin());
    if (status == 0) return Error{Code::kUnavailable, "https://hooks.example/secret: away"};
    http::Response response;
    response.status = status;
    return response;
  }
  Result<http::Response> Stream(const http::Request&, const Cancellation&,
                                std::function<bool(const http::Response&)>,
                                std::function<bool(std::string_view)>) override {
    return Error{Code::kUnsupported, "not asked"};
  }
  Result<std::unique_ptr<http::ResponseBody>> Open(const http::Request&,
                                                   const Cancellation&) override {
    return Error{Code::kUnsupported, "not asked"};
  }
  std::vector<int> statuses = {200};
  std::vector<std::string> bodies;
};

class CourierTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = store::OpenSqliteOutbox(folder_.Path("outbox"));
    ASSERT_TRUE(opened) << opened.error().message;
    outbox_ = *std::move(opened);
    subscription_.name = kBox;
    subscription_.url_file = folder_.Write("url", "https://hooks.example/secret\n");
  }
  void Queue(const std::string& id, TimePoint made = kNow) {
    const auto done = outbox_->Advance(id, std::nullopt, "n", {{id, kBox, made, "body of " + id}});
    ASSERT_TRUE(done && *done);
  }
  std::unique_ptr<Courier> ACourier() {
    return std::make_unique<Courier>(
        Courier::Parts{subscription_,
                       *outbox_,
                       receiver_,
                       clock_,
                       [this] { return leads_; },
                       [this](const store::OutboxMessage& m) { given_up_.push_back(m.id); },
                       {&delivered_, &failed_, &counted_up_}},
        CourierOptions{});
  }
  std::uint64_t Waiting() { return *outbox_->Waiting(kBox); }

  const advisories::TemporaryFolder folder_;
  std::unique_ptr<store::Outbox> outbox_;
  Subscription subscription_;
  Receiver receiver_;
  SetClock clock_;
  bool leads_ = true;
  std::vector<std::string> given_up_;
  metrics::Counter delivered_, failed_, counted_up_;
};

TEST_F(CourierTest, WhatHasArrivedLeavesInTheOrderInWhichItCame) {
  for (const char* id : {"a", "b", "c"}) Queue(id);
  EXPECT_EQ(ACourier()->Round({}).count(), 0) << "there may be more";
  EXPECT_EQ(receiver_.bodies, (std::vector<std::string>{"body of a", "body of b", "body of c"}));
  EXPECT_EQ(Waiting(), 0u);
  EXPECT_EQ(delivered_.Value(), 3u);
}

TEST_F(CourierTest, AMessageIsGivenUpAfterAWeekOfTriesAndThatIsToldOnce) {
  Queue("a");
  receiver_.statuses = {503};
  const auto courier = ACourier();
  courier->Round({});
  EXPECT_EQ(receiver_.bodies.size(), 1u);
  clock_.now = kNow + std::chrono::hours(24 * 7) - std::chrono::seconds(1);
  courier->Round({});
  EXPECT_EQ(receiver_.bodies.size(), 2u) << "to the last second it is tried";
  EXPECT_TRUE(given_up_.empty());
  clock_.now = kNow + std::chrono::hours(24 * 7);
  courier->Round({});
  courier->Round({});
  EXPECT_EQ(receiver_.bodies.size(), 2u) << "and then no more";
  EXPECT_EQ(given_up_, std::vector<std::string>{"a"});
  EXPECT_EQ(counted_up_.Value(), 1u);
  EXPECT_EQ(failed_.Value(), 2u);
  EXPECT_EQ(Waiting(), 0u);
}

TEST_F(CourierTest, WhatIsGivenUpLetsTheYoungerOnesBy) {
  Queue("old", kNow - std::chrono::hours(24 * 8));
  Queue("young");
  ACourier()->Round({});
  EXPECT_EQ(receiver_.bodies, std::vector<std::string>{"body of young"});
  EXPECT_EQ(given_up_, std::vector<std::string>{"old"});
}

TEST_F(CourierTest, AReceiverThatIsAwayIsAskedOnceARoundAndKeepsTheOrder) {
  for (const char* id : {"a", "b"}) Queue(id);
  receiver_.statuses = {0, 429, 200};
  const auto courier = ACourier();
  const auto first = courier->Round({});
  const auto second = courier->Round({});
  EXPECT_GT(first.count(), 0);
  EXPECT_GT(second, first);
  EXPECT_EQ(receiver_.bodies, (std::vector<std::string>{"body of a", "body of a"}));
  courier->Round({});
  EXPECT_EQ(receiver_.bodies.back(), "body of b");
  EXPECT_EQ(Waiting(), 0u);
}

TEST_F(CourierTest, WhoFollowsALeaderSendsWhatThatOneLeft) {
  for (const char* id : {"a", "b"}) Queue(id);
  receiver_.statuses = {503};
  ACourier()->Round({});
  receiver_.statuses = {200};
  leads_ = false;
  ACourier()->Round({});
  EXPECT_EQ(receiver_.bodies.size(), 1u) << "one that does not lead sends nothing";
  leads_ = true;
  ACourier()->Round({});
  EXPECT_EQ(receiver_.bodies, (std::vector<std::string>{"body of a", "body of a", "body of b"}));
  EXPECT_EQ(Waiting(), 0u);
}

}  // namespace
}  // namespace landwaiter::controller
