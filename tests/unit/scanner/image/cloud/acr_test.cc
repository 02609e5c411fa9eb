// Logins at Azure's registries.
#include <gtest/gtest.h>

#include "lib/base/text.h"
#include "tests/unit/scanner/image/cloud/cloud_fixture.h"

namespace landwaiter::image {
namespace {

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

}  // namespace
}  // namespace landwaiter::image
