// Layers that break off, waits that are asked for, faults that pass.
#include <gtest/gtest.h>

#include <atomic>

#include "tests/unit/scanner/image/fake_registry.h"
#include "tests/unit/scanner/image/registry_puller.h"

namespace landwaiter::image {
namespace {

TEST(Registry, TakesALayerUpAgainWhereItBrokeOff) {
  std::string layer_target;
  std::atomic<int> broken = 0;
  FakeRegistry fake([&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    if (r.target != layer_target || ++broken > 2) return std::nullopt;
    const std::string range = r.Header("range");
    const std::size_t from = range.empty() ? 0 : std::strtoul(range.c_str() + 6, nullptr, 10);
    c.Send("HTTP/1.1 " + std::string(range.empty() ? "200" : "206") +
           " X\r\nContent-Range: bytes " + std::to_string(from) +
           "-99999/100000\r\nContent-Length: " + std::to_string(100'000 - from) + "\r\n\r\n" +
           std::string(30'000, 'l'));
    return false;
  });
  layer_target = fake.LayerTarget();
  Puller puller({&fake.server});
  const auto layer = puller.ReadLayer(fake.Reference());
  ASSERT_TRUE(layer) << layer.error().message;
  EXPECT_EQ(*layer, fake.image.layer);
  EXPECT_EQ(fake.server.Seen().back().Header("range"), "bytes=60000-");
}

TEST(Registry, ReadsPastWhatItHasWhereAServerKnowsNoRange) {
  std::string layer_target;
  std::atomic<int> asked = 0;
  FakeRegistry fake([&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    if (r.target != layer_target) return std::nullopt;
    if (++asked > 1) return c.Reply(200, {}, std::string(100'000, 'l'));
    c.Send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(70'000, 'l'));
    return false;
  });
  layer_target = fake.LayerTarget();
  Puller puller({&fake.server});
  const auto layer = puller.ReadLayer(fake.Reference());
  ASSERT_TRUE(layer) << layer.error().message;
  EXPECT_EQ(*layer, fake.image.layer);
}

TEST(Registry, RefusesARangeThatWasNotAskedFor) {
  std::string layer_target;
  std::atomic<int> asked = 0;
  FakeRegistry fake([&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    if (r.target != layer_target) return std::nullopt;
    if (++asked > 1) {
      return c.Reply(206, {{"Content-Range", "bytes 0-9/100000"}}, std::string(10, 'l'));
    }
    c.Send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nlll");
    return false;
  });
  layer_target = fake.LayerTarget();
  Puller puller({&fake.server});
  const auto layer = puller.ReadLayer(fake.Reference());
  ASSERT_FALSE(layer);
  EXPECT_EQ(layer.error().reason, scan_reason::kRegistryUnavailable);
}

// Admission pitfall 66.
// Pitfall 47: waits that are no numbers.
TEST(Registry, RecoversFromFaultsThatPass) {
  std::atomic<int> requests = 0;
  FakeRegistry fake([&](const SeenRequest&, Connection& c) -> std::optional<bool> {
    switch (++requests) {
      case 1:
        return c.Reply(429, {{"Retry-After", "35.852µs"}}, "");
      case 2:
        return c.Reply(503, {}, "");
      default:
        return std::nullopt;
    }
  });
  Puller puller({&fake.server});
  EXPECT_TRUE(puller.Load(fake.Reference()));
}

// Admission pitfall 66.
TEST(Registry, DoesNotWaitLongerThanItsBoundForARateLimit) {
  FakeRegistry fake([&](const SeenRequest&, Connection& c) -> std::optional<bool> {
    return c.Reply(429, {{"Retry-After", "86400"}}, "");
  });
  Puller puller({&fake.server});
  const auto image = puller.Load(fake.Reference());
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().reason, scan_reason::kRateLimited);
  EXPECT_NE(image.error().message.find("86400 s"), std::string::npos) << image.error().message;
  EXPECT_EQ(fake.Count("GET", "/"), 1);
}

// Pitfall 40: a signed address is good for one method and a short while, so a layer that broke off
// behind one is asked for at the registry again.
TEST(Registry, ALayerThatBrokeOffBehindARedirectIsSignedAnew) {
  LoopbackServer storage([](const SeenRequest& r, Connection& c) {
    if (r.method != "GET") return c.Reply(403, {}, "");
    if (r.target == "/signed?1") {
      c.Send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(30'000, 'l'));
      return false;
    }
    if (r.target != "/signed?2" || r.Header("range") != "bytes=30000-") return c.Reply(403, {}, "");
    return c.Reply(206, {{"Content-Range", "bytes 30000-99999/100000"}}, std::string(70'000, 'l'));
  });
  std::string layer_target;
  std::atomic<int> signatures = 0;
  FakeRegistry fake([&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    if (r.target != layer_target) return std::nullopt;
    const std::string location = storage.Url("/signed?" + std::to_string(++signatures));
    return c.Reply(307, {{"Location", location}}, "");
  });
  layer_target = fake.LayerTarget();
  Puller puller({&fake.server, &storage});
  const auto layer = puller.ReadLayer(fake.Reference());
  ASSERT_TRUE(layer) << layer.error().message;
  EXPECT_EQ(*layer, fake.image.layer);
  EXPECT_EQ(signatures, 2);
}

}  // namespace
}  // namespace landwaiter::image
