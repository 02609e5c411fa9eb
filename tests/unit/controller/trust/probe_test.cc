// The probe against this project's own server and certificates.
#include "controller/trust/probe.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "lib/http/certificates.h"
#include "lib/http/server.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

class ProbeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "probe-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    Serve({.common_name = "webhook", .dns = {}, .ip = {"127.0.0.1"}});
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void Serve(const http::ServingNames& names) {
    const auto pair = http::MakeServing(authority_, names, SystemClock().Now());
    std::ofstream(folder_ + "/tls.crt") << pair->certificate_pem;
    std::ofstream(folder_ + "/tls.key") << pair->key_pem.Reveal();
    http::ServerOptions options;
    options.tls = http::ServerTls{folder_ + "/tls.crt", folder_ + "/tls.key"};
    server_ = *http::Server::Create(options);
    server_->Route("POST", "/validate", [this](http::ServerRequest&& request, auto responder) {
      const json review = json::parse(request.body);
      EXPECT_EQ(review["request"]["dryRun"], true);
      json answer = answer_;
      if (answer.is_null()) {
        answer = {{"response", {{"uid", review["request"]["uid"]}, {"allowed", true}}}};
      }
      responder({.status = status_, .body = answer.dump()});
    });
    ASSERT_TRUE(server_->Start());
  }
  Status Probe(const std::string& path = "/validate", const std::string& ca = "") {
    return ProbeWebhook("https://127.0.0.1:" + std::to_string(server_->Port()) + path,
                        ca.empty() ? authority_.certificate_pem : ca, {});
  }

  const http::CertificatePair authority_ = *http::MakeAuthority("a", SystemClock().Now());
  std::string folder_;
  std::unique_ptr<http::Server> server_;
  int status_ = 200;
  json answer_;
};

TEST_F(ProbeTest, IsContentWithASoundAnswer) {
  const Status probed = Probe();
  EXPECT_TRUE(probed) << probed.error().message;
}

TEST_F(ProbeTest, RefusesACertificateOfAnotherAuthority) {
  const auto other = http::MakeAuthority("a", SystemClock().Now());
  const Status probed = Probe("/validate", other->certificate_pem);
  ASSERT_FALSE(probed);
  EXPECT_EQ(probed.error().code, Code::kUnauthenticated) << probed.error().message;
  EXPECT_TRUE(Probe("/validate", other->certificate_pem + authority_.certificate_pem));
}

// Admission pitfall 27.
TEST_F(ProbeTest, RefusesACertificateOfAnotherName) {
  Serve({.common_name = "webhook", .dns = {"elsewhere.example"}, .ip = {}});
  EXPECT_FALSE(Probe());
}

TEST_F(ProbeTest, RefusesWhoDoesNotAnswerReviews) {
  EXPECT_FALSE(Probe("/elsewhere"));
  const json cases[] = {
      json::array(), {{"response", 7}}, {{"response", {{"uid", "another"}, {"allowed", true}}}}};
  for (const json& answer : cases) {
    answer_ = answer;
    EXPECT_FALSE(Probe()) << answer;
  }
  answer_ = nullptr;
  status_ = 500;
  EXPECT_FALSE(Probe());
  server_->Stop();
  EXPECT_FALSE(Probe());
}

}  // namespace
}  // namespace landwaiter::controller
