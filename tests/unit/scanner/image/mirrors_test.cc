// Registries with mirrors: who is asked, in which order, as whom, and what ends the search.
#include "scanner/image/mirrors.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/http/url.h"
#include "scanner/image/loader.h"
#include "scanner/image/registry.h"
#include "tests/unit/scanner/image/fake_registry.h"

namespace landwaiter::image {
namespace {

using namespace std::chrono_literals;
using testing::Connection;
using testing::FakeRegistry;
using testing::SeenRequest;

namespace fs = std::filesystem;

/// A folder of hosts.toml files, and a client that knows it.
class MirrorTest : public ::testing::Test {
 protected:
  MirrorTest() {
    std::string name = (fs::temp_directory_path() / "mirrorsXXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~MirrorTest() override { fs::remove_all(folder_); }

  void Write(const std::string& registry, const std::string& text) {
    fs::create_directories(folder_ / registry);
    ASSERT_TRUE(WriteFileAtomically((folder_ / registry / "hosts.toml").string(), text));
  }
  http::ClientOptions Options(const std::vector<std::string>& allowed = {"127.0.0.1"}) {
    http::ClientOptions options;
    options.address_policy = *http::AddressPolicy::Create(http::PrivateRanges::kAllow, allowed);
    return options;
  }
  void Connect(const FakeRegistry& upstream,
               const std::vector<std::string>& allowed = {"127.0.0.1"}) {
    client_ = std::move(*http::Client::Create(Options(allowed)));
    mirrors_ = std::make_unique<Mirrors>(folder_.string(), Options(allowed));
    RegistryOptions options;
    options.plain_http.push_back(upstream.server.Host());
    options.first_backoff = 1ms;
    options.max_tries = 3;
    options.stall_timeout = 300ms;
    options.mirrors = mirrors_.get();
    registry_ = Registry::Create(*client_, std::move(options));
  }
  /// The file of `upstream`: its mirrors, in order, with the rest of each one's table.
  void Mirror(const FakeRegistry& upstream,
              const std::vector<std::pair<std::string, std::string>>& mirrors) {
    std::string text;
    for (const auto& [url, rest] : mirrors) text += "[host.\"" + url + "\"]\n" + rest;
    Write(upstream.server.Host(), text);
    Connect(upstream);
  }
  Result<Digest> Resolve(const FakeRegistry& upstream, const std::string& rest = ":1",
                         const std::vector<RegistryCredential>& credentials = {}) {
    return registry_->Resolve(*ImageReference::Parse(upstream.Reference(rest)), credentials, {});
  }
  Result<std::string> ReadLayer(const FakeRegistry& upstream,
                                std::vector<RegistryCredential> credentials = {}) {
    auto source =
        registry_->Open(*ImageReference::Parse(upstream.Reference()), std::move(credentials), {});
    auto image = LoadImage(*source, {});
    if (!image) return std::move(image).error();
    auto blob = ReadBlob(*source, image->platforms.at(0).manifest.layers.at(0), 1 << 20);
    givers_ = source->Givers();
    return blob;
  }

  fs::path folder_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<Mirrors> mirrors_;
  std::unique_ptr<Registry> registry_;
  std::string givers_;
};

std::size_t Asked(FakeRegistry& fake) { return fake.server.Seen().size(); }

FakeRegistry::Hook Always(int status) {
  return [status](const SeenRequest&, Connection& c) -> std::optional<bool> {
    return c.Reply(status, {}, R"({"errors":[{"code":"OWN","message":"own words"}]})");
  };
}

/// A mirror's requests name the registry that they are about, which is cut off here.
FakeRegistry::Hook AsMirror(FakeRegistry*& self) {
  return [&self](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    const auto query = r.target.find("?ns=");
    if (query == std::string::npos) return c.Reply(400, {}, "no ns");
    const std::string path = r.target.substr(0, query);
    if (path == FakeRegistry::ManifestTarget("1") ||
        path.find(self->image.ManifestDigest().ToString()) != std::string::npos) {
      std::string head =
          "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.oci.image.manifest.v1+json"
          "\r\nDocker-Content-Digest: " +
          self->image.ManifestDigest().ToString() +
          "\r\nContent-Length: " + std::to_string(self->image.manifest.size()) + "\r\n\r\n";
      return c.Send(r.method == "HEAD" ? head : head + self->image.manifest);
    }
    for (const std::string* blob : {&self->image.layer, &self->image.config}) {
      if (path.ends_with(Sha256::Of(*blob).ToString())) return c.Reply(200, {}, *blob);
    }
    return c.Reply(404, {}, "");
  };
}

struct GoodMirror {
  FakeRegistry* self = nullptr;
  FakeRegistry fake{AsMirror(self)};
  GoodMirror() { self = &fake; }
  std::string Url() const { return fake.server.Url(""); }
};

// Nodes pull through mirrors (the admission list, 65).
TEST_F(MirrorTest, TheMirrorGivesAllAndTheRegistryIsNotAsked) {
  FakeRegistry upstream;
  GoodMirror mirror;
  Mirror(upstream, {{mirror.Url(), ""}});
  ASSERT_TRUE(Resolve(upstream));
  const auto layer = ReadLayer(upstream);
  ASSERT_TRUE(layer) << layer.error().message;
  EXPECT_EQ(Asked(upstream), 0u);
  EXPECT_EQ(givers_, "mirror " + mirror.fake.server.Host() + "/v2");
  const std::string target = mirror.fake.server.Seen().front().target;
  EXPECT_EQ(target, "/v2/team/app/manifests/1?ns=" + http::PercentEncode(upstream.server.Host()));
}

// Admission pitfall 65.
TEST_F(MirrorTest, WhateverAMirrorFailsByTheNextIsAsked) {
  for (const int status : {401, 403, 404, 429, 500, 503}) {
    FakeRegistry upstream;
    FakeRegistry bad(Always(status));
    GoodMirror second;
    Mirror(upstream, {{bad.server.Url(""), ""}, {second.Url(), ""}});
    const auto layer = ReadLayer(upstream);
    ASSERT_TRUE(layer) << status << ": " << layer.error().message;
    EXPECT_EQ(Asked(upstream), 0u) << status;
    EXPECT_EQ(bad.Count("GET", "/v2/team/app/manifests"), 1) << status << ": no second try";
  }
}

TEST_F(MirrorTest, WhereNothingAnswersTheRegistryIsAskedAndTheMirrorNotAgain) {
  FakeRegistry upstream;
  std::atomic<int> tries{0};
  FakeRegistry dead([&](const SeenRequest&, Connection&) -> std::optional<bool> {
    ++tries;
    return false;
  });
  Mirror(upstream, {{dead.server.Url(""), ""}});
  const auto layer = ReadLayer(upstream);
  ASSERT_TRUE(layer) << layer.error().message;
  EXPECT_EQ(givers_, "");
  const int after_manifest = tries;
  EXPECT_LE(after_manifest, 2);  // a connection that dies is tried once more below
  EXPECT_EQ(upstream.Count("GET", "/v2/team/app/blobs"), 2);
}

TEST_F(MirrorTest, ATagIsResolvedOnlyWhereThatIsTrusted) {
  FakeRegistry upstream;
  GoodMirror mirror;
  Mirror(upstream, {{mirror.Url(), "capabilities = [\"pull\"]\n"}});
  ASSERT_TRUE(Resolve(upstream));
  EXPECT_EQ(Asked(mirror.fake), 0u);
  EXPECT_EQ(upstream.Count("HEAD", ""), 1);
  ASSERT_TRUE(ReadLayer(upstream));
  EXPECT_EQ(upstream.Count("GET", "/v2/team/app/blobs"), 0) << "digests come from the mirror";
  ASSERT_TRUE(Resolve(upstream, "@" + upstream.image.ManifestDigest().ToString()));
  EXPECT_EQ(upstream.Count("HEAD", ""), 1);
}

TEST_F(MirrorTest, WhereNoHostMayResolveThatIsSaid) {
  FakeRegistry upstream;
  GoodMirror mirror;
  Write(upstream.server.Host(), "server = \"" + mirror.Url() + "\"\ncapabilities = [\"pull\"]\n");
  Connect(upstream);
  const auto digest = Resolve(upstream);
  ASSERT_FALSE(digest);
  EXPECT_NE(digest.error().message.find("may resolve a tag"), std::string::npos);
}

TEST_F(MirrorTest, WrongBytesOfAMirrorAreAMismatchAndNobodyElseIsAsked) {
  FakeRegistry upstream;
  FakeRegistry liar([](const SeenRequest&, Connection& c) -> std::optional<bool> {
    return c.Reply(200, {{"Content-Type", "application/vnd.oci.image.manifest.v1+json"}}, "{}");
  });
  Mirror(upstream, {{liar.server.Url(""), ""}});
  auto source = registry_->Open(
      *ImageReference::Parse(upstream.Reference("@" + upstream.image.ManifestDigest().ToString())),
      {}, {});
  const auto manifest = source->Manifest(std::nullopt);
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().reason, scan_reason::kDigestMismatch);
  EXPECT_NE(manifest.error().message.find("from mirror " + liar.server.Host()), std::string::npos)
      << manifest.error().message;
  EXPECT_EQ(Asked(upstream), 0u);
}

struct Ending {
  int mirror;
  int registry;
  std::string_view reason;
};

TEST_F(MirrorTest, OfSeveralFailuresTheOneThatGotFurthestCountsAndAllAreNamed) {
  for (const Ending& ending :
       {Ending{404, 500, scan_reason::kRegistryUnavailable},
        Ending{503, 404, scan_reason::kRegistryUnavailable},
        Ending{401, 404, scan_reason::kPullUnauthorized},
        Ending{404, 401, scan_reason::kPullUnauthorized},
        Ending{429, 401, scan_reason::kRateLimited}, Ending{404, 404, scan_reason::kNotFound}}) {
    FakeRegistry upstream(Always(ending.registry));
    FakeRegistry mirror(Always(ending.mirror));
    Mirror(upstream, {{mirror.server.Url(""), ""}});
    const auto layer = ReadLayer(upstream);
    ASSERT_FALSE(layer);
    const std::string& message = layer.error().message;
    EXPECT_EQ(layer.error().reason, ending.reason) << message;
    for (const std::string& part :
         {"mirror " + mirror.server.Host() + "/v2: ", std::to_string(ending.mirror),
          "registry " + upstream.server.Host() + ": ", std::to_string(ending.registry)}) {
      EXPECT_NE(message.find(part), std::string::npos) << part << " not in " << message;
    }
  }
}

TEST_F(MirrorTest, HeadersGoToTheirMirrorAlone) {
  FakeRegistry upstream;
  FakeRegistry mirror(Always(404));
  Mirror(upstream, {{mirror.server.Url(""), "header = { x-team = \"blue\" }\n"}});
  ASSERT_TRUE(Resolve(upstream));
  EXPECT_EQ(mirror.server.Seen().front().Header("x-team"), "blue");
  for (const SeenRequest& seen : upstream.server.Seen()) EXPECT_EQ(seen.Header("x-team"), "");
}

TEST_F(MirrorTest, AnOverriddenPathIsAskedAsItIs) {
  FakeRegistry upstream;
  FakeRegistry mirror(Always(404));
  Mirror(upstream, {{mirror.server.Url("/v2/proxy"), "override_path = true\n"}});
  ASSERT_TRUE(Resolve(upstream));
  EXPECT_EQ(mirror.Count("HEAD", "/v2/proxy/team/app/manifests/1?ns="), 1);
}

RegistryCredential Login(const std::string& user, const std::string& host) {
  RegistryCredential credential;
  credential.username = user;
  credential.password = Secret("pw");
  credential.host = host;
  return credential;
}

/// Lets in whoever is `user`.
FakeRegistry::Hook Only(const std::string& user) {
  return [user](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    if (r.Header("authorization") == "Basic " + text::Base64Encode(user + ":pw")) {
      return std::nullopt;
    }
    return c.Reply(401, {{"WWW-Authenticate", "Basic realm=\"r\""}}, "");
  };
}

// Credentials are keyed to the mirror (the admission list, 63).
// Admission pitfall 63.
TEST_F(MirrorTest, EachHostGetsItsOwnCredentialsOnly) {
  FakeRegistry upstream(Only("of-upstream"));
  FakeRegistry mirror(Only("of-mirror"));  // refuses: its requests have ?ns=, which it answers 404
  Mirror(upstream, {{mirror.server.Url(""), ""}});
  ASSERT_TRUE(Resolve(upstream, ":1",
                      {Login("of-upstream", ""), Login("of-mirror", mirror.server.Host())}));
  const auto saw = [](FakeRegistry& fake, const std::string& user) {
    int count = 0;
    for (const SeenRequest& seen : fake.server.Seen()) {
      count += seen.Header("authorization") == "Basic " + text::Base64Encode(user + ":pw");
    }
    return count;
  };
  EXPECT_GT(saw(mirror, "of-mirror"), 0);
  EXPECT_EQ(saw(mirror, "of-upstream"), 0);
  EXPECT_GT(saw(upstream, "of-upstream"), 0);
  EXPECT_EQ(saw(upstream, "of-mirror"), 0);
}

// Admission pitfall 63.
TEST_F(MirrorTest, CredentialsAreFoundByTheMirrorsNameAndPath) {
  Write("docker.io",
        "[host.\"https://harbor.example/v2/hub\"]\noverride_path = true\n"
        "[host.\"https://registry-1.docker.io\"]\n");
  Mirrors mirrors(folder_.string(), {});
  const auto hosts = mirrors.For("docker.io");
  ASSERT_TRUE(hosts && *hosts);
  std::vector<KeyringEntry> entries;
  for (const char* key : {"docker.io", "harbor.example/hub", "harbor.example/other", "*.example"}) {
    auto entry = ParseKeyringKey(key);
    ASSERT_TRUE(entry);
    entry->credential = Login(key, "");
    entries.push_back(*std::move(entry));
  }
  std::string told;
  for (const auto& one : CredentialsFor(entries, *ImageReference::Parse("nginx"), hosts->get())) {
    told += one.username + "@" + one.host + " ";
  }
  EXPECT_EQ(told, "docker.io@ harbor.example/hub@harbor.example *.example@harbor.example ");
}

TEST_F(MirrorTest, AddressesOfMirrorsAreJudgedAsAllAre) {
  FakeRegistry upstream;
  GoodMirror mirror;
  Mirror(upstream, {{mirror.Url(), ""}});
  Connect(upstream, {});
  const auto digest = Resolve(upstream);
  ASSERT_FALSE(digest);
  EXPECT_EQ(digest.error().reason, scan_reason::kAddressRefused);
  EXPECT_EQ(Asked(mirror.fake), 0u);
  Write(upstream.server.Host(), "[host.\"http://169.254.169.254\"]\n");
  Connect(upstream);
  ASSERT_TRUE(Resolve(upstream)) << "the registry is asked in its place";
}

TEST_F(MirrorTest, AFileCountsAsSoonAsItIsThere) {
  FakeRegistry upstream;
  GoodMirror mirror;
  Connect(upstream);
  ASSERT_TRUE(Resolve(upstream));
  EXPECT_EQ(Asked(mirror.fake), 0u);
  Write("_default", "[host.\"" + mirror.Url() + "\"]\n");
  ASSERT_TRUE(Resolve(upstream));
  EXPECT_EQ(mirror.fake.Count("HEAD", ""), 1);
  Write(upstream.server.Host(), "");  // its own file, without a mirror
  ASSERT_TRUE(Resolve(upstream));
  EXPECT_EQ(mirror.fake.Count("HEAD", ""), 1);
}

struct Folder {
  const char* name;
  const char* registry;
  bool is_for;
};

TEST_F(MirrorTest, FoldersAreNamedAsContainerdNamesThem) {
  for (const Folder& one : {Folder{"reg.example_5000_", "reg.example:5000", true},
                            Folder{"reg.example:5000", "reg.example:5000", true},
                            Folder{"reg.example", "reg.example:5000", false},
                            Folder{"_default", "reg.example:5000", true},
                            Folder{"docker.io", "docker.io", true}, Folder{"x", "../x", false}}) {
    fs::remove_all(folder_);
    Write(one.name, "");
    Mirrors mirrors(folder_.string(), {});
    const auto hosts = mirrors.For(one.registry);
    ASSERT_TRUE(hosts) << one.name;
    EXPECT_EQ(*hosts != nullptr, one.is_for) << one.name << " for " << one.registry;
  }
}

TEST_F(MirrorTest, AFileThatCannotBeReadIsAnErrorAndNotAPullWithoutIt) {
  FakeRegistry upstream;
  Write(upstream.server.Host(), "server = \n");
  Connect(upstream);
  const auto checked = mirrors_->Check();
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("hosts.toml: line 1"), std::string::npos);
  const auto digest = Resolve(upstream);
  ASSERT_FALSE(digest);
  EXPECT_EQ(digest.error().reason, scan_reason::kRegistryUnavailable);
  EXPECT_EQ(Asked(upstream), 0u);
  Write(upstream.server.Host(), "[host.\"https://m.example\"]\nca = \"absent.pem\"\n");
  EXPECT_FALSE(mirrors_->Check());
  EXPECT_FALSE(Mirrors((folder_ / "absent").string(), {}).Check());
}

}  // namespace
}  // namespace landwaiter::image
