#include "controller/trust/keeper.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "controller/trust/caretaker.h"
#include "controller/trust/certificate_folder.h"
#include "controller/trust/secrets.h"
#include "lib/base/text.h"
#include "tests/support/fake_kube.h"
#include "tests/unit/controller/trust/trust_builders.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;
using testing::FakeKube;

class TurnedClock final : public Clock {
 public:
  TimePoint Now() const override { return now.load(); }
  std::atomic<TimePoint> now{*ParseTime("2026-11-26T12:00:00Z")};
};

class KeeperTest : public ::testing::Test {
 protected:
  Status Keep() { return keeper_.Keep(api_, {}); }
  json Read(const std::string& name) { return api_.Read(kube::kSecrets, {"landwaiter", name}); }
  std::size_t Writes() {
    return api_.CountWrites("create", kube::kSecrets) + api_.CountWrites("update", kube::kSecrets);
  }

  FakeKube api_;
  TurnedClock clock_;
  metrics::Registry metrics_;
  CertificateKeeper keeper_{clock_, {"landwaiter", "landwaiter", Settings()}, metrics_};
};

TEST_F(KeeperTest, MakesOneSecretForTheAuthorityAndOneForEachRole) {
  ASSERT_TRUE(Keep());
  EXPECT_EQ(api_.All(kube::kSecrets).size(), 4u);
  EXPECT_EQ(Read("landwaiter-ca")["data"].size(), 2u);
  for (const char* role : {"webhook", "controller", "scanner"}) {
    const json secret = Read("landwaiter-" + std::string(role) + "-tls");
    EXPECT_EQ(secret["type"], "kubernetes.io/tls");
    EXPECT_EQ(secret["data"].size(), 3u) << "and so not the authority's key";
    EXPECT_EQ(secret["data"]["ca.crt"], Read("landwaiter-ca")["data"]["ca.crt"]);
    EXPECT_TRUE(keeper_.Read(api_, role, {}));
  }
}

TEST_F(KeeperTest, WritesNothingWhereNothingIsToBeDone) {
  ASSERT_TRUE(Keep());
  const std::size_t writes = Writes();
  ASSERT_TRUE(Keep());
  EXPECT_EQ(Writes(), writes);
}

// Admission pitfall 25.
TEST_F(KeeperTest, TellsWhenCertificatesRunOut) {
  ASSERT_TRUE(Keep());
  const std::string text = metrics_.RenderPrometheus();
  EXPECT_NE(text.find("landwaiter_certificate_expiry_timestamp_seconds{certificate=\"authority\"} "
                      "21"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("certificate=\"webhook\"} 0\n"), std::string::npos) << text;
}

TEST_F(KeeperTest, PutsADeletedSecretBackAndLeavesTheOthers) {
  ASSERT_TRUE(Keep());
  const json scanner = Read("landwaiter-scanner-tls");
  api_.Remove(kube::kSecrets, {"landwaiter", "landwaiter-webhook-tls"});
  ASSERT_TRUE(Keep());
  EXPECT_TRUE(keeper_.Read(api_, "webhook", {}));
  EXPECT_EQ(Read("landwaiter-scanner-tls"), scanner);
}

TEST_F(KeeperTest, RepairsWhatAUserWroteAndKeepsHisLabels) {
  ASSERT_TRUE(Keep());
  const json values[] = {json::object(),
                         nullptr,
                         "text",
                         {{"tls.crt", 7}},
                         {{"tls.crt", "***"}, {"tls.key", "***"}, {"ca.crt", "***"}},
                         {{"tls.crt", text::Base64Encode("hello")}}};
  for (const json& data : values) {
    json spoilt = Read("landwaiter-webhook-tls");
    spoilt["data"] = data;
    spoilt["metadata"]["labels"]["team"] = "shop";
    api_.Put(kube::kSecrets, spoilt);
    EXPECT_FALSE(keeper_.Read(api_, "webhook", {})) << data;
    ASSERT_TRUE(Keep()) << data;
    EXPECT_TRUE(keeper_.Read(api_, "webhook", {})) << data;
    EXPECT_EQ(Read("landwaiter-webhook-tls")["metadata"]["labels"]["team"], "shop");
  }
}

TEST_F(KeeperTest, LooksAgainWhenAnotherWasFaster) {
  ASSERT_TRUE(Keep());
  clock_.now = clock_.now.load() + std::chrono::hours(24 * 61);
  std::atomic<int> conflicts{0};
  api_.SetFault([&](const std::string& verb, const kube::Resource&, const kube::ObjectKey&) {
    if (verb != "update" || conflicts++ > 0) return std::optional<Error>();
    return std::optional<Error>(Error{Code::kConflict, "modified", "Conflict"});
  });
  EXPECT_TRUE(Keep());
  EXPECT_GT(conflicts, 1);
}

TEST_F(KeeperTest, ASecretThatCannotBeWrittenKeepsNoOtherFromIt) {
  ASSERT_TRUE(Keep());
  const json scanner = Read("landwaiter-scanner-tls");
  clock_.now = clock_.now.load() + std::chrono::hours(24 * 61);
  api_.SetFault([&](const std::string& verb, const kube::Resource&, const kube::ObjectKey& key) {
    if (verb != "update" || key.name != "landwaiter-controller-tls") return std::optional<Error>();
    return std::optional<Error>(InvalidArgument("field is immutable when `immutable` is set"));
  });
  EXPECT_FALSE(Keep());
  EXPECT_NE(Read("landwaiter-scanner-tls"), scanner);
}

TEST_F(KeeperTest, WithoutTheStoredAuthorityNoCertificateIsGivenOut) {
  api_.SetFault([&](const std::string& verb, const kube::Resource&, const kube::ObjectKey& key) {
    if (verb != "create" || key.name != "landwaiter-ca") return std::optional<Error>();
    return std::optional<Error>(Unavailable("down"));
  });
  EXPECT_FALSE(Keep());
  EXPECT_TRUE(api_.All(kube::kSecrets).empty());
}

TEST_F(KeeperTest, ManyReplicasThatStartAtOnceAgree) {
  std::vector<std::jthread> replicas;
  std::atomic<int> kept{0};
  for (int i = 0; i < 4; ++i) {
    replicas.emplace_back([&] {
      metrics::Registry metrics;
      CertificateKeeper keeper(clock_, {"landwaiter", "landwaiter", Settings()}, metrics);
      while (!keeper.Keep(api_, {})) {
      }
      ++kept;
    });
  }
  replicas.clear();
  EXPECT_EQ(kept, 4);
  EXPECT_EQ(api_.CountWrites("create", kube::kSecrets), 4u);
  const json bundle = Read("landwaiter-ca")["data"]["ca.crt"];
  for (const char* role : {"webhook", "controller", "scanner"}) {
    EXPECT_EQ(Read("landwaiter-" + std::string(role) + "-tls")["data"]["ca.crt"], bundle);
    EXPECT_TRUE(keeper_.Read(api_, role, {}));
  }
}

TEST_F(KeeperTest, WritesNothingWithoutTheLease) {
  kube::FencedApi fenced(api_, [] { return false; });
  const Status kept = keeper_.Keep(fenced, {});
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().reason, kube::kReasonNotLeader);
  EXPECT_EQ(Writes(), 0u);
}

// --- the caretaker

class CaretakerTest : public KeeperTest {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "caretaker-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    options_.certs = root_ + "/certs";
    options_.trust.manage_certificates = true;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  Result<std::unique_ptr<Caretaker>> Make() {
    return Caretaker::Create(
        options_, {api_, fenced_, [this] { return leading_; }, events_, clock_, metrics_});
  }
  std::string Refusal() {
    auto made = Make();
    return made ? "" : made.error().message;
  }

  std::string root_;
  ControllerOptions options_;
  bool leading_ = false;
  kube::FencedApi fenced_{api_, [this] { return leading_; }};
  kube::EventRecorder events_{fenced_, clock_, {}};
};

TEST_F(CaretakerTest, AReplicaThatStartsAloneMakesItsCertificateAndWritesItsFolder) {
  auto caretaker = Make();
  ASSERT_TRUE(caretaker) << caretaker.error().message;
  ASSERT_TRUE((*caretaker)->AwaitOwnCertificate({}));
  auto folder = ReadCertificateFolder(options_.certs);
  ASSERT_TRUE(folder);
  EXPECT_TRUE(Usable(*folder, clock_.Now()));
  const auto mode = std::filesystem::status(options_.certs + "/tls.key").permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const std::size_t writes = Writes();
  leading_ = true;
  EXPECT_TRUE((*caretaker)->Look({}));
  EXPECT_EQ(Writes(), writes);
}

TEST_F(CaretakerTest, AReplicaThatFindsItsCertificateWritesNoSecret) {
  ASSERT_TRUE(Keep());
  const std::size_t writes = Writes();
  ASSERT_TRUE((*Make())->AwaitOwnCertificate({}));
  EXPECT_EQ(Writes(), writes);
}

TEST_F(CaretakerTest, OnlyTheLeaderRepairsButEveryReplicaTakesWhatIsNew) {
  auto caretaker = Make();
  ASSERT_TRUE((*caretaker)->AwaitOwnCertificate({}));
  api_.Remove(kube::kSecrets, {"landwaiter", "landwaiter-webhook-tls"});
  (*caretaker)->Look({});
  EXPECT_TRUE(Read("landwaiter-webhook-tls").is_null());
  const auto before = ReadCertificateFolder(options_.certs);
  leading_ = true;
  api_.Remove(kube::kSecrets, {"landwaiter", "landwaiter-controller-tls"});
  (*caretaker)->Look({});
  EXPECT_FALSE(Read("landwaiter-webhook-tls").is_null());
  EXPECT_NE(ReadCertificateFolder(options_.certs)->pair.certificate_pem,
            before->pair.certificate_pem);
}

TEST_F(CaretakerTest, KeepsTheCertificateThatItHasWhileTheApiServerIsAway) {
  auto caretaker = Make();
  ASSERT_TRUE((*caretaker)->AwaitOwnCertificate({}));
  api_.SetFault([](const std::string&, const kube::Resource&, const kube::ObjectKey&) {
    return std::optional<Error>(Unavailable("down"));
  });
  EXPECT_FALSE((*caretaker)->Look({}));
  EXPECT_TRUE(Usable(*ReadCertificateFolder(options_.certs), clock_.Now()));
}

TEST_F(CaretakerTest, WaitsForTheApiServerUntilItIsStopped) {
  api_.SetFault([](const std::string&, const kube::Resource&, const kube::ObjectKey&) {
    return std::optional<Error>(Unavailable("down"));
  });
  auto caretaker = Make();
  std::stop_source stop;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    stop.request_stop();
  });
  const Status waited = (*caretaker)->AwaitOwnCertificate({stop.get_token()});
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().code, Code::kCancelled);
}

TEST_F(CaretakerTest, RefusesOptionsByName) {
  options_.trust.check_period = std::chrono::milliseconds(1);
  EXPECT_NE(Refusal().find("--check-period"), std::string::npos);
  options_.trust = {.manage_certificates = true, .certificate_lifetime = std::chrono::seconds(30)};
  EXPECT_NE(Refusal().find("--certificate-lifetime"), std::string::npos);
  options_.trust = {.manage_certificates = true, .authority_lifetime = std::chrono::hours(1)};
  EXPECT_NE(Refusal().find("--authority-lifetime"), std::string::npos);
  options_.trust = {.manage_certificates = true, .authority_overlap = std::chrono::hours(99999)};
  EXPECT_NE(Refusal().find("--authority-overlap"), std::string::npos);
  options_.trust = {.manage_certificates = true, .certificate_names = {"tailor=a.example"}};
  EXPECT_NE(Refusal().find("tailor=a.example: no such role"), std::string::npos);
  options_.trust = {.webhook_configuration = root_ + "/none"};
  EXPECT_NE(Refusal().find("--webhook-configuration"), std::string::npos);
}

// Admission pitfall 103.
TEST(CertificateNames, PitfallC27_AreThoseOfEachRolesServiceInItsNamespace) {
  auto names = CertificateNames(
      {.name_prefix = "lw", .certificate_names = {"0:0::1", "webhook=hooks.example"}}, "guards");
  ASSERT_TRUE(names);
  ASSERT_EQ(names->size(), 3u);
  const std::vector<std::string> webhook{"lw-webhook",
                                         "lw-webhook.guards",
                                         "lw-webhook.guards.svc",
                                         "lw-webhook.guards.svc.cluster.local",
                                         "*.lw-webhook.guards.svc",
                                         "hooks.example"};
  EXPECT_EQ((*names)[0].common_name, "webhook");
  EXPECT_EQ((*names)[0].dns, webhook);
  EXPECT_EQ((*names)[1].common_name, "controller");
  EXPECT_EQ((*names)[1].dns.size(), 5u);
  EXPECT_EQ((*names)[2].ip, std::vector<std::string>{"::1"}) << "as a certificate says it";
}

}  // namespace
}  // namespace landwaiter::controller
