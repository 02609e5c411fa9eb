// Logins at the clouds' registries against what their services answer, recorded from their API
// references, on a loopback server.
#include "scanner/image/cloud/cloud_credentials.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <filesystem>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/http/url.h"
#include "scanner/image/cloud/jwt.h"
#include "scanner/image/cloud/sigv4.h"
#include "tests/support/loopback_server.h"

namespace landwaiter::image {
namespace {

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

struct Answer {
  int status = 200;
  std::string body;
};

/// What the server's threads answer; a test may change it between two requests.
class Answers {
 public:
  class Place {
   public:
    Place(Answers& all, std::string key) : all_(all), key_(std::move(key)) {}
    void operator=(Answer answer) {  // NOLINT: as a map's
      const std::lock_guard lock(all_.mutex_);
      all_.by_key_[key_] = std::move(answer);
    }

   private:
    Answers& all_;
    const std::string key_;
  };
  Answer At(const std::string& key) const { return Find(key).value_or(Answer{}); }
  Place operator[](std::string key) { return {*this, std::move(key)}; }
  std::optional<Answer> Find(const std::string& key) const {
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
  std::map<std::string, Answer> by_key_;
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

constexpr const char* kEcrHost = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
constexpr const char* kEcrCall = "POST https://api.ecr.eu-west-1.amazonaws.com/";

std::string EcrToken(const std::string& password, TimePoint ends) {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(ends.time_since_epoch()).count();
  return R"({"authorizationData":[{"authorizationToken":")" +
         text::Base64Encode("AWS:" + password) + R"(","expiresAt":)" + std::to_string(seconds) +
         R"(.123,"proxyEndpoint":"https://123456789012.dkr.ecr.eu-west-1.amazonaws.com"}]})";
}

constexpr const char* kKeysJson =
    R"({"Code":"Success","AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"secret","Token":"session",)"
    R"("Expiration":"2026-11-26T14:00:00Z"})";

class EcrTest : public CloudTest {
 protected:
  EcrTest() { answers_[kEcrCall] = {200, EcrToken("pw", clock_.now + std::chrono::hours(12))}; }
  void UseKeys() {
    environment_["AWS_ACCESS_KEY_ID"] = "AKIAEXAMPLE";
    environment_["AWS_SECRET_ACCESS_KEY"] = "secret";
  }
};

TEST_F(EcrTest, KeysOfTheEnvironmentSignTheRequest) {
  UseKeys();
  EXPECT_EQ(LogIn(kEcrHost), "AWS:pw");
  const SeenRequest seen = Seen().at(0);
  EXPECT_EQ(seen.Header("x-amz-target"),
            "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken");
  EXPECT_EQ(seen.body, "{}");
  http::Request again{.method = "POST",
                      .url = "https://api.ecr.eu-west-1.amazonaws.com/",
                      .headers = {{"Content-Type", seen.Header("content-type")},
                                  {"X-Amz-Target", seen.Header("x-amz-target")}},
                      .body = "{}"};
  cloud::AwsKeys keys;
  keys.id = "AKIAEXAMPLE";
  keys.secret = Secret("secret");
  ASSERT_TRUE(cloud::Sign(again, keys, {"eu-west-1", "ecr"}, clock_.now));
  EXPECT_EQ(seen.Header("authorization"), again.headers.back().value);
}

// Pitfall 44: a login is of a region and for twelve hours.
TEST_F(EcrTest, ALoginServesItsRegionUntilShortlyBeforeItsEnd) {
  UseKeys();
  EXPECT_EQ(LogIn(kEcrHost), "AWS:pw");
  EXPECT_EQ(LogIn("999999999999.dkr.ecr.eu-west-1.amazonaws.com"), "AWS:pw");
  clock_.now += std::chrono::hours(11);
  EXPECT_EQ(LogIn(kEcrHost), "AWS:pw");
  EXPECT_EQ(Asked().size(), 1u);
  clock_.now += std::chrono::minutes(55);
  answers_[kEcrCall] = {200, EcrToken("next", clock_.now + std::chrono::hours(12))};
  EXPECT_EQ(LogIn(kEcrHost), "AWS:next");
  EXPECT_EQ(Asked().size(), 2u);
}

// Admission pitfall 61.
TEST_F(EcrTest, AWebIdentityIsExchangedForARole) {
  environment_["AWS_ROLE_ARN"] = "arn:aws:iam::123456789012:role/landwaiter";
  environment_["AWS_WEB_IDENTITY_TOKEN_FILE"] = File("token", "jwt+of/kubernetes\n");
  answers_["POST https://sts.eu-west-1.amazonaws.com/"] = {
      200,
      "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"
      "  <AssumeRoleWithWebIdentityResult>\n    <Audience>sts.amazonaws.com</Audience>\n"
      "    <Credentials>\n      <SessionToken>session&amp;token</SessionToken>\n"
      "      <SecretAccessKey>secret</SecretAccessKey>\n"
      "      <Expiration>2026-11-26T09:00:00Z</Expiration>\n"
      "      <AccessKeyId>ASIAEXAMPLE</AccessKeyId>\n    </Credentials>\n"
      "  </AssumeRoleWithWebIdentityResult>\n</AssumeRoleWithWebIdentityResponse>\n"};
  EXPECT_EQ(LogIn(kEcrHost), "AWS:pw");
  ASSERT_EQ(Asked(), (std::vector<std::string>{"client POST https://sts.eu-west-1.amazonaws.com/",
                                               std::string("client ") + kEcrCall}));
  EXPECT_EQ(Seen()[0].body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A"
            "123456789012%3Arole%2Flandwaiter&RoleSessionName=landwaiter&WebIdentityToken="
            "jwt%2Bof%2Fkubernetes");
  EXPECT_EQ(Seen()[0].Header("authorization"), "");
  EXPECT_EQ(Seen()[1].Header("x-amz-security-token"), "session&token");
}

TEST_F(EcrTest, APodIdentityIsAskedForThroughTheMetadataClientAlone) {
  environment_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://169.254.170.23/v1/credentials";
  environment_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = File("token", "pod-token");
  answers_["GET http://169.254.170.23/v1/credentials"] = {200, kKeysJson};
  EXPECT_EQ(LogIn(kEcrHost), "AWS:pw");
  EXPECT_EQ(Asked().at(0), "metadata GET http://169.254.170.23/v1/credentials");
  EXPECT_EQ(Seen()[0].Header("authorization"), "pod-token");
}

TEST_F(EcrTest, TheInstancesRoleIsUsedOnlyWhereThatIsTurnedOn) {
  EXPECT_NE(LogIn(kEcrHost).find("no identity at Amazon"), std::string::npos);
  EXPECT_TRUE(Asked().empty());
}

// Admission pitfall 61.
TEST_F(EcrTest, TheInstancesRoleIsAskedForByASession) {
  instance_metadata_ = true;
  answers_["PUT http://169.254.169.254/latest/api/token"] = {200, "session-token"};
  const std::string roles = "http://169.254.169.254/latest/meta-data/iam/security-credentials/";
  answers_["GET " + roles] = {200, "node-role"};
  answers_["GET " + roles + "node-role"] = {200, kKeysJson};
  EXPECT_EQ(LogIn(kEcrHost), "AWS:pw");
  EXPECT_EQ(Asked().at(0), "metadata PUT http://169.254.169.254/latest/api/token");
  EXPECT_EQ(Seen()[0].Header("x-aws-ec2-metadata-token-ttl-seconds"), "21600");
  EXPECT_EQ(Seen()[2].Header("x-aws-ec2-metadata-token"), "session-token");
}

struct Endpoint {
  const char* host;
  const char* endpoint;  // "": no login
};

TEST_F(EcrTest, EachPartitionHasItsOwnServiceAndOtherHostsGetNothing) {
  UseKeys();
  const std::string account = "123456789012.";
  for (const Endpoint& one : std::vector<Endpoint>{
           {"dkr.ecr.us-east-1.amazonaws.com", "api.ecr.us-east-1.amazonaws.com"},
           {"dkr.ecr-fips.us-gov-west-1.amazonaws.com", "ecr-fips.us-gov-west-1.amazonaws.com"},
           {"dkr.ecr.cn-north-1.amazonaws.com.cn", "api.ecr.cn-north-1.amazonaws.com.cn"},
           {"dkr-ecr.eu-west-1.on.aws", "ecr.eu-west-1.api.aws"},
           {"dkr.ecr.us-iso-east-1.c2s.ic.gov", "api.ecr.us-iso-east-1.c2s.ic.gov"},
           {"dkr.ecr.us-isob-east-1.sc2s.sgov.gov", "api.ecr.us-isob-east-1.sc2s.sgov.gov"},
           {"dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk", "api.ecr.eu-isoe-west-1.cloud.adc-e.uk"},
           {"dkr.ecr.eusc-de-east-1.amazonaws.eu", "api.ecr.eusc-de-east-1.amazonaws.eu"},
           {"dkr.ecr.eu-west-1.amazonaws.com.evil.example", ""},
           {"dkr.ecr.eu-west-1.evil-amazonaws.com", ""},
           {"dkr.ecr.eu-west-1.x.amazonaws.com", ""},
           {"dkr.ecr.eu-west-1.amazonaws.com:8443", ""},
           {"dkr.s3.eu-west-1.amazonaws.com", ""}}) {
    const std::size_t before = Asked().size();
    if (*one.endpoint != '\0') {
      answers_["POST https://" + std::string(one.endpoint) + "/"] = answers_.At(kEcrCall);
    }
    EXPECT_EQ(LogIn(account + one.host), *one.endpoint == '\0' ? "-" : "AWS:pw") << one.host;
    EXPECT_EQ(Asked().size(), before + (*one.endpoint == '\0' ? 0 : 1)) << one.host;
  }
  EXPECT_EQ(LogIn("12345.dkr.ecr.eu-west-1.amazonaws.com"), "-");
  EXPECT_EQ(LogIn("public.ecr.aws"), "-");
}

struct Trouble {
  int status;
  std::string body;
  const char* said;
};

TEST_F(EcrTest, ARefusalIsSaidInItsOwnWordsKeptForAWhileAndHoldsNoSecret) {
  UseKeys();
  for (const Trouble& trouble : std::vector<Trouble>{
           {400, R"({"__type":"AccessDeniedException","message":"User x is not authorized"})",
            "ECR api.ecr.eu-west-1.amazonaws.com: answered 400: User x is not authorized"},
           {503, "down", "answered 503"},
           {200, "{}", "its answer holds no token"},
           {200, "<html>", "its answer is no JSON"},
           {200, R"({"authorizationData":[{"authorizationToken":"!","expiresAt":1}]})",
            "its answer holds no token"},
           {200, R"({"authorizationData":[{"authorizationToken":"QVdTOng=","expiresAt":1e300}]})",
            "its answer holds no token"}}) {
    answers_[kEcrCall] = {trouble.status, trouble.body};
    clock_.now += std::chrono::minutes(1);
    const std::size_t before = Asked().size();
    const std::string said = LogIn(kEcrHost);
    EXPECT_NE(said.find(trouble.said), std::string::npos) << said;
    EXPECT_EQ(said.find("secret"), std::string::npos) << said;
    EXPECT_EQ(LogIn(kEcrHost), said);
    EXPECT_EQ(Asked().size(), before + 1) << "a failure is kept for half a minute";
  }
}

std::string RsaKey() {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_RSA_gen(2048), EVP_PKEY_free);
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return std::string(bytes, static_cast<std::size_t>(size));
}

std::string FromUrl(std::string_view part) {
  std::string plain(part);
  for (char& c : plain) c = c == '-' ? '+' : c == '_' ? '/' : c;
  return *text::Base64Decode(plain);
}

bool IsSigned(const std::string& jwt, const std::string& pem) {
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free);
  const std::string text = jwt.substr(0, jwt.rfind('.'));
  const std::string signature = FromUrl(std::string_view(jwt).substr(jwt.rfind('.') + 1));
  EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get());
  return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                          text.size()) == 1;
}

constexpr const char* kGoogleMetadata =
    "http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token";

class GarTest : public CloudTest {};

// Admission pitfall 61.
TEST_F(GarTest, TheWorkloadsTokenIsThePassword) {
  answers_[std::string("GET ") + kGoogleMetadata] = {
      200, R"({"access_token":"ya29.token","expires_in":3599,"token_type":"Bearer"})"};
  EXPECT_EQ(LogIn("europe-west1-docker.pkg.dev"), "oauth2accesstoken:ya29.token");
  EXPECT_EQ(LogIn("eu.gcr.io"), "oauth2accesstoken:ya29.token");
  EXPECT_EQ(Asked(), std::vector<std::string>{std::string("metadata GET ") + kGoogleMetadata});
  EXPECT_EQ(Seen()[0].Header("metadata-flavor"), "Google");
  clock_.now += std::chrono::minutes(55);
  EXPECT_EQ(LogIn("eu.gcr.io"), "oauth2accesstoken:ya29.token");
  EXPECT_EQ(Asked().size(), 2u);
}

TEST_F(GarTest, AServiceAccountsKeySignsForAToken) {
  const std::string pem = RsaKey();
  const nlohmann::json key{{"type", "service_account"},
                           {"client_email", "scan@project.iam.gserviceaccount.com"},
                           {"private_key", pem},
                           {"token_uri", "https://oauth2.googleapis.com/token"}};
  environment_["GOOGLE_APPLICATION_CREDENTIALS"] = File("key.json", DumpJson(key));
  answers_["POST https://oauth2.googleapis.com/token"] = {
      200, R"({"access_token":"ya29.key","expires_in":3599,"token_type":"Bearer"})"};
  EXPECT_EQ(LogIn("gcr.io"), "oauth2accesstoken:ya29.key");
  const std::string body = Seen().at(0).body;
  const std::string grant =
      "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
  ASSERT_EQ(body.substr(0, grant.size()), grant);
  const std::string jwt = body.substr(grant.size());
  EXPECT_TRUE(IsSigned(jwt, pem));
  const auto claims = ParseJson(FromUrl(text::Split(jwt, '.').at(1)));
  ASSERT_TRUE(claims);
  EXPECT_EQ((*claims)["iss"], "scan@project.iam.gserviceaccount.com");
  EXPECT_EQ((*claims)["aud"], "https://oauth2.googleapis.com/token");
  EXPECT_EQ((*claims)["exp"].get<int>() - (*claims)["iat"].get<int>(), 3600);
}

TEST_F(GarTest, AKeyThatIsNoneIsSaidWithoutWhatIsInIt) {
  for (
      const char* text :
      {"hunter2", R"({"type":"external_account"})",
       R"({"type":"service_account","client_email":"a","private_key":"hunter2"})",
       R"({"type":"service_account","client_email":"a","private_key":"hunter2","token_uri":"http://x"})"}) {
    environment_["GOOGLE_APPLICATION_CREDENTIALS"] = File("key.json", text);
    clock_.now += std::chrono::minutes(1);
    const std::string said = LogIn("gcr.io");
    EXPECT_EQ(said.substr(0, 1), "!") << said;
    EXPECT_EQ(said.find("hunter2"), std::string::npos) << said;
  }
  EXPECT_TRUE(Asked().empty());
}

TEST_F(GarTest, OtherHostsGetNothing) {
  for (const char* host : {"mirror.gcr.io", "k8s.gcr.io", "evil-gcr.io", "gcr.io.evil.example",
                           "europe-python.pkg.dev", "x.y-docker.pkg.dev", "docker.pkg.dev",
                           "pkg.dev", "europe-docker.pkg.dev:444"}) {
    EXPECT_EQ(LogIn(host), "-") << host;
  }
  EXPECT_TRUE(Asked().empty());
}

class AcrTest : public CloudTest {
 protected:
  AcrTest() {
    environment_["AZURE_CLIENT_ID"] = "client";
    environment_["AZURE_TENANT_ID"] = "tenant";
    environment_["AZURE_FEDERATED_TOKEN_FILE"] = File("token", "federated");
  }
  static std::string Token(const std::string& exp) {
    std::string payload = text::Base64Encode(R"({"exp":)" + exp + "}");
    while (payload.back() == '=') payload.pop_back();
    return "e30." + payload + ".sig";
  }
  void Serve(const std::string& directory, const std::string& host, const std::string& token) {
    answers_["POST " + directory + "/tenant/oauth2/v2.0/token"] = {
        200, R"({"token_type":"Bearer","expires_in":3599,"access_token":"aad"})"};
    answers_["POST https://" + host + "/oauth2/exchange"] = {
        200, R"({"refresh_token":")" + token + R"("})"};
  }
};

// Pitfalls 45 and 49: a refresh token is what the registry's realm exchanges.
// Admission pitfall 61.
TEST_F(AcrTest, TheWorkloadsTokenBecomesAnIdentityTokenOfTheRegistry) {
  const std::string token = Token("1795690800");  // 2026-11-26T11:00:00Z
  Serve("https://login.microsoftonline.com", "team.azurecr.io", token);
  EXPECT_EQ(LogIn("team.azurecr.io"), token);
  ASSERT_EQ(Asked().size(), 2u);
  EXPECT_EQ(
      Seen()[0].body,
      "client_id=client&scope=https%3A%2F%2Fmanagement.azure.com%2F.default&client_assertion_"
      "type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion="
      "federated&grant_type=client_credentials");
  EXPECT_EQ(Seen()[1].body,
            "grant_type=access_token&service=team.azurecr.io&tenant=tenant&access_token=aad");
  clock_.now += std::chrono::minutes(169);
  EXPECT_EQ(LogIn("team.azurecr.io"), token);
  EXPECT_EQ(Asked().size(), 2u);
  clock_.now += std::chrono::minutes(2);
  LogIn("team.azurecr.io");
  EXPECT_EQ(Asked().size(), 4u) << "ten minutes before its end it is asked for anew";
}

TEST_F(AcrTest, EachRegistryHasALoginOfItsOwn) {
  Serve("https://login.microsoftonline.com", "one.azurecr.io", Token("1795690800"));
  EXPECT_EQ(LogIn("one.azurecr.io").substr(0, 4), "e30.");
  EXPECT_NE(LogIn("two.azurecr.io").find("exchange of two.azurecr.io: answered 404"),
            std::string::npos);
}

TEST_F(AcrTest, NationalCloudsHaveTheirOwnDirectory) {
  Serve("https://login.chinacloudapi.cn", "team.azurecr.cn", "opaque-cn");
  Serve("https://login.microsoftonline.us", "team.azurecr.us", "opaque-us");
  Serve("https://login.microsoftonline.us", "team-abc.eastus.geo.azurecr.us", "opaque-geo");
  EXPECT_EQ(LogIn("team.azurecr.cn"), "opaque-cn");
  EXPECT_EQ(LogIn("team.azurecr.us"), "opaque-us");
  EXPECT_EQ(LogIn("team-abc.eastus.geo.azurecr.us"), "opaque-geo");
}

TEST_F(AcrTest, OtherHostsGetNothing) {
  for (const char* host :
       {"azurecr.io", "evilazurecr.io", "a.b.azurecr.io", "team.azurecr.io.evil.example",
        "team.azurecr.io:444", "mcr.microsoft.com"}) {
    EXPECT_EQ(LogIn(host), "-") << host;
  }
  EXPECT_TRUE(Asked().empty());
}

TEST_F(AcrTest, WithoutAnIdentityThatIsSaid) {
  environment_["AZURE_CLIENT_ID"] = "";
  EXPECT_NE(LogIn("team.azurecr.io").find("AZURE_CLIENT_ID"), std::string::npos);
}

TEST(CloudCredentials, KnowsItsClouds) {
  const auto none = CloudCredentials::Create({"ecr", "hub"}, {});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "cloud 'hub' is none of ecr, gar, acr");
}

struct Reached {
  const char* address;
  bool allowed;
};

TEST(CloudCredentials, TheMetadataClientReachesMetadataAndNothingElse) {
  const auto options = MetadataClientOptions();
  ASSERT_TRUE(options.address_policy);
  EXPECT_FALSE(options.use_environment_proxies);
  for (const Reached& one :
       {Reached{"169.254.169.254", true}, Reached{"169.254.170.2", true},
        Reached{"169.254.170.23", true}, Reached{"fd00:ec2::23", true},
        Reached{"169.254.1.1", false}, Reached{"127.0.0.1", false}, Reached{"10.0.0.1", false},
        Reached{"100.100.100.200", false}, Reached{"fd00::1", false}}) {
    const auto address = http::IpAddress::Parse(one.address);
    ASSERT_TRUE(address);
    EXPECT_EQ(static_cast<bool>(options.address_policy->Check(*address)), one.allowed)
        << one.address;
  }
}

TEST(Jwt, TellsWhenItEnds) {
  EXPECT_EQ(cloud::JwtExpiry("e30.eyJleHAiOjE3OTU2OTA4MDB9.x"),
            std::optional(*ParseTime("2026-11-26T11:00:00Z")));
  for (const char* token : {"", "a.b", "a.!.c", "a.e30.c", "a.eyJleHAiOi0xfQ.c", "a.bnVsbA.c"}) {
    EXPECT_FALSE(cloud::JwtExpiry(token)) << token;
  }
}

}  // namespace
}  // namespace landwaiter::image
