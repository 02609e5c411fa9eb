// The server under the attacks that the design's architecture.md lists, and its TLS.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <thread>

#include "lib/http/certificates.h"
#include "lib/http/server.h"
#include "tests/unit/lib/http/raw_client.h"

namespace landwaiter::http {
namespace {

using testing::ConnectTo;
using testing::OpenDescriptors;
using testing::TlsClient;

const char kRequest[] = "GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

/// An authority with certificates for a server and a client, and a second authority.
class Files {
 public:
  Files() {
    char pattern[] = "/tmp/landwaiter_tls_XXXXXX";
    folder_ = ::mkdtemp(pattern);
    const TimePoint now = SystemClock().Now();
    for (const std::string authority : {"good", "other"}) {
      auto made = MakeAuthority(authority, now);
      Write(authority + ".crt", made->certificate_pem);
      for (const std::string role : {"server", "client"}) {
        auto pair = MakeServing(*made, {.common_name = role, .dns = {}, .ip = {"127.0.0.1"}}, now);
        Write(authority + "-" + role + ".crt", pair->certificate_pem);
        Write(authority + "-" + role + ".key", pair->key_pem.Reveal());
      }
    }
  }
  ~Files() { std::filesystem::remove_all(folder_); }
  std::string operator()(const std::string& name) const { return folder_ + "/" + name; }

 private:
  void Write(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(WriteFileAtomically((*this)(name), bytes, 0600).has_value());
  }
  std::string folder_;
};

std::unique_ptr<Server> MakeTlsServer(const Files& files, bool client_certificates,
                                      ServerLimits limits = {}) {
  ServerTls tls{.certificate_file = files("good-server.crt"), .key_file = files("good-server.key")};
  if (client_certificates) tls.client_ca_file = files("good.crt");
  auto server = Server::Create({.tls = tls, .limits = limits});
  EXPECT_TRUE(server.has_value());
  (*server)->Route("GET", "/who", [](ServerRequest&& request, Responder respond) {
    respond(TextResponse(200, "you are " + request.peer_name));
  });
  return *std::move(server);
}

bool Has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

TEST(ServerTlsTest, AsksForClientCertificatesOfItsAuthorityWhereConfigured) {
  const Files files;
  auto server = MakeTlsServer(files, true);
  ASSERT_TRUE(server->Start().has_value());
  const auto port = server->Port();
  TlsClient known(files("good.crt"), files("good-client.crt"), files("good-client.key"));
  EXPECT_TRUE(Has(known.Exchange(port, kRequest), "you are client"));
  TlsClient nameless(files("good.crt"));
  EXPECT_FALSE(Has(nameless.Exchange(port, kRequest), "200 OK"));
  TlsClient stranger(files("good.crt"), files("other-client.crt"), files("other-client.key"));
  EXPECT_FALSE(Has(stranger.Exchange(port, kRequest), "200 OK"));
  EXPECT_EQ(testing::Exchange(port, kRequest), "");  // no TLS at all
}

TEST(ServerTlsTest, LetsInOnlyTheNamesThatAreAllowed) {
  const Files files;
  auto server = Server::Create({.tls = ServerTls{.certificate_file = files("good-server.crt"),
                                                 .key_file = files("good-server.key"),
                                                 .client_ca_file = files("good.crt"),
                                                 .allowed_peers = {"controller"}}});
  ASSERT_TRUE(server.has_value());
  ASSERT_TRUE((*server)->Start().has_value());
  TlsClient client(files("good.crt"), files("good-client.crt"), files("good-client.key"));
  EXPECT_TRUE(Has(client.Exchange((*server)->Port(), kRequest), "403 Forbidden"));
}

TEST(ServerTlsTest, RefusesOldProtocolsAndSpeaksBothNewOnes) {
  const Files files;
  auto server = MakeTlsServer(files, false);
  ASSERT_TRUE(server->Start().has_value());
  const std::pair<int, bool> versions[] = {
      {TLS1_3_VERSION, true}, {TLS1_2_VERSION, true}, {TLS1_1_VERSION, false}};
  for (const auto& [version, answered] : versions) {
    TlsClient client(files("good.crt"));
    SSL_CTX_set_security_level(client.context(), 0);
    SSL_CTX_set_min_proto_version(client.context(), version);
    SSL_CTX_set_max_proto_version(client.context(), version);
    EXPECT_EQ(Has(client.Exchange(server->Port(), kRequest), "200 OK"), answered) << version;
  }
}

// Admission pitfall 26.
TEST(ServerTlsTest, ServesANewCertificateAfterAReload) {
  const Files files;
  auto server = MakeTlsServer(files, false);
  ASSERT_TRUE(server->Start().has_value());
  TlsClient new_trust(files("other.crt"));
  EXPECT_FALSE(new_trust.Connect(server->Port()));
  std::filesystem::copy_file(files("other-server.crt"), files("good-server.crt"),
                             std::filesystem::copy_options::overwrite_existing);
  const auto mixed = server->ReloadCertificates();
  ASSERT_FALSE(mixed.has_value());  // the key is still the old one: the old pair stays
  EXPECT_TRUE(Has(mixed.error().message, "is not the key of"));
  EXPECT_TRUE(TlsClient(files("good.crt")).Connect(server->Port()));
  std::filesystem::copy_file(files("other-server.key"), files("good-server.key"),
                             std::filesystem::copy_options::overwrite_existing);
  ASSERT_TRUE(server->ReloadCertificates().has_value());
  EXPECT_TRUE(Has(new_trust.Exchange(server->Port(), kRequest), "200 OK"));
}

TEST(ServerTlsTest, NamesTheFileThatIsMissingOrBroken) {
  const Files files;
  ASSERT_TRUE(WriteFileAtomically(files("broken.crt"), "no PEM", 0600).has_value());
  const std::pair<std::string, std::string> pairs[] = {
      {files("absent.crt"), files("good-server.key")},
      {files("broken.crt"), files("good-server.key")},
      {files("good-server.crt"), files("absent.key")}};
  for (const auto& [certificate, key] : pairs) {
    auto server =
        Server::Create({.tls = ServerTls{.certificate_file = certificate, .key_file = key}});
    ASSERT_FALSE(server.has_value());
    EXPECT_TRUE(Has(server.error().message, files("").c_str())) << server.error().message;
  }
}

/// Until the server has let go of what the clients left; a bound, no measure.
bool DescriptorsFallTo(std::size_t wanted) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (OpenDescriptors() > wanted) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

bool RaiseDescriptorLimit(rlim_t wanted) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::max(limit.rlim_cur, std::min(wanted, limit.rlim_max));
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur >= wanted;
}

TEST(ServerUnderLoad, ServesBesideBareConnectionsAndLeaksNothing) {
  if (!RaiseDescriptorLimit(4096)) GTEST_SKIP() << "needs 4096 file descriptors";
  const Files files;
  auto server = MakeTlsServer(files, false);
  ASSERT_TRUE(server->Start().has_value());
  TlsClient(files("good.crt")).Exchange(server->Port(), kRequest);
  const std::size_t before = OpenDescriptors();
  {
    std::vector<FileDescriptor> bare;
    for (int i = 0; i < 1100; ++i) bare.push_back(ConnectTo(server->Port()));
    for (int i = 0; i < 25; ++i) {
      TlsClient client(files("good.crt"));
      EXPECT_TRUE(Has(client.Exchange(server->Port(), kRequest), "200 OK")) << i;
      bare.push_back(ConnectTo(server->Port()));
    }
  }
  EXPECT_TRUE(DescriptorsFallTo(before)) << OpenDescriptors() << " open, before " << before;
  for (int i = 0; i < 50; ++i) ConnectTo(server->Port());  // what a probe does
  EXPECT_TRUE(DescriptorsFallTo(before)) << OpenDescriptors() << " open, before " << before;
}

TEST(ServerUnderLoad, ServesBesideStalledTlsClientsAndClosesThem) {
  const Files files;
  ServerLimits limits;
  limits.header_timeout = std::chrono::milliseconds(1500);
  limits.body_timeout = std::chrono::milliseconds(1500);
  auto server = MakeTlsServer(files, false, limits);
  server->Route("POST", "/body",
                [](ServerRequest&&, Responder respond) { respond(TextResponse(200, "body")); });
  ASSERT_TRUE(server->Start().has_value());
  TlsClient(files("good.crt")).Exchange(server->Port(), kRequest);
  const std::size_t before = OpenDescriptors();
  {
    std::vector<std::unique_ptr<TlsClient>> stalled;
    for (int i = 0; i < 200; ++i) {
      auto client = std::make_unique<TlsClient>(files("good.crt"));
      ASSERT_TRUE(client->Connect(server->Port()));
      client->Send(i % 2 == 0 ? "GET /who HT"
                              : "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab");
      stalled.push_back(std::move(client));
    }
    for (int i = 0; i < 25; ++i) {
      TlsClient client(files("good.crt"));
      EXPECT_TRUE(Has(client.Exchange(server->Port(), kRequest), "200 OK")) << i;
    }
    for (auto& client : stalled) EXPECT_TRUE(Has(client->ReadUntil(""), "408"));
  }
  EXPECT_TRUE(DescriptorsFallTo(before)) << OpenDescriptors() << " open, before " << before;
}

TEST(ServerUnderLoad, ShutsTheDoorWhileEveryConnectionIsAnsweredAndOpensItAgain) {
  ServerLimits limits;
  limits.max_connections = 4;
  auto made = Server::Create({.limits = limits});
  ASSERT_TRUE(made.has_value());
  Server& server = **made;
  std::mutex mutex;
  std::vector<Responder> held;
  std::condition_variable changed;
  server.Route("GET", "/hold", [&](ServerRequest&&, Responder respond) {
    const std::lock_guard lock(mutex);
    held.push_back(std::move(respond));
    changed.notify_all();
  });
  ASSERT_TRUE(server.Start().has_value());
  const std::string request = "GET /hold HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  std::vector<FileDescriptor> clients;
  const auto send_one = [&] {
    clients.push_back(ConnectTo(server.Port()));
    testing::SendAll(clients.back().get(), request);
  };
  const auto wait_for = [&](std::size_t count) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(30), [&] { return held.size() == count; });
  };
  for (int i = 0; i < 4; ++i) {
    send_one();
    // One at a time: in a full house a newcomer takes the place of the oldest that is still silent.
    ASSERT_TRUE(wait_for(i + 1)) << i;
  }
  send_one();  // waits in the kernel's queue
  {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(held.size(), 4u);
    for (Responder& responder : held) responder(TextResponse(200, "let go"));
    held.clear();
  }
  ASSERT_TRUE(wait_for(1));
  for (Responder& responder : held) responder(TextResponse(200, "let go"));
  for (auto& client : clients) {
    EXPECT_TRUE(Has(testing::ReadToEnd(client.get()), "let go"));
  }
}

}  // namespace
}  // namespace landwaiter::http
