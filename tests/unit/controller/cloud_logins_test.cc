// The role's own logins at clouds' registries beside the pods' secrets.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "controller/credentials.h"
#include "tests/support/fake_kube.h"
#include "tests/unit/scanner/image/cloud/cloud_fixture.h"

namespace landwaiter::controller {
namespace {

constexpr const char* kEcrHost = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
constexpr const char* kEcrCall = "POST https://api.ecr.eu-west-1.amazonaws.com/";

class CloudLogins : public image::CloudTest {
 protected:
  CloudLogins() {
    environment_["AWS_ACCESS_KEY_ID"] = "AKIAEXAMPLE";
    environment_["AWS_SECRET_ACCESS_KEY"] = "secret";
    answers_[kEcrCall] = {200, R"({"authorizationData":[{"authorizationToken":")" +
                                   text::Base64Encode("AWS:pw") + R"(","expiresAt":4070908800}]})"};
    api_.Put(kube::kSecrets,
             {{"apiVersion", "v1"},
              {"kind", "Secret"},
              {"type", "kubernetes.io/dockercfg"},
              {"metadata", {{"namespace", "shop"}, {"name", "reg"}}},
              {"data",
               {{".dockercfg", text::Base64Encode(std::string(R"({")") + kEcrHost +
                                                  R"(":{"username":"mine","password":"x"}})")}}}});
  }

  /// "user@host" of each, in order: "@" of those for the image's own registry.
  std::vector<std::string> For(const std::string& image, image::Mirrors* mirrors,
                               const std::vector<resources::SecretRef>& secrets) {
    CredentialReader reader(api_, mirrors, &Cloud());
    const auto found = reader.For(*ImageReference::Parse(image), secrets, {});
    std::vector<std::string> out;
    EXPECT_TRUE(found);
    if (!found) return out;
    for (const RegistryCredential& one : found->credentials) {
      out.push_back(one.username + "@" + one.host);
    }
    return out;
  }
  const std::string image_ = std::string(kEcrHost) + "/shop/cart:1";

 private:
  landwaiter::testing::FakeKube api_;
};

using Logins = std::vector<std::string>;

TEST_F(CloudLogins, ComeAfterThePodsSecrets) {
  EXPECT_EQ(For(image_, nullptr, {}), Logins({"AWS@"}));
  EXPECT_EQ(For(image_, nullptr, {{"shop", "reg"}}), Logins({"mine@", "AWS@"}));
  EXPECT_EQ(For("r.io/shop/cart:1", nullptr, {{"shop", "reg"}}), Logins());
}

TEST_F(CloudLogins, AreGotForMirrorsToo) {
  std::filesystem::create_directories(folder_ / "r.io");
  ASSERT_TRUE(WriteFileAtomically((folder_ / "r.io" / "hosts.toml").string(),
                                  std::string("[host.\"https://") + kEcrHost + "\"]\n"));
  image::Mirrors mirrors(folder_.string(), {});
  EXPECT_EQ(For("r.io/shop/cart:1", &mirrors, {}), Logins({std::string("AWS@") + kEcrHost}));
  EXPECT_EQ(For("other.io/shop/cart:1", &mirrors, {}), Logins());
}

TEST_F(CloudLogins, OneThatFailsLeavesTheSecrets) {
  answers_[kEcrCall] = {403, "{}"};
  EXPECT_EQ(For(image_, nullptr, {{"shop", "reg"}}), Logins({"mine@"}));
}

}  // namespace
}  // namespace landwaiter::controller
