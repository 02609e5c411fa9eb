// The registry client against a registry that misbehaves: each fault has its reason, and none is an
// empty image.
#include <gtest/gtest.h>

#include "scanner/image/registry.h"
#include "tests/unit/scanner/image/fake_registry.h"
#include "tests/unit/scanner/image/registry_puller.h"

namespace landwaiter::image {
namespace {

std::vector<Fault> Faults() {
  return {
      {"401 without a challenge", WithStatus(401), scan_reason::kPullUnauthorized},
      {"403", WithStatus(403), scan_reason::kPullUnauthorized},
      {"404", WithStatus(404), scan_reason::kNotFound},
      {"400", WithStatus(400), scan_reason::kRegistryUnavailable},
      {"429", WithStatus(429), scan_reason::kRateLimited, 3},
      {"500", WithStatus(500), scan_reason::kRegistryUnavailable, 3},
      {"503", WithStatus(503), scan_reason::kRegistryUnavailable, 3},
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
      {"401", WithStatus(401), scan_reason::kPullUnauthorized},
      {"403", WithStatus(403), scan_reason::kPullUnauthorized},
      {"404", WithStatus(404), scan_reason::kNotFound},
      {"429", WithStatus(429), scan_reason::kRateLimited},
      {"500", WithStatus(500), scan_reason::kRegistryUnavailable},
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

}  // namespace
}  // namespace landwaiter::image
