// Credentials and tokens: who is given them, and when they are renewed.
#include <gtest/gtest.h>

#include <atomic>

#include "lib/base/text.h"
#include "tests/unit/scanner/image/fake_registry.h"
#include "tests/unit/scanner/image/registry_puller.h"

namespace landwaiter::image {
namespace {

// Pitfall 39.
TEST(Registry, FollowsARedirectToAnotherHostWithoutItsCredentials) {
  // The storage outlives the registry, so it holds its own copy of the (always same) image.
  const TinyImage image;
  LoopbackServer storage(
      [&](const SeenRequest&, Connection& c) { return c.Reply(200, {}, image.layer); });
  std::string layer_target;
  FakeRegistry fake([&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    if (r.Header("authorization").empty()) {
      return c.Reply(401, {{"WWW-Authenticate", "Basic realm=\"r\""}}, "");
    }
    if (r.target != layer_target) return std::nullopt;
    return c.Reply(307, {{"Location", storage.Url("/signed?X-Amz-Signature=s3cr3t")}}, "");
  });
  layer_target = fake.LayerTarget();
  Puller puller({&fake.server, &storage});
  const auto layer = puller.ReadLayer(fake.Reference(), {Password("u", "p")});
  ASSERT_TRUE(layer) << layer.error().message;
  EXPECT_EQ(storage.Seen().at(0).Header("authorization"), "");
  EXPECT_EQ(storage.Seen().at(0).target, "/signed?X-Amz-Signature=s3cr3t");
  // The same redirect where the other host is not listed as plain HTTP.
  Puller strict({&fake.server});
  const auto refused = strict.ReadLayer(fake.Reference(), {Password("u", "p")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, scan_reason::kAddressRefused);
  EXPECT_EQ(refused.error().message.find("s3cr3t"), std::string::npos);
}

// Admission pitfall 62.
// Pitfall 48: the next one on 401 and on 403. Pitfall 43: Basic.
TEST(Registry, TriesEachCredentialAndRemembersTheOneThatHelped) {
  std::atomic<int> refused = 0;
  FakeRegistry fake([&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    const std::string authorization = r.Header("authorization");
    if (authorization.empty()) {
      return c.Reply(401, {{"WWW-Authenticate", "Basic realm=\"a, b\""}}, "");
    }
    if (authorization == "Basic " + text::Base64Encode("second:2")) return std::nullopt;
    ++refused;
    return c.Reply(refused == 1 ? 401 : 403, {{"WWW-Authenticate", "Basic realm=\"x\""}}, "");
  });
  Puller puller({&fake.server});
  const std::vector<RegistryCredential> credentials = {Password("first", "1"),
                                                       Password("second", "2")};
  ASSERT_TRUE(puller.ReadLayer(fake.Reference(), credentials));
  EXPECT_EQ(refused, 1) << "the manifest only; the configuration and the layer know";
  const auto none = puller.Load(fake.Reference(), {Password("first", "1"), Password("third", "3")});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().reason, scan_reason::kPullUnauthorized);
  EXPECT_EQ(none.error().message.find("third"), std::string::npos);
}

/// A registry with its token realm beside it, on the same host.
struct TokenRegistry {
  explicit TokenRegistry(std::function<bool(const SeenRequest&, Connection&)> token)
      : fake([this, token = std::move(token)](const SeenRequest& r,
                                              Connection& c) -> std::optional<bool> {
          if (r.target.rfind("/token", 0) == 0) return token(r, c);
          if (r.Header("authorization") == "Bearer good") return std::nullopt;
          return c.Reply(
              401,
              {{"WWW-Authenticate", "Bearer service=\"a,b\", realm=\"http://" + fake.server.Host() +
                                        "/token?x=y\",error=\"insufficient_scope\""}},
              "");
        }) {}
  FakeRegistry fake;
};

// Pitfall 41: the challenge names no scope.
TEST(Registry, GetsATokenOnceAndUsesItForAll) {
  TokenRegistry registry([](const SeenRequest&, Connection& c) {
    return c.Reply(200, {}, R"({"token":"good","expires_in":300})");
  });
  Puller puller({&registry.fake.server});
  ASSERT_TRUE(puller.ReadLayer(registry.fake.Reference(), {Password("user", "pa:ss")}));
  ASSERT_TRUE(puller.ReadLayer(registry.fake.Reference(), {Password("user", "pa:ss")}));
  EXPECT_EQ(registry.fake.Count("GET", "/token"), 1);
  for (const SeenRequest& seen : registry.fake.server.Seen()) {
    if (seen.target.rfind("/token", 0) != 0) continue;
    EXPECT_EQ(seen.target,
              "/token?x=y&service=a%2Cb&scope=repository%3Ateam%2Fapp%3Apull&client_id=landwaiter");
    EXPECT_EQ(seen.Header("authorization"), "Basic " + text::Base64Encode("user:pa:ss"));
  }
  // Another credential is another tenant: it gets a token of its own.
  ASSERT_TRUE(puller.Load(registry.fake.Reference(), {Password("other", "1")}));
  ASSERT_TRUE(puller.Load(registry.fake.Reference()));
  EXPECT_EQ(registry.fake.Count("GET", "/token"), 3);
}

// Pitfall 42.
TEST(Registry, RefreshesATokenThatNoLongerHolds) {
  std::atomic<int> tokens = 0;
  std::atomic<bool> revoked = false;
  FakeRegistry fake([&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    if (r.target.rfind("/token", 0) == 0) {
      return c.Reply(200, {},
                     R"({"access_token":"t)" + std::to_string(++tokens) + R"(","expires_in":300})");
    }
    const std::string wanted = "Bearer t" + std::to_string(revoked ? 2 : 1);
    if (r.Header("authorization") == wanted) return std::nullopt;
    return c.Reply(
        401, {{"WWW-Authenticate", "Bearer realm=\"http://" + r.Header("host") + "/token\""}}, "");
  });
  Puller puller({&fake.server});
  ASSERT_TRUE(puller.Load(fake.Reference()));
  revoked = true;
  ASSERT_TRUE(puller.Load(fake.Reference()));
  EXPECT_EQ(tokens, 2);
}

// Pitfall 45: ACR and others give an identity token for the password.
TEST(Registry, ExchangesAnIdentityTokenByPost) {
  TokenRegistry registry([](const SeenRequest& r, Connection& c) {
    const bool good = r.method == "POST" && r.Header("authorization").empty() &&
                      r.body.find("grant_type=refresh_token") != std::string::npos &&
                      r.body.find("refresh_token=id%2Fentity") != std::string::npos &&
                      r.body.find("scope=repository%3Ateam%2Fapp%3Apull") != std::string::npos;
    return c.Reply(good ? 200 : 400, {}, R"({"access_token":"good"})");
  });
  Puller puller({&registry.fake.server});
  RegistryCredential credential;
  credential.identity_token = Secret("id/entity");
  EXPECT_TRUE(puller.Load(registry.fake.Reference(), {credential}));
}

TEST(Registry, EachFaultOfATokenRealmHasItsReason) {
  const Fault faults[] = {
      {"401", WithStatus(401), scan_reason::kPullUnauthorized},
      {"403", WithStatus(403), scan_reason::kPullUnauthorized},
      {"404", WithStatus(404), scan_reason::kRegistryUnavailable},
      {"429", WithStatus(429), scan_reason::kRateLimited},
      {"500", WithStatus(500), scan_reason::kRegistryUnavailable},
      {"nothing", [](Connection&) { return false; }, scan_reason::kRegistryUnavailable},
      {"no JSON", [](Connection& c) { return c.Reply(200, {}, "token"); },
       scan_reason::kRegistryUnavailable},
      {"no token", [](Connection& c) { return c.Reply(200, {}, "{}"); },
       scan_reason::kRegistryUnavailable},
      {"a token of the wrong type",
       [](Connection& c) { return c.Reply(200, {}, R"({"token":1})"); },
       scan_reason::kRegistryUnavailable},
      {"100,000-deep JSON",
       [](Connection& c) { return c.Reply(200, {}, std::string(100'000, '[')); },
       scan_reason::kRegistryUnavailable},
      {"an endless token",
       [](Connection& c) {
         c.Send("HTTP/1.1 200 OK\r\n\r\n{\"token\":\"");
         while (c.Send(std::string(65536, 't'))) {
         }
         return false;
       },
       scan_reason::kTooLarge},
      {"a token that is refused",
       [](Connection& c) { return c.Reply(200, {}, R"({"token":"b"})"); },
       scan_reason::kPullUnauthorized},
  };
  for (const Fault& fault : faults) {
    TokenRegistry registry([&](const SeenRequest&, Connection& c) { return fault.answer(c); });
    Puller puller({&registry.fake.server});
    const auto image = puller.Load(registry.fake.Reference());
    ASSERT_FALSE(image) << fault.name;
    EXPECT_EQ(image.error().reason, fault.reason) << fault.name << ": " << image.error().message;
  }
}

// Pitfall 42: some tokens last a minute, and large layers longer.
TEST(Registry, ATokenThatRunsOutInTheMiddleOfALayerIsReplaced) {
  std::string layer_target;
  std::atomic<int> tokens = 0;
  std::atomic<bool> over = false;
  FakeRegistry fake([&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    if (r.target.rfind("/token", 0) == 0) {
      return c.Reply(200, {}, R"({"token":"t)" + std::to_string(++tokens) + "\"}");
    }
    if (r.Header("authorization") != (over ? "Bearer t2" : "Bearer t1")) {
      const std::string realm = "Bearer realm=\"http://" + r.Header("host") + "/token\"";
      return c.Reply(401, {{"WWW-Authenticate", realm}}, "");
    }
    if (r.target != layer_target || over) return std::nullopt;
    over = true;
    c.Send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(30'000, 'l'));
    return false;
  });
  layer_target = fake.LayerTarget();
  Puller puller({&fake.server});
  const auto layer = puller.ReadLayer(fake.Reference());
  ASSERT_TRUE(layer) << layer.error().message;
  EXPECT_EQ(*layer, fake.image.layer);
  EXPECT_EQ(tokens, 2);
}

}  // namespace
}  // namespace landwaiter::image
