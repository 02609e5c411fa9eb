// The registry client against a registry that misbehaves: each fault has its reason, and none is an
// empty image.
#include "scanner/image/registry.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "lib/base/text.h"
#include "scanner/image/loader.h"
#include "tests/unit/scanner/image/fake_registry.h"

namespace landwaiter::image {
namespace {

using namespace std::chrono_literals;
using testing::Connection;
using testing::FakeRegistry;
using testing::LoopbackServer;
using testing::SeenRequest;
using testing::TinyImage;

ImageReference Reference(const std::string& text) {
  auto reference = ImageReference::Parse(text);
  EXPECT_TRUE(reference) << reference.error().message;
  return *reference;
}

RegistryCredential Password(const std::string& user, const std::string& password) {
  RegistryCredential credential;
  credential.username = user;
  credential.password = Secret(password);
  return credential;
}

/// A client and a registry that may speak plain HTTP to the given hosts and nothing else.
struct Puller {
  explicit Puller(const std::vector<const LoopbackServer*>& plain,
                  std::vector<std::string> allowed = {"127.0.0.1"}) {
    http::ClientOptions options;
    options.address_policy = *http::AddressPolicy::Create(http::PrivateRanges::kAllow, allowed);
    client = std::move(*http::Client::Create(std::move(options)));
    RegistryOptions registry_options;
    for (const LoopbackServer* server : plain) {
      registry_options.plain_http.push_back(server->Host());
    }
    registry_options.first_backoff = 1ms;
    registry_options.max_tries = 3;
    registry_options.stall_timeout = 300ms;
    registry = Registry::Create(*client, std::move(registry_options));
  }
  Result<LoadedImage> Load(const std::string& reference,
                           std::vector<RegistryCredential> credentials = {}) {
    auto source = registry->Open(Reference(reference), std::move(credentials), {});
    return LoadImage(*source, {});
  }
  Result<std::string> ReadLayer(const std::string& reference,
                                std::vector<RegistryCredential> credentials = {}) {
    auto source = registry->Open(Reference(reference), std::move(credentials), {});
    auto image = LoadImage(*source, {});
    if (!image) return std::move(image).error();
    return ReadBlob(*source, image->platforms.at(0).manifest.layers.at(0), 1 << 20);
  }
  std::unique_ptr<http::Client> client;
  std::unique_ptr<Registry> registry;
};

// Admission pitfall 66.
// Pitfall 47: HEAD does not count against pull limits.
TEST(Registry, PullsAnImageAndResolvesItsTagByHead) {
  FakeRegistry fake;
  Puller puller({&fake.server});
  const auto digest = puller.registry->Resolve(Reference(fake.Reference()), {}, {});
  ASSERT_TRUE(digest) << digest.error().message;
  EXPECT_EQ(*digest, fake.image.ManifestDigest());
  EXPECT_EQ(fake.Count("GET", "/v2/"), 0) << "HEAD does not count against pull limits";
  const auto layer = puller.ReadLayer(fake.Reference());
  ASSERT_TRUE(layer) << layer.error().message;
  EXPECT_EQ(*layer, fake.image.layer);
  EXPECT_NE(fake.server.Seen().back().target, "");
}

TEST(Registry, AsksForADigestToo) {
  FakeRegistry fake;
  Puller puller({&fake.server});
  const std::string own = "@" + fake.image.ManifestDigest().ToString();
  const auto digest = puller.registry->Resolve(Reference(fake.Reference(own)), {}, {});
  ASSERT_TRUE(digest) << digest.error().message;
  EXPECT_EQ(*digest, fake.image.ManifestDigest());
  EXPECT_EQ(fake.Count("HEAD", "/v2/"), 1);
  EXPECT_EQ(fake.Count("GET", "/v2/"), 0);
  const std::string made_up = "@" + Sha256::Of("made up").ToString();
  const auto forged = puller.registry->Resolve(Reference(fake.Reference(made_up)), {}, {});
  ASSERT_FALSE(forged);
  EXPECT_EQ(forged.error().reason, scan_reason::kNotFound);
  const auto other = puller.registry->Resolve(
      Reference(fake.Reference("@sha512:" + std::string(128, 'a'))), {}, {});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().reason, scan_reason::kUnsupportedMediaType);
}

TEST(Registry, BelievesNoRegistryThatHasOtherBytesUnderADigest) {
  FakeRegistry fake([&fake](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDocker-Content-Digest: " +
                             fake.image.ManifestDigest().ToString() + "\r\n\r\n";
    return c.Send(r.method == "HEAD" ? head : head + "{}");
  });
  Puller puller({&fake.server});
  const std::string asked = "@" + Sha256::Of("asked").ToString();
  const auto digest = puller.registry->Resolve(Reference(fake.Reference(asked)), {}, {});
  ASSERT_FALSE(digest);
  EXPECT_EQ(digest.error().reason, scan_reason::kDigestMismatch);
}

TEST(Registry, AsksForAllFourManifestTypes) {
  FakeRegistry fake;
  Puller puller({&fake.server});
  ASSERT_TRUE(puller.Load(fake.Reference()));
  const std::string accepted = fake.server.Seen().front().Header("accept");
  for (const std::string_view type : {media_type::kOciIndex, media_type::kDockerList,
                                      media_type::kOciManifest, media_type::kDockerManifest}) {
    EXPECT_NE(accepted.find(type), std::string::npos) << type << " not in " << accepted;
  }
}

// Pitfall 31: the digest is that of the bytes as they came.
TEST(Registry, ResolvesByGetWhereHeadIsNotAnsweredOrNamesNoDigest) {
  for (const int status : {200, 405, 400, 404}) {
    FakeRegistry fake([&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
      if (r.method != "HEAD") return std::nullopt;
      return c.Send("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 0\r\n\r\n");
    });
    Puller puller({&fake.server});
    const auto digest = puller.registry->Resolve(Reference(fake.Reference()), {}, {});
    ASSERT_TRUE(digest) << status << ": " << digest.error().message;
    EXPECT_EQ(*digest, fake.image.ManifestDigest());
  }
}

struct Fault {
  const char* name;
  std::function<bool(Connection&)> answer;
  std::string_view reason;
  int tries = 1;
};

std::function<bool(Connection&)> Status(int status) {
  return [status](Connection& c) {
    return c.Reply(status, {}, R"({"errors":[{"code":"X","message":"own words"}]})");
  };
}

std::vector<Fault> Faults() {
  return {
      {"401 without a challenge", Status(401), scan_reason::kPullUnauthorized},
      {"403", Status(403), scan_reason::kPullUnauthorized},
      {"404", Status(404), scan_reason::kNotFound},
      {"400", Status(400), scan_reason::kRegistryUnavailable},
      {"429", Status(429), scan_reason::kRateLimited, 3},
      {"500", Status(500), scan_reason::kRegistryUnavailable, 3},
      {"503", Status(503), scan_reason::kRegistryUnavailable, 3},
      {"half a body",
       [](Connection& c) {
         c.Send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"schemaVersion\":2");
         return false;
       },
       scan_reason::kRegistryUnavailable, 3},
      {"nothing", [](Connection&) { return false; }, scan_reason::kRegistryUnavailable, 3},
      {"silence",
       [](Connection& c) {
         c.WaitForClose();
         return false;
       },
       scan_reason::kRegistryUnavailable, 3},
      {"an empty body", [](Connection& c) { return c.Reply(200, {}, ""); },
       scan_reason::kMalformedImage},
      {"a page of a hotel's login",
       [](Connection& c) {
         return c.Reply(200, {{"Content-Type", "text/html"}}, "<html>");
       },
       scan_reason::kUnsupportedMediaType},
      {"an endless body",
       [](Connection& c) {
         c.Send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[");
         while (c.Send(std::string(65536, ' '))) {
         }
         return false;
       },
       scan_reason::kTooLarge},
      {"100,000-deep JSON",
       [](Connection& c) {
         return c.Reply(200, {{"Content-Type", "application/json"}}, std::string(100'000, '['));
       },
       scan_reason::kMalformedImage},
      {"a redirect to the metadata service over plain HTTP",
       [](Connection& c) {
         return c.Reply(307, {{"Location", "http://169.254.169.254/latest"}}, "");
       },
       scan_reason::kAddressRefused},
      {"a redirect to the metadata service over TLS",
       [](Connection& c) {
         return c.Reply(307, {{"Location", "https://169.254.169.254/latest"}}, "");
       },
       scan_reason::kAddressRefused},
      {"a redirect to loopback under another name",
       [](Connection& c) {
         return c.Reply(307, {{"Location", "https://[::1]:1/"}}, "");
       },
       scan_reason::kAddressRefused},
      {"a redirect to nowhere", [](Connection& c) { return c.Reply(302, {}, ""); },
       scan_reason::kRegistryUnavailable, 3},
      {"a redirect to a file",
       [](Connection& c) {
         return c.Reply(302, {{"Location", "file:///etc/passwd"}}, "");
       },
       scan_reason::kRegistryUnavailable, 3},
      {"redirects in a ring",
       [](Connection& c) {
         return c.Reply(302, {{"Location", FakeRegistry::ManifestTarget("1")}}, "");
       },
       scan_reason::kRegistryUnavailable},
      {"a token realm in clear on another host",
       [](Connection& c) {
         return c.Reply(401, {{"WWW-Authenticate", "Bearer realm=\"http://127.0.0.1:9/t\""}}, "");
       },
       scan_reason::kAddressRefused},
      {"a token realm on the metadata service",
       [](Connection& c) {
         return c.Reply(401, {{"WWW-Authenticate", "Bearer realm=\"https://169.254.169.254/\""}},
                        "");
       },
       scan_reason::kAddressRefused},
      {"a token realm that is no URL",
       [](Connection& c) {
         return c.Reply(401, {{"WWW-Authenticate", "Bearer realm=\"token\""}}, "");
       },
       scan_reason::kRegistryUnavailable, 3},
      {"an unknown scheme",
       [](Connection& c) {
         return c.Reply(401, {{"WWW-Authenticate", "Negotiate"}}, "");
       },
       scan_reason::kPullUnauthorized},
  };
}

TEST(Registry, EachFaultOfAManifestHasItsReason) {
  for (const Fault& fault : Faults()) {
    FakeRegistry fake(
        [&](const SeenRequest&, Connection& c) -> std::optional<bool> { return fault.answer(c); });
    Puller puller({&fake.server});
    const auto image = puller.Load(fake.Reference());
    ASSERT_FALSE(image) << fault.name;
    EXPECT_EQ(image.error().reason, fault.reason) << fault.name << ": " << image.error().message;
    if (fault.tries > 1) {
      EXPECT_EQ(fake.Count("GET", "/v2/team/app/"), fault.tries) << fault.name;
    }
    const auto digest = puller.registry->Resolve(Reference(fake.Reference()), {}, {});
    if (!digest) {
      EXPECT_FALSE(digest.error().reason.empty()) << fault.name << digest.error().message;
    }
  }
}

TEST(Registry, EachFaultOfALayerHasItsReason) {
  const Fault faults[] = {
      {"401", Status(401), scan_reason::kPullUnauthorized},
      {"403", Status(403), scan_reason::kPullUnauthorized},
      {"404", Status(404), scan_reason::kNotFound},
      {"429", Status(429), scan_reason::kRateLimited},
      {"500", Status(500), scan_reason::kRegistryUnavailable},
      {"nothing", [](Connection&) { return false; }, scan_reason::kRegistryUnavailable},
      {"a length that is not the manifest's",
       [](Connection& c) { return c.Reply(200, {}, std::string(99, 'l')); },
       scan_reason::kDigestMismatch},
      {"fewer bytes, cleanly ended",
       [](Connection& c) {
         c.Send("HTTP/1.1 200 OK\r\n\r\n" + std::string(99, 'l'));
         return false;
       },
       scan_reason::kDigestMismatch},
      {"other bytes", [](Connection& c) { return c.Reply(200, {}, std::string(100'000, 'm')); },
       scan_reason::kDigestMismatch},
      {"an endless body",
       [](Connection& c) {
         c.Send("HTTP/1.1 200 OK\r\n\r\n");
         while (c.Send(std::string(65536, 'l'))) {
         }
         return false;
       },
       scan_reason::kTooLarge},
      {"half a body every time",
       [](Connection& c) {
         c.Send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nlll");
         return false;
       },
       scan_reason::kRegistryUnavailable},
      {"a body that stalls",
       [](Connection& c) {
         c.Send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nlll");
         c.WaitForClose();
         return false;
       },
       scan_reason::kRegistryUnavailable},
      {"a redirect to 127.0.0.2",
       [](Connection& c) {
         return c.Reply(307, {{"Location", "https://127.0.0.2:5000/"}}, "");
       },
       scan_reason::kAddressRefused},
  };
  for (const Fault& fault : faults) {
    std::string layer_target;
    FakeRegistry fake([&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
      if (r.target != layer_target) return std::nullopt;
      return fault.answer(c);
    });
    layer_target = fake.LayerTarget();
    Puller puller({&fake.server});
    const auto layer = puller.ReadLayer(fake.Reference());
    ASSERT_FALSE(layer) << fault.name;
    EXPECT_EQ(layer.error().reason, fault.reason) << fault.name << ": " << layer.error().message;
  }
}

// Pitfall 29: what is read has the digest that was asked for.
TEST(Registry, ManifestThatIsNotWhatWasAskedForIsAMismatchWhateverItsHeaderSays) {
  FakeRegistry fake;
  Puller puller({&fake.server});
  const std::string asked = Sha256::Of("something else").ToString();
  FakeRegistry liar([&](const SeenRequest&, Connection& c) -> std::optional<bool> {
    return c.Reply(200, {{"Docker-Content-Digest", asked}}, fake.image.manifest);
  });
  Puller liar_puller({&liar.server});
  const auto image = liar_puller.Load(liar.Reference("@" + asked));
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().reason, scan_reason::kDigestMismatch);
  EXPECT_EQ(image.error().code, Code::kDataLoss);
}

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
      {"401", Status(401), scan_reason::kPullUnauthorized},
      {"403", Status(403), scan_reason::kPullUnauthorized},
      {"404", Status(404), scan_reason::kRegistryUnavailable},
      {"429", Status(429), scan_reason::kRateLimited},
      {"500", Status(500), scan_reason::kRegistryUnavailable},
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

TEST(Registry, RefusesARegistryOnLoopbackThatIsNotAllowed) {
  FakeRegistry fake;
  Puller puller({&fake.server}, {});
  const auto image = puller.Load(fake.Reference());
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().reason, scan_reason::kAddressRefused);
  EXPECT_EQ(fake.server.Connections(), 0u);
}

// Pitfall 50.
TEST(Registry, SpeaksPlainHttpOnlyToListedHosts) {
  FakeRegistry fake;
  Puller puller({});
  const auto image = puller.Load(fake.Reference());
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().reason, scan_reason::kRegistryUnavailable) << image.error().message;
  EXPECT_TRUE(fake.server.Seen().empty());
}

TEST(Registry, CommandLineTrustsLoopbackThatWasTypedButNotWhereItLeads) {
  std::string layer_target;
  FakeRegistry fake([&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    if (r.target != layer_target) return std::nullopt;
    return c.Reply(307, {{"Location", "https://127.0.0.3:7/"}}, "");
  });
  http::ClientOptions options;
  options.address_policy = http::AddressPolicy();
  auto client = std::move(*http::Client::Create(std::move(options)));
  RegistryOptions registry_options;
  registry_options.plain_http_loopback = true;
  registry_options.trust_reference_host = true;
  registry_options.first_backoff = 1ms;
  auto registry = Registry::Create(*client, registry_options);
  auto source = registry->Open(Reference(fake.Reference()), {}, {});
  auto image = LoadImage(*source, {});
  ASSERT_TRUE(image) << image.error().message;
  layer_target = fake.LayerTarget();
  const auto layer = source->Blob(image->platforms[0].manifest.layers[0]);
  ASSERT_FALSE(layer);
  EXPECT_EQ(layer.error().reason, scan_reason::kAddressRefused);
}

// Pitfall 21: foreign layers name addresses of their own, which are never asked.
TEST(Registry, AsksNoAddressThatAManifestNames) {
  const TinyImage image;
  LoopbackServer elsewhere(
      [&](const SeenRequest&, Connection& c) { return c.Reply(200, {}, image.layer); });
  const std::string plain =
      TinyImage::Descriptor("application/vnd.oci.image.layer.v1.tar", image.layer);
  std::string foreign =
      TinyImage::Descriptor("application/vnd.docker.image.rootfs.foreign.diff.tar", image.layer);
  foreign.insert(foreign.size() - 1, R"(,"urls":[")" + elsewhere.Url("/layer") + "\"]");
  std::string manifest = image.manifest;
  manifest.replace(manifest.find(plain), plain.size(), foreign);
  std::string layer_target;
  FakeRegistry fake([&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    if (r.target == layer_target) return c.Reply(404, {}, "");
    if (r.target != FakeRegistry::ManifestTarget("1")) return std::nullopt;
    return c.Reply(200, {{"Content-Type", std::string(media_type::kOciManifest)}}, manifest);
  });
  layer_target = fake.LayerTarget();
  Puller puller({&fake.server, &elsewhere});
  const auto layer = puller.ReadLayer(fake.Reference());
  ASSERT_FALSE(layer);
  EXPECT_EQ(layer.error().reason, scan_reason::kNotFound) << layer.error().message;
  EXPECT_TRUE(elsewhere.Seen().empty());
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

TEST(Registry, StopsWhenItIsToldTo) {
  std::promise<void> arrived;
  FakeRegistry fake([&](const SeenRequest&, Connection& c) -> std::optional<bool> {
    arrived.set_value();
    c.WaitForClose();
    return false;
  });
  Puller puller({&fake.server});
  std::stop_source stop;
  std::jthread stopper([&] {
    arrived.get_future().wait();
    stop.request_stop();
  });
  auto source =
      puller.registry->Open(Reference(fake.Reference()), {}, Cancellation{stop.get_token()});
  const auto manifest = source->Manifest(std::nullopt);
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().code, Code::kCancelled);
}

}  // namespace
}  // namespace landwaiter::image
