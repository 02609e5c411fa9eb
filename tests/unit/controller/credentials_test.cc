#include "controller/credentials.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "tests/support/fake_kube.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

const std::string kEntry = R"({"r.io":{"username":"shop","password":"x"}})";

json ASecret(const std::string& name, const json& type, const std::string& key,
             const std::string& data) {
  json secret{{"apiVersion", "v1"},
              {"kind", "Secret"},
              {"metadata", {{"namespace", "shop"}, {"name", name}}},
              {"data", {{key, text::Base64Encode(data)}}}};
  if (!type.is_null()) secret["type"] = type;
  return secret;
}

struct TypeCase {
  const char* name;
  json type;
  const char* key;
  std::string data;
  std::size_t credentials;
};

const TypeCase kTypeCases[] = {
    {"dockerconfigjson", "kubernetes.io/dockerconfigjson", ".dockerconfigjson",
     R"({"auths":)" + kEntry + "}", 1},
    {"dockercfg", "kubernetes.io/dockercfg", ".dockercfg", kEntry, 1},
    {"an Opaque secret with the same key is none", "Opaque", ".dockerconfigjson",
     R"({"auths":)" + kEntry + "}", 0},
    {"a secret without a type is none", nullptr, ".dockerconfigjson", R"({"auths":)" + kEntry + "}",
     0},
    {"a type that is no text is none", 7, ".dockerconfigjson", R"({"auths":)" + kEntry + "}", 0},
    {"the key must be the type's", "kubernetes.io/dockercfg", ".dockerconfigjson",
     R"({"auths":)" + kEntry + "}", 0},
};

TEST(CredentialReader, TakesSecretsOfTheKubeletsTwoTypes) {
  for (const TypeCase& c : kTypeCases) {
    SCOPED_TRACE(c.name);
    landwaiter::testing::FakeKube api;
    api.Put(kube::kSecrets, ASecret("reg", c.type, c.key, c.data));
    CredentialReader reader(api);
    const auto found =
        reader.For(*ImageReference::Parse("r.io/shop/cart:1"), {{"shop", "reg"}}, Cancellation());
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->credentials.size(), c.credentials);
    EXPECT_EQ(found->secrets.size(), c.credentials);
  }
}

// Admission pitfall 63.
TEST(CredentialReader, FindsWhatIsKeyedToAMirror) {
  namespace fs = std::filesystem;
  std::string name = (fs::temp_directory_path() / "hostsXXXXXX").string();
  const fs::path folder = mkdtemp(name.data());
  fs::create_directories(folder / "r.io");
  ASSERT_TRUE(WriteFileAtomically((folder / "r.io" / "hosts.toml").string(),
                                  "[host.\"https://mirror.io\"]\n"));
  landwaiter::testing::FakeKube api;
  api.Put(kube::kSecrets,
          ASecret("reg", "kubernetes.io/dockercfg", ".dockercfg",
                  R"({"mirror.io":{"username":"mine","password":"x"},"b.io":{"auth":"YTpi"}})"));
  image::Mirrors mirrors(folder.string(), {});
  CredentialReader reader(api, &mirrors);
  const auto found =
      reader.For(*ImageReference::Parse("r.io/shop/cart:1"), {{"shop", "reg"}}, Cancellation());
  const auto other =
      reader.For(*ImageReference::Parse("c.io/shop/cart:1"), {{"shop", "reg"}}, Cancellation());
  fs::remove_all(folder);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->credentials.size(), 1u);
  EXPECT_EQ(found->credentials[0].username, "mine");
  EXPECT_EQ(found->credentials[0].host, "mirror.io");
  EXPECT_EQ(found->secrets.size(), 1u);
  ASSERT_TRUE(other);
  EXPECT_TRUE(other->credentials.empty());
}

std::vector<std::string> Names(const std::vector<resources::SecretRef>& secrets) {
  std::vector<std::string> out;
  for (const auto& secret : secrets) out.push_back(secret.name);
  return out;
}

// Admission pitfalls 62 and 63.
// Pitfall 48: the pod's secrets and its service account's.
TEST(CredentialReader, KeepsThePodsOrderAndTellsOfWhatItLeavesOut) {
  landwaiter::testing::FakeKube api;
  api.Put(kube::kServiceAccounts, {{"apiVersion", "v1"},
                                   {"kind", "ServiceAccount"},
                                   {"metadata", {{"namespace", "shop"}, {"name", "builder"}}},
                                   {"imagePullSecrets", {{{"name", "account"}}}}});
  CredentialReader reader(api);
  const auto few = reader.SecretsOfPod("shop", "builder", {"z", "a", "z"}, Cancellation());
  ASSERT_TRUE(few);
  EXPECT_EQ(Names(*few), (std::vector<std::string>{"z", "a", "account"}));

  std::vector<std::string> named;
  for (std::size_t i = 0; i < kMaxPullSecrets + 3; ++i) named.push_back("s" + std::to_string(i));
  ::testing::internal::CaptureStderr();
  const auto many = reader.SecretsOfPod("shop", "builder", named, Cancellation());
  const std::string log = ::testing::internal::GetCapturedStderr();
  ASSERT_TRUE(many);
  EXPECT_EQ(many->size(), kMaxPullSecrets);
  EXPECT_NE(log.find("pull secrets left out"), std::string::npos) << log;
  EXPECT_NE(log.find("shop/s16"), std::string::npos) << log;
}

}  // namespace
}  // namespace landwaiter::controller
