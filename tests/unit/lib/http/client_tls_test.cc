// The client's TLS against this project's own server and certificates.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "lib/http/certificates.h"
#include "lib/http/client.h"
#include "lib/http/server.h"

namespace landwaiter::http {
namespace {

namespace fs = std::filesystem;

CertificatePair Authority() {
  auto pair = MakeAuthority("test authority", SystemClock().Now());
  EXPECT_TRUE(pair) << pair.error().message;
  return std::move(*pair);
}

CertificatePair Serving(const CertificatePair& authority, const std::string& name,
                        const std::vector<std::string>& dns, const std::vector<std::string>& ip) {
  auto pair = MakeServing(authority, {name, dns, ip}, SystemClock().Now());
  EXPECT_TRUE(pair) << pair.error().message;
  return std::move(*pair);
}

class ClientTls : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "client-tls-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    authority_ = Authority();
    client_pair_ = Serving(authority_, "tester", {"localhost"}, {"127.0.0.1"});
    Write("ca.crt", authority_.certificate_pem);
    Write("client.crt", client_pair_.certificate_pem);
    Write("client.key", client_pair_.key_pem.Reveal());
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  void Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(Path(name)) << bytes;
  }
  /// A server that says who its client is.
  void Serve(const CertificatePair& pair, bool demand_certificate) {
    Write("tls.crt", pair.certificate_pem);
    Write("tls.key", pair.key_pem.Reveal());
    ServerOptions options;
    options.tls = ServerTls{Path("tls.crt"), Path("tls.key"),
                            demand_certificate ? Path("ca.crt") : std::string()};
    auto server = Server::Create(options);
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    server_->Route("GET", "/", [](ServerRequest&& request, Responder responder) {
      responder(TextResponse(200, "hello " + request.peer_name));
    });
    const auto started = server_->Start();
    ASSERT_TRUE(started) << started.error().message;
  }
  Result<Response> Get(ClientOptions options, const std::string& host = "127.0.0.1") {
    auto client = Client::Create(std::move(options));
    if (!client) return std::move(client).error();
    Request request;
    request.url = "https://" + host + ":" + std::to_string(server_->Port()) + "/";
    return (*client)->Send(request, {});
  }

  std::string folder_;
  CertificatePair authority_;
  CertificatePair client_pair_;
  std::unique_ptr<Server> server_;
};

TEST_F(ClientTls, TrustsTheGivenAuthorityAsFileAndAsBytes) {
  Serve(Serving(authority_, "server", {"localhost"}, {"127.0.0.1"}), false);
  for (const char* host : {"127.0.0.1", "localhost"}) {
    const auto by_file = Get({.ca_file = Path("ca.crt")}, host);
    ASSERT_TRUE(by_file) << host << ": " << by_file.error().message;
    EXPECT_EQ(by_file->status, 200);
    const auto by_bytes = Get({.ca_pem = authority_.certificate_pem}, host);
    ASSERT_TRUE(by_bytes) << host << ": " << by_bytes.error().message;
  }
}

TEST_F(ClientTls, RefusesWhatItDoesNotTrust) {
  Serve(Serving(authority_, "server", {"localhost"}, {"127.0.0.1"}), false);
  const auto by_system = Get({});
  ASSERT_FALSE(by_system);
  EXPECT_EQ(by_system.error().code, Code::kUnauthenticated);
  EXPECT_EQ(by_system.error().reason, "CertificateRefused");
  const auto by_other = Get({.ca_pem = Authority().certificate_pem});
  ASSERT_FALSE(by_other);
  EXPECT_EQ(by_other.error().reason, "CertificateRefused") << by_other.error().message;
  EXPECT_TRUE(Get({.insecure = true}));
}

TEST_F(ClientTls, AsksWhetherTlsIsSpokenAndSendsNothing) {
  for (const bool demands_certificate : {false, true}) {
    Serve(Serving(authority_, "server", {"elsewhere.example"}, {}), demands_certificate);
    auto client = std::move(*Client::Create({}));
    Request request;
    request.url = "https://127.0.0.1:" + std::to_string(server_->Port()) + "/";
    const auto reason = [&](bool only_handshake) {
      request.only_handshake = only_handshake;
      const auto response = client->Send(request, {});
      return response ? "none" : response.error().reason;
    };
    EXPECT_EQ(reason(true), "TlsSpoken");
    // Neither its connection nor its trust is there for the next exchange.
    EXPECT_EQ(reason(false), "CertificateRefused");
    EXPECT_EQ(reason(true), "TlsSpoken");
  }
}

TEST(ClientPlain, SpeaksNoTls) {
  auto server = std::move(*Server::Create({}));
  ASSERT_TRUE(server->Start());
  auto client = std::move(*Client::Create({}));
  Request request;
  request.url = "https://127.0.0.1:" + std::to_string(server->Port()) + "/";
  request.only_handshake = true;
  const auto response = client->Send(request, {});
  ASSERT_FALSE(response);
  EXPECT_NE(response.error().reason, "TlsSpoken");
}

TEST_F(ClientTls, RefusesACertificateForAnotherName) {
  Serve(Serving(authority_, "server", {"elsewhere.example"}, {}), false);
  for (const char* host : {"127.0.0.1", "localhost"}) {
    const auto response = Get({.ca_file = Path("ca.crt")}, host);
    ASSERT_FALSE(response) << host;
    EXPECT_EQ(response.error().reason, "CertificateRefused") << response.error().message;
  }
}

TEST_F(ClientTls, PresentsItsCertificateAsFilesAndAsBytes) {
  Serve(Serving(authority_, "server", {"localhost"}, {"127.0.0.1"}), true);
  const auto none = Get({.ca_file = Path("ca.crt")});
  ASSERT_FALSE(none);
  const auto by_file = Get({.ca_file = Path("ca.crt"),
                            .client_cert_file = Path("client.crt"),
                            .client_key_file = Path("client.key")});
  ASSERT_TRUE(by_file) << by_file.error().message;
  EXPECT_EQ(by_file->body, "hello tester");
  const auto by_bytes = Get({.ca_pem = authority_.certificate_pem,
                             .client_cert_pem = client_pair_.certificate_pem,
                             .client_key_pem = client_pair_.key_pem});
  ASSERT_TRUE(by_bytes) << by_bytes.error().message;
  EXPECT_EQ(by_bytes->body, "hello tester");
}

TEST_F(ClientTls, ReadsARenewedAuthorityAndCertificateForTheNextConnection) {
  Serve(Serving(authority_, "server", {"localhost"}, {"127.0.0.1"}), true);
  auto client = std::move(*Client::Create({.ca_file = Path("ca.crt"),
                                           .client_cert_file = Path("client.crt"),
                                           .client_key_file = Path("client.key"),
                                           .max_idle = 0}));
  Request request;
  request.url = "https://127.0.0.1:" + std::to_string(server_->Port()) + "/";
  ASSERT_TRUE(client->Send(request, {}));
  server_->Stop();
  authority_ = Authority();
  Write("ca.crt", authority_.certificate_pem);
  const auto renewed = Serving(authority_, "renewed", {"localhost"}, {"127.0.0.1"});
  Write("client.crt", renewed.certificate_pem);
  Write("client.key", renewed.key_pem.Reveal());
  Serve(Serving(authority_, "server", {"localhost"}, {"127.0.0.1"}), true);
  request.url = "https://127.0.0.1:" + std::to_string(server_->Port()) + "/";
  const auto response = client->Send(request, {});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "hello renewed");
}

}  // namespace
}  // namespace landwaiter::http
