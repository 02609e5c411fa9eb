// Artifacts: what is rendered is read again, what lies is refused, and a push survives a registry
// that misbehaves.
#include "scanner/image/artifact.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "scanner/image/artifact_push.h"
#include "scanner/image/manifest.h"
#include "tests/support/loopback_server.h"

namespace landwaiter::image {
namespace {

using namespace std::chrono_literals;
using landwaiter::testing::Connection;
using landwaiter::testing::LoopbackServer;
using landwaiter::testing::SeenRequest;

Descriptor DescriptorOf(const std::string& type, const std::string& bytes) {
  Descriptor blob;
  blob.media_type = type;
  blob.digest = Sha256::Of(bytes);
  blob.size = bytes.size();
  return blob;
}

TEST(Artifact, WhatIsRenderedIsRead) {
  ArtifactManifest artifact;
  artifact.artifact_type = "application/vnd.example.v1";
  artifact.blobs = {DescriptorOf("application/x", "one"), DescriptorOf("application/y", "two")};
  artifact.blobs[1].annotations = {{"name", "two"}};
  artifact.annotations = {{"a", "b"}, {"c", "\xff"}};
  const std::string bytes = RenderArtifact(artifact);
  EXPECT_EQ(bytes, RenderArtifact(artifact));
  EXPECT_NE(bytes.find("sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"),
            std::string::npos)
      << "the empty descriptor of the specification";
  const auto read = ParseArtifact(bytes);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->artifact_type, artifact.artifact_type);
  EXPECT_EQ(read->blobs, artifact.blobs);
  EXPECT_EQ(read->annotations.at("a"), "b");
}

TEST(Artifact, WhatIsNoArtifactIsRefusedWithAReason) {
  const std::string digest = Sha256::Of("x").ToString();
  const auto layer = [&](const std::string& fields) {
    return R"({"schemaVersion":2,"layers":[{"mediaType":"a",)" + fields + "}]}";
  };
  std::string many;
  for (std::size_t i = 0; i <= kMaxArtifactBlobs; ++i) many += (i == 0 ? "{}" : ",{}");
  struct Row {
    const char* name;
    std::string bytes;
  };
  for (const Row& row :
       {Row{"nothing", ""}, Row{"a list", "[]"}, Row{"broken off", R"({"layers":[)"},
        Row{"a layer without a digest", layer(R"("size":1)")},
        Row{"a digest that is none", layer(R"("digest":"sha256:abc","size":1)")},
        Row{"a digest that nobody computes",
            layer(R"("size":1,"digest":"sha512:)" + std::string(128, 'a') + "\"")},
        Row{"a negative size", layer(R"("size":-1,"digest":")" + digest + "\"")},
        Row{"a size above every limit",
            layer(R"("size":99999999999999,"digest":")" + digest + "\"")},
        Row{"a size that is text", layer(R"("size":"1","digest":")" + digest + "\"")},
        Row{"layers that are no list", R"({"layers":{}})"},
        Row{"a million layers", R"({"layers":[)" + many + "]}"},
        Row{"deeply nested", std::string(100'000, '[')},
        Row{"huge", std::string(kMaxManifestBytes + 1, ' ')},
        Row{"an index",
            R"({"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]})"}}) {
    const auto read = ParseArtifact(row.bytes);
    ASSERT_FALSE(read) << row.name;
    EXPECT_FALSE(read.error().reason.empty()) << row.name;
  }
  const auto old = ParseArtifact(R"({"config":{"mediaType":"application/vnd.cncf.helm"}})");
  ASSERT_TRUE(old);
  EXPECT_EQ(old->artifact_type, "application/vnd.cncf.helm");
}

/// A registry that takes uploads; a hook sees each request first.
class UploadRegistry {
 public:
  using Hook = std::function<std::optional<bool>(const SeenRequest&, Connection&)>;
  explicit UploadRegistry(Hook hook = {})
      : hook_(std::move(hook)),
        server([this](const SeenRequest& r, Connection& c) { return Answer(r, c); }) {}

  int Count(const std::string& method, const std::string& part) {
    int count = 0;
    for (const SeenRequest& seen : server.Seen()) {
      count += seen.method == method && seen.target.find(part) != std::string::npos;
    }
    return count;
  }
  std::map<std::string, std::string> blobs;      // by digest
  std::map<std::string, std::string> manifests;  // by tag

 private:
  static constexpr const char* kRoot = "/v2/team/db/";
  bool Answer(const SeenRequest& r, Connection& c) {
    if (hook_) {
      if (const auto kept = hook_(r, c)) return *kept;
    }
    const std::lock_guard lock(mutex_);
    if (r.target.rfind(kRoot, 0) != 0) return c.Reply(404, {}, "");
    const std::string rest = r.target.substr(std::string(kRoot).size());
    if (r.method == "HEAD") {
      const bool there = blobs.count(rest.substr(rest.find('/') + 1)) != 0;
      return c.Send(there ? "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
                          : "HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n");
    }
    if (r.method == "POST") {
      const std::string id = std::to_string(++uploads_);
      parts_[id] = "";
      // Relative, as the specification allows, and with a query, as some registries write it.
      return c.Reply(202, {{"Location", std::string(kRoot) + "blobs/uploads/" + id + "?state=a"}},
                     "");
    }
    if (r.method == "PUT" && rest.rfind("manifests/", 0) == 0) {
      manifests[rest.substr(10)] = r.body;
      return c.Reply(201, {{"Docker-Content-Digest", Sha256::Of(r.body).ToString()}}, "");
    }
    return TakeBytes(r, c, rest.substr(std::string("blobs/uploads/").size()));
  }
  bool TakeBytes(const SeenRequest& r, Connection& c, const std::string& rest) {
    const std::string id = rest.substr(0, rest.find('?'));
    std::string& part = parts_[id];
    const std::string range = r.Header("content-range");
    if (r.method == "PATCH" && range.rfind(std::to_string(part.size()) + "-", 0) != 0) {
      return c.Reply(416, {}, "");
    }
    part += r.body;
    if (r.method == "PATCH") {
      return c.Reply(202, {{"Location", server.Url(std::string(kRoot) + "blobs/uploads/" + id)}},
                     "");
    }
    const std::string digest = Sha256::Of(part).ToString();
    if (rest.find("digest=sha256%3A" + digest.substr(7)) == std::string::npos) {
      return c.Reply(400, {}, R"({"errors":[{"code":"DIGEST_INVALID","message":"no"}]})");
    }
    blobs[digest] = part;
    return c.Reply(201, {{"Location", "x"}}, "");
  }

  const Hook hook_;
  std::mutex mutex_;
  int uploads_ = 0;
  std::map<std::string, std::string> parts_;

 public:
  LoopbackServer server;  // last: it calls what stands above
};

struct Pusher {
  explicit Pusher(UploadRegistry& to, std::vector<RegistryCredential> who = {})
      : reference(*ImageReference::Parse(to.server.Host() + "/team/db:1")),
        credentials(std::move(who)) {
    http::ClientOptions options;
    options.address_policy =
        *http::AddressPolicy::Create(http::PrivateRanges::kAllow, {"127.0.0.1"});
    client = std::move(*http::Client::Create(std::move(options)));
    RegistryOptions registry;
    registry.plain_http = {to.server.Host()};
    registry.first_backoff = 1ms;
    registry.max_tries = 3;
    registry.stall_timeout = 2000ms;
    pusher = ArtifactPusher::Create(*client, registry);
  }
  Result<PushedArtifact> Push(const std::vector<std::string>& contents) {
    ArtifactManifest artifact;
    artifact.artifact_type = "application/vnd.example.v1";
    std::vector<ArtifactBlob> blobs;
    for (const std::string& bytes : contents) {
      artifact.blobs.push_back(DescriptorOf("application/x", bytes));
      blobs.push_back({"", bytes});
    }
    return pusher->Push(reference, credentials, artifact, blobs, {});
  }
  ImageReference reference;
  std::vector<RegistryCredential> credentials;
  std::unique_ptr<http::Client> client;
  std::unique_ptr<ArtifactPusher> pusher;
};

std::string Large() {
  std::string bytes(2 * kUploadChunkBytes + 12'345, 'a');
  for (std::size_t i = 0; i < bytes.size(); i += 997) bytes[i] = static_cast<char>(i);
  return bytes;
}

TEST(ArtifactPush, PutsBlobsThenTheManifest) {
  UploadRegistry registry;
  Pusher pusher(registry);
  const auto pushed = pusher.Push({"one", Large()});
  ASSERT_TRUE(pushed) << pushed.error().message;
  EXPECT_EQ(pushed->sent, 2u);
  EXPECT_EQ(registry.blobs.size(), 3u) << "with the empty configuration";
  EXPECT_EQ(registry.blobs[Sha256::Of(Large()).ToString()], Large());
  EXPECT_EQ(registry.Count("PATCH", ""), 3) << "the large one goes in chunks";
  EXPECT_EQ(Sha256::Of(registry.manifests["1"]), pushed->digest);
  EXPECT_EQ(registry.server.Seen().back().target, "/v2/team/db/manifests/1");
}

TEST(ArtifactPush, ABlobThatIsThereIsNotSent) {
  UploadRegistry registry;
  Pusher pusher(registry);
  ASSERT_TRUE(pusher.Push({"one"}));
  const int posts = registry.Count("POST", "");
  const auto again = pusher.Push({"one"});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->sent, 0u);
  EXPECT_EQ(again->there, 1u);
  EXPECT_EQ(registry.Count("POST", ""), posts);
}

TEST(ArtifactPush, AnUploadThatBreaksOffIsBegunAnew) {
  for (const char* method : {"PATCH", "PUT"}) {
    std::atomic<int> broken{0};
    UploadRegistry registry([&](const SeenRequest& r, Connection&) -> std::optional<bool> {
      const bool upload = r.target.find("blobs/uploads") != std::string::npos;
      const bool second = r.method != "PATCH" || r.Header("content-range").rfind("0-", 0) != 0;
      if (r.method == method && upload && r.body != "{}" && second && broken++ == 0) return false;
      return std::nullopt;
    });
    Pusher pusher(registry);
    const auto pushed = pusher.Push({Large()});
    ASSERT_TRUE(pushed) << method << ": " << pushed.error().message;
    EXPECT_EQ(registry.blobs[Sha256::Of(Large()).ToString()], Large()) << method;
  }
}

TEST(ArtifactPush, ARegistryThatAlwaysBreaksOffIsGivenUp) {
  UploadRegistry registry([&](const SeenRequest& r, Connection&) -> std::optional<bool> {
    if (r.method == "PATCH") return false;
    return std::nullopt;
  });
  Pusher pusher(registry);
  const auto pushed = pusher.Push({Large()});
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().code, Code::kUnavailable) << pushed.error().message;
  EXPECT_TRUE(registry.manifests.empty()) << "no tag names what is not there";
  // libcurl itself sends a request once more where a kept connection turns out to be closed.
  EXPECT_LE(registry.Count("PATCH", ""), 6);
}

TEST(ArtifactPush, LogsInForWriting) {
  UploadRegistry* self = nullptr;
  UploadRegistry registry([&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    if (r.target.rfind("/token", 0) == 0) {
      const bool push =
          r.target.find("scope=repository%3Ateam%2Fdb%3Apull%2Cpush") != std::string::npos;
      return c.Reply(200, {}, push ? R"({"token":"write"})" : R"({"token":"read"})");
    }
    if (r.Header("authorization") == "Bearer write") return std::nullopt;
    // As many do, the challenge of a HEAD is for reading alone.
    const std::string challenge = "Bearer realm=\"" + self->server.Url("/token") +
                                  "\",service=\"s\",scope=\"repository:team/db:pull\"";
    if (r.method == "HEAD") {
      return c.Send("HTTP/1.1 401 X\r\nWWW-Authenticate: " + challenge +
                    "\r\nContent-Length: 0\r\n\r\n");
    }
    return c.Reply(401, {{"WWW-Authenticate", challenge}}, "");
  });
  self = &registry;
  RegistryCredential credential;
  credential.username = "someone";
  credential.password = Secret("word");
  Pusher pusher(registry, {credential});
  const auto pushed = pusher.Push({"one"});
  ASSERT_TRUE(pushed) << pushed.error().message;
  EXPECT_EQ(registry.Count("GET", "/token"), 1);
}

TEST(ArtifactPush, SaysWhatTheRegistryRefuses) {
  struct Row {
    const char* name;
    const char* method;
    int status;
    std::string_view reason;
  };
  for (const Row& row :
       {Row{"a push without the right to", "POST", 403, "PullUnauthorized"},
        Row{"a push without a login", "POST", 401, "PullUnauthorized"},
        Row{"a repository that is not there", "POST", 404, "NotFound"},
        Row{"a manifest that it does not take", "PUT", 400, "RegistryUnavailable"},
        Row{"a registry that is overloaded", "POST", 503, "RegistryUnavailable"}}) {
    UploadRegistry registry([&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
      const bool manifest = r.target.find("manifests/") != std::string::npos;
      if (r.method != row.method || (r.method == "PUT" && !manifest)) return std::nullopt;
      return c.Reply(row.status, {}, R"({"errors":[{"code":"WHY","message":"it says"}]})");
    });
    Pusher pusher(registry);
    const auto pushed = pusher.Push({"one"});
    ASSERT_FALSE(pushed) << row.name;
    EXPECT_EQ(pushed.error().reason, row.reason) << row.name << ": " << pushed.error().message;
    EXPECT_TRUE(registry.manifests.empty()) << row.name;
  }
}

TEST(ArtifactPush, GoesNowhereElseThanTheRegistry) {
  std::atomic<int> stray{0};
  LoopbackServer other([&](const SeenRequest& r, Connection& c) {
    ++stray;
    EXPECT_EQ(r.Header("authorization"), "");
    return c.Reply(201, {}, "");
  });
  UploadRegistry registry([&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    if (r.method != "POST") return std::nullopt;
    return c.Reply(202, {{"Location", other.Url("/upload")}}, "");
  });
  Pusher pusher(registry);
  const auto pushed = pusher.Push({"one"});
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().reason, "AddressRefused") << "plain HTTP that is not listed";
  EXPECT_EQ(stray, 0);
}

TEST(ArtifactPush, RefusesARegistryThatDoesNotSayWhere) {
  UploadRegistry registry([&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    if (r.method != "POST") return std::nullopt;
    return c.Reply(202, {}, "");
  });
  Pusher pusher(registry);
  const auto pushed = pusher.Push({"one"});
  ASSERT_FALSE(pushed);
  EXPECT_NE(pushed.error().message.find("Location"), std::string::npos);
}

TEST(ArtifactPush, NeedsATag) {
  UploadRegistry registry;
  Pusher pusher(registry);
  pusher.reference.digest = Sha256::Of("x");
  EXPECT_EQ(pusher.Push({"one"}).error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace landwaiter::image
