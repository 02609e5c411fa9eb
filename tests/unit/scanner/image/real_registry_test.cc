// The registry client against the distribution project's own registry (Debian's docker-registry):
// pushed with plain requests, pulled with ours, anonymously and with a password.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "scanner/image/loader.h"
#include "scanner/image/registry.h"
#include "tests/unit/scanner/image/fake_registry.h"

namespace landwaiter::image {
namespace {

namespace fs = std::filesystem;
using testing::TinyImage;

constexpr const char* kProgram = "/usr/bin/docker-registry";
constexpr int kStartMilliseconds = 20'000;
// bcrypt of "pass:word", the cheapest there is.
constexpr const char* kHtpasswd =
    "someone:$2b$04$PdJ70.E3Hh3puVHC6wn4luvJMcFgLuTbenQbdQxWPhuIAf4bsX3Z2\n";

class RealRegistry {
 public:
  explicit RealRegistry(bool with_password) {
    std::string pattern = (fs::temp_directory_path() / "registry-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) return;
    folder_ = pattern;
    std::ofstream(folder_ + "/htpasswd") << kHtpasswd;
    std::ofstream config(folder_ + "/config.yml");
    config << "version: 0.1\nlog: {level: info, formatter: text}\nstorage: {filesystem: "
              "{rootdirectory: "
           << folder_ << "/data}}\nhttp: {addr: '127.0.0.1:0'}\n";
    if (with_password) {
      config << "auth: {htpasswd: {realm: 'a, \"realm\"', path: " << folder_ << "/htpasswd}}\n";
    }
    config.close();
    Start();
  }
  ~RealRegistry() {
    if (pid_ > 0) {
      kill(pid_, SIGTERM);
      int status = 0;
      while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
      }
    }
    if (!folder_.empty()) fs::remove_all(folder_);
  }
  RealRegistry(const RealRegistry&) = delete;
  RealRegistry& operator=(const RealRegistry&) = delete;

  const std::string& host() const { return host_; }
  const std::string& log() const { return log_; }

 private:
  void Start() {
    int pair[2];
    if (pipe2(pair, O_CLOEXEC) != 0) return;
    output_ = FileDescriptor(pair[0]);
    const FileDescriptor there(pair[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, there.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, there.get(), STDERR_FILENO);
    std::string config = folder_ + "/config.yml";
    char serve[] = "serve";
    char program[] = "docker-registry";
    char* arguments[] = {program, serve, config.data(), nullptr};
    if (posix_spawn(&pid_, kProgram, &actions, nullptr, arguments, environ) != 0) pid_ = 0;
    posix_spawn_file_actions_destroy(&actions);
    if (pid_ > 0) AwaitAddress();
  }
  /// Its log says where it listens.
  void AwaitAddress() {
    const std::string sign = "listening on ";
    pollfd wait{output_.get(), POLLIN, 0};
    while (poll(&wait, 1, kStartMilliseconds) > 0) {
      char chunk[4096];
      const ssize_t got = read(output_.get(), chunk, sizeof chunk);
      if (got <= 0) return;
      log_.append(chunk, static_cast<std::size_t>(got));
      const auto at = log_.find(sign);
      if (at == std::string::npos) continue;
      const auto end = log_.find_first_not_of("0123456789.:", at + sign.size());
      if (end == std::string::npos) continue;
      host_ = log_.substr(at + sign.size(), end - at - sign.size());
      return;
    }
  }

  std::string folder_;
  std::string host_;
  std::string log_;
  pid_t pid_ = 0;
  FileDescriptor output_;
};

class Pusher {
 public:
  Pusher(const std::string& host, std::string authorization)
      : base_("http://" + host + "/v2/team/app/"),
        authorization_(std::move(authorization)),
        client_(std::move(*http::Client::Create({}))) {}

  void Push(const TinyImage& image, const std::string& tag) {
    Blob(image.config);
    Blob(image.layer);
    const auto response = Send("PUT", base_ + "manifests/" + tag, image.manifest,
                               "application/vnd.oci.image.manifest.v1+json");
    EXPECT_EQ(response.status, 201) << response.body;
  }

 private:
  http::Response Send(const std::string& method, const std::string& url, const std::string& body,
                      const std::string& type) {
    http::Request request;
    request.method = method;
    request.url = url;
    request.body = body;
    request.headers = {{"Content-Type", type}};
    if (!authorization_.empty()) request.headers.push_back({"Authorization", authorization_});
    auto response = client_->Send(request, {});
    EXPECT_TRUE(response) << response.error().message;
    return response ? std::move(*response) : http::Response();
  }
  void Blob(const std::string& bytes) {
    const std::string type = "application/octet-stream";
    const auto started = Send("POST", base_ + "blobs/uploads/", "", type);
    ASSERT_EQ(started.status, 202) << started.body;
    const std::string location(started.HeaderValue("Location"));
    const auto put = Send("PUT",
                          location + (location.find('?') == std::string::npos ? "?" : "&") +
                              "digest=" + Sha256::Of(bytes).ToString(),
                          bytes, type);
    ASSERT_EQ(put.status, 201) << put.body;
  }

  const std::string base_;
  const std::string authorization_;
  const std::unique_ptr<http::Client> client_;
};

void PullAndCheck(const std::string& host, const TinyImage& image,
                  const std::vector<RegistryCredential>& credentials) {
  http::ClientOptions options;
  options.address_policy =
      *http::AddressPolicy::Create(http::PrivateRanges::kRefuse, {"127.0.0.1"});
  auto client = std::move(*http::Client::Create(std::move(options)));
  RegistryOptions registry_options;
  registry_options.plain_http = {host};
  auto registry = Registry::Create(*client, registry_options);
  const auto reference = *ImageReference::Parse(host + "/team/app:1");

  const auto digest = registry->Resolve(reference, credentials, {});
  ASSERT_TRUE(digest) << digest.error().message;
  EXPECT_EQ(*digest, image.ManifestDigest());

  auto source =
      registry->Open(*ImageReference::Parse(reference.WithDigest(*digest)), credentials, {});
  const auto loaded = LoadImage(*source, {});
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->platforms.at(0).config.config.user, "1000");
  const auto layer = ReadBlob(*source, loaded->platforms[0].manifest.layers.at(0), 1u << 20);
  ASSERT_TRUE(layer) << layer.error().message;
  EXPECT_EQ(*layer, image.layer);

  const auto missing =
      registry->Resolve(*ImageReference::Parse(host + "/team/app:2"), credentials, {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().reason, scan_reason::kNotFound) << missing.error().message;
}

TEST(RealRegistry, ServesAnImageToAnybody) {
  if (access(kProgram, X_OK) != 0) GTEST_SKIP() << kProgram << " is not installed";
  RealRegistry server(false);
  ASSERT_FALSE(server.host().empty()) << server.log();
  const TinyImage image;
  Pusher(server.host(), "").Push(image, "1");
  PullAndCheck(server.host(), image, {});
}

TEST(RealRegistry, ServesAnImageToWhoHasThePassword) {
  if (access(kProgram, X_OK) != 0) GTEST_SKIP() << kProgram << " is not installed";
  RealRegistry server(true);
  ASSERT_FALSE(server.host().empty()) << server.log();
  const TinyImage image;
  Pusher(server.host(), "Basic " + text::Base64Encode("someone:pass:word")).Push(image, "1");
  RegistryCredential good;
  good.username = "someone";
  good.password = Secret("pass:word");
  RegistryCredential wrong = good;
  wrong.password = Secret("guessed");
  PullAndCheck(server.host(), image, {good});
  PullAndCheck(server.host(), image, {wrong, good});

  auto client = std::move(*http::Client::Create({}));
  RegistryOptions options;
  options.plain_http = {server.host()};
  auto registry = Registry::Create(*client, options);
  const auto reference = *ImageReference::Parse(server.host() + "/team/app:1");
  for (const auto& credentials :
       {std::vector<RegistryCredential>{}, std::vector<RegistryCredential>{wrong}}) {
    const auto refused = registry->Resolve(reference, credentials, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, scan_reason::kPullUnauthorized) << refused.error().message;
    EXPECT_EQ(refused.error().message.find("guessed"), std::string::npos);
  }
}

}  // namespace
}  // namespace landwaiter::image
