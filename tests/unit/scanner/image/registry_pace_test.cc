// One registry object asks for all scans of a role: a host that refuses one of them is left alone
// by the others. Requests are counted where they arrive.
#include <gtest/gtest.h>

#include <atomic>

#include "lib/base/text.h"
#include "scanner/image/registry.h"
#include "tests/unit/scanner/image/fake_registry.h"
#include "tests/unit/scanner/image/pace_time.h"

namespace landwaiter::image {
namespace {

using namespace std::chrono_literals;
using landwaiter::testing::Connection;
using landwaiter::testing::FakeRegistry;
using landwaiter::testing::SeenRequest;

/// Refuses as many requests as it is told to, then answers.
struct Refusing {
  explicit Refusing(std::string after, int times) : retry_after(std::move(after)), left(times) {}
  std::optional<bool> operator()(const SeenRequest&, Connection& c) {
    if (left-- <= 0) return std::nullopt;
    return c.Reply(429, {{"Retry-After", retry_after}}, "");
  }
  const std::string retry_after;
  std::atomic<int> left;
};

struct PacedPuller {
  explicit PacedPuller(FakeRegistry& r) : fake(r) {
    http::ClientOptions client_options;
    client_options.address_policy =
        *http::AddressPolicy::Create(http::PrivateRanges::kAllow, {"127.0.0.1"});
    client = std::move(*http::Client::Create(std::move(client_options)));
    registry = Registry::Create(
        *client,
        {.plain_http = {fake.server.Host()}, .time = time.Get(), .on_pause = [this] { ++pauses; }});
  }
  Result<Digest> Resolve(const std::string& user = "") {
    const auto image = ImageReference::Parse(fake.Reference());
    std::vector<RegistryCredential> credentials;
    if (!user.empty()) {
      RegistryCredential& credential = credentials.emplace_back();
      credential.username = user;
      credential.password = Secret("p");
    }
    return registry->Resolve(*image, credentials, {});
  }
  std::size_t Asked() { return fake.server.Seen().size(); }

  FakeRegistry& fake;
  testing::PaceTime time;
  std::unique_ptr<http::Client> client;
  std::unique_ptr<Registry> registry;
  std::atomic<int> pauses = 0;
};

// Pitfall 47. Admission pitfall 66.
TEST(RegistryPace, APauseThatOneWasAskedForIsKeptByAll) {
  Refusing refusing("20", 1);
  FakeRegistry fake(std::ref(refusing));
  PacedPuller puller(fake);
  std::vector<std::size_t> asked;  // when a wait began, how many requests had come
  puller.time.on_wait = [&](std::chrono::milliseconds) {
    asked.push_back(puller.Asked());
    if (asked.size() > 1) return;
    // While the one that was refused waits, another one comes.
    puller.time.on_wait = [&](std::chrono::milliseconds) { asked.push_back(puller.Asked()); };
    EXPECT_TRUE(puller.Resolve());
  };
  EXPECT_TRUE(puller.Resolve());
  EXPECT_EQ(asked, (std::vector<std::size_t>{1, 1})) << "the other one asked nothing before it";
  EXPECT_EQ(puller.Asked(), 3u);
  EXPECT_EQ(puller.pauses, 1);
}

// Admission pitfall 66.
TEST(RegistryPace, NobodyAsksAHostThatWantsToBeLeftAloneForLong) {
  Refusing refusing("3600", 1000);
  FakeRegistry fake(std::ref(refusing));
  PacedPuller puller(fake);
  for (int i = 0; i < 20; ++i) {
    const auto digest = puller.Resolve();
    ASSERT_FALSE(digest);
    EXPECT_EQ(digest.error().reason, scan_reason::kRateLimited);
    EXPECT_EQ(digest.error().code, Code::kUnavailable);
    EXPECT_NE(digest.error().message.find("asks to wait 3600 s"), std::string::npos)
        << digest.error().message;
  }
  EXPECT_EQ(puller.Asked(), 1u) << "of twenty";
  EXPECT_FALSE(puller.Resolve("another-tenant"));
  EXPECT_EQ(puller.Asked(), 2u) << "another account has limits of its own";
  puller.time.Pass(30s);
  EXPECT_FALSE(puller.Resolve());
  EXPECT_EQ(puller.Asked(), 3u) << "it is asked again after a bound";
  EXPECT_EQ(puller.time.Waits(), std::vector<std::int64_t>{}) << "nobody has waited";
}

TEST(RegistryPace, ARealmThatRefusesTokensIsLeftAloneToo) {
  std::atomic<int> tokens = 0;
  FakeRegistry* self = nullptr;
  FakeRegistry fake([&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    if (r.target.rfind("/token", 0) == 0) {
      ++tokens;
      return c.Reply(429, {{"Retry-After", "3600"}}, "");
    }
    return c.Reply(401,
                   {{"WWW-Authenticate",
                     "Bearer realm=\"http://" + self->server.Host() + "/token\",service=\"s\""}},
                   "");
  });
  self = &fake;
  PacedPuller puller(fake);
  for (int i = 0; i < 10; ++i) {
    const auto digest = puller.Resolve();
    ASSERT_FALSE(digest);
    EXPECT_EQ(digest.error().reason, scan_reason::kRateLimited) << digest.error().message;
  }
  EXPECT_EQ(tokens, 1);
}

}  // namespace
}  // namespace landwaiter::image
