// A database by way of a registry: pulled whole, signed and known to be a database, or not at all.
#include "cli/database_registry.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "lib/base/file.h"
#include "scanner/advisories/database_archive.h"
#include "scanner/advisories/database_signature.h"
#include "tests/support/loopback_server.h"
#include "tests/unit/scanner/advisories/feed_folder.h"
#include "tests/unit/scanner/advisories/signing_keys.h"

namespace landwaiter::cli {
namespace {

using advisories::TemporaryFolder;
using advisories::TestKeys;
using testing::Connection;
using testing::LoopbackServer;
using testing::SeenRequest;

/// Holds one artifact under every tag.
class ArtifactServer {
 public:
  std::function<std::optional<bool>(const SeenRequest&, Connection&)> hook;

  void Hold(const std::string& type,
            const std::vector<std::pair<std::string_view, std::string>>& all,
            const std::string& manifest_digest = "") {
    // A client that has gone may still be answered.
    const std::lock_guard lock(mutex_);
    image::ArtifactManifest artifact;
    artifact.artifact_type = type;
    for (const auto& [media_type, bytes] : all) {
      image::Descriptor blob;
      blob.media_type = media_type;
      blob.digest = Sha256::Of(bytes);
      blob.size = bytes.size();
      artifact.blobs.push_back(blob);
      blobs_[blob.digest.ToString()] = bytes;
    }
    if (!manifest_digest.empty()) {
      artifact.annotations[std::string(kManifestAnnotation)] = manifest_digest;
    }
    manifest_ = RenderArtifact(artifact);
  }
  int BlobsAskedFor() {
    int count = 0;
    for (const SeenRequest& seen : server.Seen()) {
      count += seen.target.find("/blobs/") != std::string::npos;
    }
    return count;
  }

 private:
  bool Answer(const SeenRequest& r, Connection& c) {
    if (hook) {
      if (const auto kept = hook(r, c)) return *kept;
    }
    if (r.target.find("/manifests/") != std::string::npos) {
      return c.Reply(200, {{"Content-Type", "application/vnd.oci.image.manifest.v1+json"}},
                     Manifest());
    }
    const auto blob = Blob(r.target.substr(r.target.rfind('/') + 1));
    return blob ? c.Reply(200, {}, *blob) : c.Reply(404, {}, "");
  }
  std::string Manifest() {
    const std::lock_guard lock(mutex_);
    return manifest_;
  }
  std::optional<std::string> Blob(const std::string& digest) {
    const std::lock_guard lock(mutex_);
    const auto found = blobs_.find(digest);
    return found == blobs_.end() ? std::nullopt : std::optional(found->second);
  }

  std::mutex mutex_;
  std::map<std::string, std::string> blobs_;
  std::string manifest_;

 public:
  LoopbackServer server{[this](const SeenRequest& r, Connection& c) { return Answer(r, c); }};
};

class DatabaseRegistryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Build("db", "minimist");
    Build("new", "lodash");
    const auto exported =
        advisories::ExportDatabase(folder_.Path("new"), folder_.Path("a.tar.zst"), nullptr, {});
    ASSERT_TRUE(exported) << exported.error().message;
    manifest_ = exported->manifest;
    archive_ = *ReadFile(folder_.Path("a.tar.zst"), 64u << 20);
    signature_ = *advisories::SignManifest(manifest_, keys_.signing);
    old_ = *ReadFile(folder_.Path("db/manifest.json"), 4u << 20);
  }
  void Build(const std::string& name, const std::string& package) {
    advisories::BuildOptions options = advisories::BuildFrom(
        folder_, {advisories::OsvRecord("GHSA-1", "npm", package).Introduced("0")});
    options.output = folder_.Path(name);
    const auto built = advisories::BuildDatabase(options, {});
    ASSERT_TRUE(built) << built.error().message;
  }
  Result<PulledDatabase> Pull(const std::vector<VerifyingKey>& keys = {}) {
    const auto reference = ParseDatabaseReference("oci://" + server_.server.Host() + "/team/db:1");
    if (!reference) return reference.error();
    RegistryAccess access;
    access.client = *http::Client::Create({});
    access.options.plain_http = {server_.server.Host()};
    access.options.first_backoff = std::chrono::milliseconds(1);
    access.options.max_tries = 2;
    return PullDatabase(access, *reference, folder_.Path("db"), keys, {});
  }
  void ExpectOldInPlace(const std::string& name) {
    EXPECT_EQ(*ReadFile(folder_.Path("db/manifest.json"), 4u << 20), old_) << name;
    EXPECT_TRUE(advisories::AdvisoryDatabase::Verify(folder_.Path("db"))) << name;
    EXPECT_FALSE(std::filesystem::exists(folder_.Path("db/carried.tar.zst"))) << name;
  }
  void HoldDatabase(bool with_signature) {
    std::vector<std::pair<std::string_view, std::string>> all{{kDatabaseBlobType, archive_}};
    if (with_signature) all.emplace_back(kSignatureBlobType, signature_);
    server_.Hold(std::string(kDatabaseArtifactType), all, Sha256::Of(manifest_).ToString());
  }

  const TestKeys keys_;
  TemporaryFolder folder_;
  std::string manifest_, archive_, signature_, old_;
  ArtifactServer server_;
};

TEST_F(DatabaseRegistryTest, PullsOnceAndKnowsItAgain) {
  HoldDatabase(true);
  const auto first = Pull({keys_.verifying});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_FALSE(first->up_to_date);
  EXPECT_EQ(*ReadFile(folder_.Path("db/manifest.json"), 4u << 20), manifest_);
  const int asked = server_.BlobsAskedFor();
  const auto second = Pull({keys_.verifying});
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_TRUE(second->up_to_date);
  EXPECT_EQ(server_.BlobsAskedFor(), asked) << "nothing is pulled";
}

TEST_F(DatabaseRegistryTest, TheSameDatabaseWithoutItsSignatureIsPulledWhereAKeyIsGiven) {
  HoldDatabase(false);
  ASSERT_TRUE(Pull());
  HoldDatabase(true);
  const auto pulled = Pull({keys_.verifying});
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_FALSE(pulled->up_to_date);
  EXPECT_EQ(*advisories::VerifyFolder(folder_.Path("db"), {keys_.verifying}),
            advisories::SignatureState::kVerified);
}

TEST_F(DatabaseRegistryTest, ADamagedDatabaseIsPulledAnew) {
  HoldDatabase(false);
  const auto first = Pull();
  ASSERT_TRUE(first);
  std::filesystem::resize_file(folder_.Path("db/" + first->info.file), 100);
  const auto again = Pull();
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_FALSE(again->up_to_date);
  EXPECT_TRUE(advisories::AdvisoryDatabase::Verify(folder_.Path("db")));
}

TEST_F(DatabaseRegistryTest, WhatIsNotADatabaseOrNotSignedLeavesTheOldOne) {
  const std::string type(kDatabaseArtifactType);
  const std::string cut = archive_.substr(0, archive_.size() / 2);
  struct Row {
    const char* name;
    std::string artifact_type;
    std::vector<std::pair<std::string_view, std::string>> blobs;
    std::vector<VerifyingKey> keys;
    Code code;
  };
  const std::pair<std::string_view, std::string> database{kDatabaseBlobType, archive_};
  for (const Row& row :
       {Row{"another artifact", "application/vnd.cncf.helm", {database}, {}, Code::kUnsupported},
        Row{"no blob", type, {}, {}, Code::kDataLoss},
        Row{"a blob of another type",
            type,
            {database, {"text/plain", "x"}},
            {},
            Code::kUnsupported},
        Row{"two databases", type, {database, database}, {}, Code::kUnsupported},
        Row{"an archive that breaks off", type, {{kDatabaseBlobType, cut}}, {}, Code::kDataLoss},
        Row{"no signature where a key is given",
            type,
            {database},
            {keys_.verifying},
            Code::kUnauthenticated},
        Row{"another's signature",
            type,
            {database, {kSignatureBlobType, signature_}},
            {keys_.other},
            Code::kUnauthenticated},
        Row{"a signature that is none",
            type,
            {database, {kSignatureBlobType, "short"}},
            {},
            Code::kDataLoss}}) {
    server_.Hold(row.artifact_type, row.blobs);
    const auto pulled = Pull(row.keys);
    ASSERT_FALSE(pulled) << row.name;
    EXPECT_EQ(pulled.error().code, row.code) << row.name << ": " << pulled.error().message;
    ExpectOldInPlace(row.name);
  }
}

TEST_F(DatabaseRegistryTest, AnUnsignedDatabaseIsNotEvenPulledWhereAKeyIsGiven) {
  HoldDatabase(false);
  EXPECT_FALSE(Pull({keys_.verifying}));
  EXPECT_EQ(server_.BlobsAskedFor(), 0);
}

TEST_F(DatabaseRegistryTest, ARegistryThatMisbehavesLeavesTheOldOne) {
  HoldDatabase(false);
  struct Row {
    const char* name;
    std::function<std::optional<bool>(const SeenRequest&, Connection&)> hook;
    std::string_view reason;
  };
  const auto blob = [](const SeenRequest& r) {
    return r.target.find("/blobs/") != std::string::npos;
  };
  const Row rows[] = {
      {"401", [](const SeenRequest&, Connection& c) { return c.Reply(401, {}, ""); },
       "PullUnauthorized"},
      {"404", [](const SeenRequest&, Connection& c) { return c.Reply(404, {}, ""); }, "NotFound"},
      {"429 with a long wait",
       [](const SeenRequest&, Connection& c) {
         return c.Reply(429, {{"Retry-After", "3600"}}, "");
       },
       "RateLimited"},
      {"a blob that always breaks off",
       [&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
         if (!blob(r)) return std::nullopt;
         c.Send("HTTP/1.1 200 X\r\nContent-Length: " + std::to_string(archive_.size()) +
                "\r\n\r\n");
         return false;
       },
       "RegistryUnavailable"},
      {"other bytes under the digest",
       [&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
         if (!blob(r)) return std::nullopt;
         return c.Reply(200, {}, std::string(archive_.size(), 'x'));
       },
       ""},
      {"more bytes than announced",
       [&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
         if (!blob(r)) return std::nullopt;
         return c.Reply(200, {}, archive_ + "x");
       },
       "DigestMismatch"},
  };
  for (const Row& row : rows) {
    server_.hook = row.hook;
    const auto pulled = Pull();
    ASSERT_FALSE(pulled) << row.name;
    EXPECT_EQ(pulled.error().reason, row.reason) << row.name << ": " << pulled.error().message;
    ExpectOldInPlace(row.name);
  }
}

TEST_F(DatabaseRegistryTest, ABlobThatBreaksOffOnceIsTakenUpAgain) {
  HoldDatabase(false);
  int asked = 0;
  server_.hook = [&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    if (r.target.find("/blobs/") == std::string::npos) return std::nullopt;
    const std::size_t half = archive_.size() / 2;
    const std::string size = std::to_string(archive_.size());
    if (++asked == 1) {
      c.Send("HTTP/1.1 200 X\r\nContent-Length: " + size + "\r\n\r\n" + archive_.substr(0, half));
      return false;
    }
    EXPECT_EQ(r.Header("range"), "bytes=" + std::to_string(half) + "-");
    return c.Reply(206,
                   {{"Content-Range", "bytes " + std::to_string(half) + "-" +
                                          std::to_string(archive_.size() - 1) + "/" + size}},
                   archive_.substr(half));
  };
  const auto pulled = Pull();
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(asked, 2);
}

TEST(DatabaseReference, NeedsItsScheme) {
  EXPECT_TRUE(ParseDatabaseReference("oci://registry.example/team/db:1"));
  for (const char* text : {"registry.example/team/db:1", "oci:registry.example/db", "oci://", "",
                           "https://registry.example/db", "oci://UPPER/../x"}) {
    EXPECT_EQ(ParseDatabaseReference(text).error().code, Code::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace landwaiter::cli
