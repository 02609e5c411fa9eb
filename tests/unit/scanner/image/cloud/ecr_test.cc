// Logins at Amazon's registries, and who the role is there.
#include <gtest/gtest.h>

#include "lib/base/text.h"
#include "scanner/image/cloud/sigv4.h"
#include "tests/support/loopback_server.h"
#include "tests/unit/scanner/image/cloud/cloud_fixture.h"

namespace landwaiter::image {
namespace {

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

}  // namespace
}  // namespace landwaiter::image
