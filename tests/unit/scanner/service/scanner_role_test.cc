#include "scanner/service/scanner_role.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/http/certificates.h"
#include "lib/http/client.h"
#include "lib/http/server.h"
#include "model/inventory_codec.h"
#include "model/scan_request.h"
#include "scanner/service/scan_queue.h"
#include "tests/support/loopback_server.h"
#include "tests/unit/scanner/service/memory_image.h"

namespace landwaiter::service {
namespace {

using testing::MemoryImage;
using testing::SmallImage;

/// Enough of a registry for one image, on loopback.
class TinyRegistry {
 public:
  TinyRegistry() {
    SmallImage(image_);
    auto server = http::Server::Create({.listen = "127.0.0.1:0"});
    EXPECT_TRUE(server);
    server_ = *std::move(server);
    for (const char* method : {"GET", "HEAD"}) {
      server_->Route(method, "/v2/", [this](http::ServerRequest&& request, http::Responder answer) {
        answer(Answer(request.path));
      });
    }
    EXPECT_TRUE(server_->Start());
  }
  ~TinyRegistry() { server_->Stop(); }

  std::string host() const { return "127.0.0.1:" + std::to_string(server_->Port()); }
  const MemoryImage& image() const { return image_; }

 private:
  http::ServerResponse Answer(const std::string& path) {
    const std::string name = path.substr(path.rfind('/') + 1);
    if (path.find("/manifests/") != std::string::npos) {
      auto manifest = image_.Manifest(std::nullopt);
      http::ServerResponse response{.body = manifest->bytes, .content_type = manifest->media_type};
      response.headers.emplace_back("Docker-Content-Digest", manifest->digest.ToString());
      return response;
    }
    const auto digest = Digest::Parse(name);
    if (!digest) return http::TextResponse(200, "");
    auto blob = image_.Blob({.media_type = "", .digest = *digest});
    if (!blob) return http::TextResponse(404, "");
    http::ServerResponse response{.body = "", .content_type = "application/octet-stream"};
    response.body.resize(1 << 20);
    auto count = (*blob)->Read(response.body.data(), response.body.size());
    response.body.resize(*count);
    return response;
  }

  MemoryImage image_;
  std::unique_ptr<http::Server> server_;
};

/// The role on a thread of its own.
class RunningRole {
 public:
  explicit RunningRole(ScannerRoleOptions options) : options_(std::move(options)) {
    options_.listen = "127.0.0.1:0";
    options_.health_listen = "127.0.0.1:0";
    options_.on_listening = [this](std::uint16_t port, std::uint16_t health) {
      const std::lock_guard lock(mutex_);
      port_ = port;
      health_ = health;
      changed_.notify_all();
    };
    thread_ = std::jthread([this] {
      ended_ = RunScannerRole(options_, {stop_.get_token()});
      const std::lock_guard lock(mutex_);
      done_ = true;
      changed_.notify_all();
    });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return port_ != 0 || done_; });
  }
  ~RunningRole() { Stop().IgnoreError("the test looked at what it wanted"); }
  Status Stop() {
    stop_.request_stop();
    if (thread_.joinable()) thread_.join();
    return ended_;
  }
  std::string url(const std::string& path, const char* scheme = "http") const {
    return std::string(scheme) + "://127.0.0.1:" + std::to_string(port_) + path;
  }
  std::string health_url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(health_) + path;
  }

 private:
  ScannerRoleOptions options_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint16_t port_ = 0;
  std::uint16_t health_ = 0;
  bool done_ = false;
  Status ended_ = Ok();
  std::jthread thread_;
};

Result<http::Response> Call(const std::string& method, const std::string& url,
                            const std::string& body = "", http::ClientOptions options = {},
                            const std::string& accept = "application/json") {
  auto client = http::Client::Create(std::move(options));
  if (!client) return std::move(client).error();
  http::Request request;
  request.method = method;
  request.url = url;
  request.body = body;
  request.timeout = std::chrono::seconds(60);
  request.headers = {{"Accept", accept}};
  if (!body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  return (*client)->Send(request, {});
}

ScannerRoleOptions OptionsFor(const TinyRegistry& registry) {
  ScannerRoleOptions options;
  options.plain_http = {registry.host()};
  options.allow_addresses = {"127.0.0.0/8"};
  return options;
}

std::string RequestFor(const TinyRegistry& registry) {
  ScanRequest request;
  request.image.registry = registry.host();
  request.image.repository = "app";
  request.image.digest = registry.image().digest();
  return ToJson(request);
}

TEST(ScannerRole, ScansAnImageOfARegistry) {
  const TinyRegistry registry;
  RunningRole role(OptionsFor(registry));
  auto response = Call("POST", role.url("/v1/scan"), RequestFor(registry));
  ASSERT_TRUE(response) << response.error().message;
  ASSERT_EQ(response->status, 200) << response->body;
  auto inventory = ImageInventoryFromJson(response->body);
  ASSERT_TRUE(inventory) << inventory.error().message;
  EXPECT_EQ(inventory->digest, registry.image().digest());
  EXPECT_EQ(inventory->platforms[0].packages.size(), 2u);

  auto ready = Call("GET", role.health_url("/readyz"));
  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->status, 200);
  auto metrics = Call("GET", role.health_url("/metrics"));
  ASSERT_TRUE(metrics);
  EXPECT_NE(metrics->body.find("landwaiter_scanner_scans_total{result=\"Succeeded\"} 1"),
            std::string::npos)
      << metrics->body;
  EXPECT_TRUE(role.Stop());
}

TEST(ScannerRole, AnswersInBytesWhereTheRequestAcceptsThem) {
  const TinyRegistry registry;
  const RunningRole role(OptionsFor(registry));
  const auto ask = [&](const std::string& accept) {
    auto response = Call("POST", role.url("/v1/scan"), RequestFor(registry), {}, accept);
    EXPECT_TRUE(response && response->status == 200);
    return *std::move(response);
  };
  const std::string type(kInventoryMediaType);
  const auto json = ImageInventoryFromJson(ask("application/json").body);
  ASSERT_TRUE(json) << json.error().message;
  for (const std::string& accept :
       {type, type + ", application/json", "application/json," + type}) {
    const auto response = ask(accept);
    EXPECT_EQ(response.HeaderValue("Content-Type"), type) << accept;
    const auto inventory = DecodeImageInventory(response.body);
    ASSERT_TRUE(inventory) << inventory.error().message;
    EXPECT_EQ(*inventory, *json);
  }
  for (const std::string& accept : {std::string("*/*"), type + "0", std::string()}) {
    EXPECT_EQ(ask(accept).HeaderValue("Content-Type"), "application/json") << accept;
  }
}

// Admission pitfall 56.
// Pitfall 33: a node runs it without asking, so it is scanned under the name of what it is.
TEST(ScannerRole, ScansAnImageWithoutAnIndexWhateverPlatformsTheNodesAreOf) {
  const TinyRegistry registry;
  const RunningRole role(OptionsFor(registry));
  auto request = ScanRequestFromJson(RequestFor(registry));
  ASSERT_TRUE(request);
  request->platforms = {{"linux", "s390x"}};
  auto response = Call("POST", role.url("/v1/scan"), ToJson(*request));
  ASSERT_TRUE(response) << response.error().message;
  ASSERT_EQ(response->status, 200) << response->body;
  EXPECT_EQ(ImageInventoryFromJson(response->body)->platforms[0].platform.ToString(),
            "linux/amd64");
}

struct RefusedRequest {
  const char* name;
  std::function<void(ScanRequest&)> change;
  bool allow_loopback;
  const char* reason;
};

TEST(ScannerRole, TellsWhyAScanFailed) {
  const TinyRegistry registry;
  const std::vector<RefusedRequest> cases = {
      {"an image that is not there", [](ScanRequest& r) { r.image.digest = Sha256::Of("x"); }, true,
       "DigestMismatch"},
      {"an address inside", [](ScanRequest&) {}, false, "AddressRefused"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.name);
    ScannerRoleOptions options = OptionsFor(registry);
    if (!test.allow_loopback) options.allow_addresses.clear();
    const RunningRole role(options);
    auto request = ScanRequestFromJson(RequestFor(registry));
    ASSERT_TRUE(request);
    test.change(*request);
    auto response = Call("POST", role.url("/v1/scan"), ToJson(*request));
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_GE(response->status, 400);
    EXPECT_NE(response->body.find(test.reason), std::string::npos) << response->body;
  }
}

TEST(ScannerRole, RefusesRequestsThatAreNone) {
  const TinyRegistry registry;
  const RunningRole role(OptionsFor(registry));
  ScanRequest without_digest;
  without_digest.image.registry = registry.host();
  without_digest.image.repository = "app";
  without_digest.image.tag = "latest";
  for (const std::string& body :
       {std::string("{"), std::string("[]"), std::string("{}"), ToJson(without_digest)}) {
    SCOPED_TRACE(body);
    auto response = Call("POST", role.url("/v1/scan"), body);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 400) << response->body;
  }
  auto response = Call("GET", role.url("/v1/scan"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 405);
}

TEST(ScannerRole, OnlyTheControllersCertificateMayAsk) {
  const TinyRegistry registry;
  const auto folder =
      std::filesystem::temp_directory_path() / ("landwaiter-role-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const TimePoint now = SystemClock().Now();
  auto authority = http::MakeAuthority("test", now);
  ASSERT_TRUE(authority);
  const auto serving = [&](const std::string& name) {
    auto pair = http::MakeServing(
        *authority, {.common_name = name, .dns = {"localhost"}, .ip = {"127.0.0.1"}}, now);
    EXPECT_TRUE(pair);
    return *std::move(pair);
  };
  const auto own = serving("scanner");
  ASSERT_TRUE(WriteFileAtomically(folder / "ca.crt", authority->certificate_pem));
  ASSERT_TRUE(WriteFileAtomically(folder / "tls.crt", own.certificate_pem));
  ASSERT_TRUE(WriteFileAtomically(folder / "tls.key", own.key_pem.Reveal()));
  ScannerRoleOptions options = OptionsFor(registry);
  options.certs = folder;
  const RunningRole role(options);
  for (const auto& [name, status] :
       std::map<std::string, int>{{"controller", 200}, {"webhook", 403}}) {
    SCOPED_TRACE(name);
    auto pair = serving(name);
    http::ClientOptions client{.ca_pem = authority->certificate_pem,
                               .client_cert_pem = pair.certificate_pem,
                               .client_key_pem = pair.key_pem};
    auto response =
        Call("POST", role.url("/v1/scan", "https"), RequestFor(registry), std::move(client));
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, status) << response->body;
  }
  auto without = Call("POST", role.url("/v1/scan", "https"), RequestFor(registry),
                      {.ca_pem = authority->certificate_pem});
  EXPECT_FALSE(without) << "a handshake without a certificate was let through";
  std::filesystem::remove_all(folder);
}

TEST(ScannerRole, SaysOfAScanThatItsEndCutOffThatAnotherMayTakeIt) {
  landwaiter::testing::LoopbackServer silent(
      [](const landwaiter::testing::SeenRequest&, landwaiter::testing::Connection& connection) {
        connection.WaitForClose();
        return false;
      });
  ScannerRoleOptions options;
  options.plain_http = {silent.Host()};
  options.allow_addresses = {"127.0.0.0/8"};
  options.drain = std::chrono::milliseconds(10);
  RunningRole role(options);
  ScanRequest request;
  request.image = *ImageReference::Parse(silent.Host() + "/app@" + Sha256::Of("x").ToString());
  auto answer = std::async(std::launch::async,
                           [&] { return Call("POST", role.url("/v1/scan"), ToJson(request)); });
  while (silent.Seen().empty()) std::this_thread::yield();
  EXPECT_TRUE(role.Stop());
  const auto response = answer.get();
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 429) << response->body;
  EXPECT_NE(response->body.find("ScannerBusy"), std::string::npos) << response->body;
}

TEST(ScannerRole, ABadOptionIsNamed) {
  ScannerRoleOptions options;
  options.allow_addresses = {"everywhere"};
  const auto ended = RunScannerRole(options, {});
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, Code::kInvalidArgument);
  EXPECT_NE(ended.error().message.find("everywhere"), std::string::npos);
}

// Admission pitfall 80.
TEST(ScanQueue, TakesAsManyAsItSaysAndAnswersAll) {
  ScanQueue queue(1, 2);
  std::mutex mutex;
  std::condition_variable changed;
  bool go = false;
  int ran = 0;
  const auto task = [&](const std::stop_token&) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return go; });
    ++ran;
  };
  EXPECT_TRUE(queue.TryPush(task));
  EXPECT_TRUE(queue.TryPush(task));
  EXPECT_TRUE(queue.TryPush(task));
  EXPECT_FALSE(queue.TryPush(task)) << "one at work, two waiting";
  {
    const std::lock_guard lock(mutex);
    go = true;
  }
  changed.notify_all();
  queue.Finish();
  EXPECT_EQ(ran, 3);
  EXPECT_FALSE(queue.TryPush(task)) << "it has ended";
}

}  // namespace
}  // namespace landwaiter::service
