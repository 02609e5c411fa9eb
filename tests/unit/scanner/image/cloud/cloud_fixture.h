// Logins at the clouds' registries against what their services answer, recorded from their API
// references, on a loopback server.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>

#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/http/url.h"
#include "scanner/image/cloud/cloud_credentials.h"
#include "scanner/image/cloud/jwt.h"
#include "scanner/image/cloud/sigv4.h"
#include "tests/support/loopback_server.h"

namespace landwaiter::image {

using testing::Connection;
using testing::LoopbackServer;
using testing::SeenRequest;

namespace fs = std::filesystem;

/// Every request goes to one server, which is told by a header where it was meant to go.
class ElsewhereClient final : public http::Client {
 public:
  ElsewhereClient(const LoopbackServer& server, const std::string& by)
      : server_(server), by_(by), client_(*http::Client::Create({})) {}
  Result<http::Response> Send(const http::Request& request, const Cancellation& cancel) override {
    const auto url = http::Url::Parse(request.url);
    EXPECT_TRUE(url) << request.url;
    http::Request out = request;
    out.url = server_.Url(url->target);
    out.headers.push_back({"X-Meant", by_ + " " + url->scheme + "://" + url->host});
    return client_->Send(out, cancel);
  }
  Result<http::Response> Stream(const http::Request&, const Cancellation&,
                                std::function<bool(const http::Response&)>,
                                std::function<bool(std::string_view)>) override {
    return Internal("not asked for");
  }
  Result<std::unique_ptr<http::ResponseBody>> Open(const http::Request&,
                                                   const Cancellation&) override {
    return Internal("not asked for");
  }

 private:
  const LoopbackServer& server_;
  const std::string by_;
  const std::unique_ptr<http::Client> client_;
};

class SetClock final : public Clock {
 public:
  TimePoint Now() const override { return now; }
  TimePoint now = *ParseTime("2026-11-26T08:00:00Z");
};

struct CloudAnswer {
  int status = 200;
  std::string body;
};

/// What the server's threads answer; a test may change it between two requests.
class Answers {
 public:
  class Place {
   public:
    Place(Answers& all, std::string key) : all_(all), key_(std::move(key)) {}
    void operator=(CloudAnswer answer) {  // NOLINT: as a map's
      const std::lock_guard lock(all_.mutex_);
      all_.by_key_[key_] = std::move(answer);
    }

   private:
    Answers& all_;
    const std::string key_;
  };
  CloudAnswer At(const std::string& key) const { return Find(key).value_or(CloudAnswer{}); }
  Place operator[](std::string key) { return {*this, std::move(key)}; }
  std::optional<CloudAnswer> Find(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? std::nullopt : std::optional(found->second);
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    by_key_.clear();
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, CloudAnswer> by_key_;
};

class CloudTest : public ::testing::Test {
 protected:
  CloudTest() : server_([this](const SeenRequest& r, Connection& c) { return Serve(r, c); }) {
    std::string name = (fs::temp_directory_path() / "cloudXXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~CloudTest() override { fs::remove_all(folder_); }

  /// What "METHOD scheme://host/target" is answered with.
  Answers answers_;
  std::map<std::string, std::string> environment_;
  bool instance_metadata_ = false;
  SetClock clock_;
  fs::path folder_;

  std::string File(const std::string& name, const std::string& text) {
    const std::string path = (folder_ / name).string();
    EXPECT_TRUE(WriteFileAtomically(path, text));
    return path;
  }
  CloudCredentials& Cloud() {
    if (!cloud_) {
      CloudPorts ports{.client = &client_,
                       .metadata = &metadata_,
                       .clock = &clock_,
                       .environment = [this](const char* name) { return environment_[name]; },
                       .instance_metadata = instance_metadata_};
      cloud_ = *CloudCredentials::Create({"ecr", "gar", "acr"}, std::move(ports));
    }
    return *cloud_;
  }
  /// "user:password", "token" of an identity token, "-" without a login, "! why".
  std::string LogIn(const std::string& host) {
    const auto login = Cloud().For(*ImageReference::Parse(host + "/app:1"), {});
    if (!login) return "! " + login.error().message;
    if (!*login) return "-";
    if (!(*login)->identity_token.empty()) return (*login)->identity_token.Reveal();
    return (*login)->username + ":" + (*login)->password.Reveal();
  }
  /// What was asked, in order: "client POST https://host/target".
  std::vector<std::string> Asked() {
    std::vector<std::string> out;
    for (const SeenRequest& seen : server_.Seen()) out.push_back(Key(seen, true));
    return out;
  }
  std::vector<SeenRequest> Seen() { return server_.Seen(); }

 private:
  static std::string Key(const SeenRequest& seen, bool with_client) {
    const std::string meant = seen.Header("x-meant");
    const auto space = meant.find(' ');
    return (with_client ? meant.substr(0, space + 1) : "") + seen.method + " " +
           meant.substr(space + 1) + seen.target;
  }
  bool Serve(const SeenRequest& seen, Connection& c) {
    const auto found = answers_.Find(Key(seen, false));
    if (!found) return c.Reply(404, {}, "no such thing");
    return c.Reply(found->status, {}, found->body);
  }

  LoopbackServer server_;
  ElsewhereClient client_{server_, "client"};
  ElsewhereClient metadata_{server_, "metadata"};
  std::unique_ptr<CloudCredentials> cloud_;
};

}  // namespace landwaiter::image
