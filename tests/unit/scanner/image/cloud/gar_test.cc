// Logins at Google's registries.
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <nlohmann/json.hpp>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "tests/unit/scanner/image/cloud/cloud_fixture.h"

namespace landwaiter::image {
namespace {

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

}  // namespace
}  // namespace landwaiter::image
