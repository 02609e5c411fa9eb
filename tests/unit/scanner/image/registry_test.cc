// The registry client against a registry that does well, and against addresses that it must not
// ask.
#include "scanner/image/registry.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "scanner/image/loader.h"
#include "tests/unit/scanner/image/fake_registry.h"
#include "tests/unit/scanner/image/registry_puller.h"

namespace landwaiter::image {
namespace {

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
