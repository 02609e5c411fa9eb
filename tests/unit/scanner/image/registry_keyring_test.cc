#include "scanner/image/registry_keyring.h"

#include <gtest/gtest.h>

#include "lib/base/text.h"

namespace landwaiter::image {
namespace {

ImageReference Image(const std::string& text) {
  auto image = ImageReference::Parse(text);
  EXPECT_TRUE(image) << image.error().message;
  return *image;
}

struct MatchCase {
  const char* key;
  const char* image;
  bool matches;
};

// Pitfall 46: Docker Hub by all its names. Pitfall 44: ECR's hosts, by account and region.
TEST(Keyring, MatchesAsTheKubeletDoes) {
  const MatchCase cases[] = {
      {"registry.example", "registry.example/a", true},
      {"https://registry.example", "registry.example/a", true},
      {"https://registry.example/v2/", "registry.example/a", true},
      {"http://registry.example/v1/", "registry.example/a", true},
      {"registry.example/", "registry.example/a", true},
      {"REGISTRY.example", "registry.example/a", true},
      {"registry.example", "other.example/a", false},
      {"registry.example", "registry.example.evil/a", false},
      {"example", "registry.example/a", false},
      {"registry.example:5000", "registry.example:5000/a", true},
      {"registry.example", "registry.example:5000/a", false},
      {"registry.example:5000", "registry.example/a", false},
      {"*.example", "registry.example/a", true},
      {"*.example", "a.b.example/a", false},
      {"*", "registry.example/a", false},
      {"*.*.example", "a.b.example/a", true},
      {"prefix-*.example", "prefix-1.example/a", true},
      {"prefix-*.example", "other-1.example/a", false},
      {"*.example:5000", "a.example:5000/x", true},
      {"*.dkr.ecr.*.amazonaws.com", "123.dkr.ecr.eu-west-1.amazonaws.com/x", true},
      {"registry.example/team", "registry.example/team/app", true},
      {"registry.example/team/app", "registry.example/team", false},
      {"registry.example/team", "registry.example/other/app", false},
      {"registry.example/v2/team", "registry.example/team/app", true},
      {"https://index.docker.io/v1/", "nginx", true},
      {"docker.io", "nginx", true},
      {"index.docker.io", "docker.io/library/nginx", true},
      {"registry-1.docker.io", "team/app", true},
      {"docker.io/team", "team/app", true},
      {"docker.io/team", "nginx", false},
      {"https://index.docker.io/v1/", "quay.io/a", false},
      {"[::1]:5000", "[::1]:5000/a", true},
      {"127.0.0.1:5000", "127.0.0.1:5000/a", true},
  };
  for (const MatchCase& c : cases) {
    const auto entry = ParseKeyringKey(c.key);
    ASSERT_TRUE(entry) << c.key;
    EXPECT_EQ(Matches(*entry, Image(c.image)), c.matches) << c.key << " for " << c.image;
  }
}

// Admission pitfall 62.
// Pitfall 48.
TEST(Keyring, GivesTheMostParticularFirstAndNoneTwice) {
  const auto entries = ParseDockerConfigJson(R"({"auths":{
      "*.example":{"username":"glob","password":"1"},
      "r.example":{"username":"host","password":"2"},
      "r.example/team":{"username":"team","password":"3"},
      "https://r.example/v2/team":{"username":"team","password":"3"},
      "r.example/team/app":{"username":"app","password":"4"},
      "other.example":{"username":"other","password":"5"}}})");
  ASSERT_TRUE(entries) << entries.error().message;
  std::string names;
  for (const auto& credential : CredentialsFor(*entries, Image("r.example/team/app:1"))) {
    names += credential.username + " ";
  }
  EXPECT_EQ(names, "app team host glob ");
  EXPECT_TRUE(CredentialsFor(*entries, Image("quay.io/x")).empty());
}

// Pitfall 45: ACR's nameless user, Google's key in JSON.
TEST(Keyring, ReadsEachFormOfACredential) {
  const std::string key = R"({"type":"service_account","private_key":"a:b\nc"})";
  const auto entries = ParseDockerConfigJson(
      R"({"auths":{"a.example":{"auth":")" + text::Base64Encode("user:pass:word") + R"("},
      "b.example":{"username":"u","password":"p"},
      "c.example":{"identitytoken":"t","auth":")" +
      text::Base64Encode("00000000-0000-0000-0000-000000000000:") + R"("},
      "d.example":{},"e.example":{"email":"x@y"},
      "f.example":{"auth":")" +
      text::Base64Encode("u:p" + std::string(2, '\0')) + R"("},"g.example":{"auth":")" +
      text::Base64Encode("_json_key:" + key) + R"("}},
      "HttpHeaders":{"X":"y"},"credsStore":"desktop"})");
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_EQ(entries->size(), 5u);
  EXPECT_EQ((*entries)[0].credential.username, "user");
  EXPECT_EQ((*entries)[0].credential.password.Reveal(), "pass:word");
  EXPECT_EQ((*entries)[1].credential.password.Reveal(), "p");
  EXPECT_EQ((*entries)[2].credential.identity_token.Reveal(), "t");
  EXPECT_EQ((*entries)[3].credential.password.Reveal(), "p");
  EXPECT_EQ((*entries)[4].credential.username, "_json_key");
  EXPECT_EQ((*entries)[4].credential.password.Reveal(), key);
}

TEST(Keyring, ReadsTheLegacyForm) {
  const auto entries = ParseDockerCfg(R"({"r.example":{"username":"u","password":"p"}})");
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_EQ((*entries)[0].host, "r.example");
}

TEST(Keyring, NamesTheEntryThatIsWrongAndNeverItsValue) {
  const std::string cases[] = {
      "",
      "null",
      "[]",
      R"({"auths":[]})",
      R"({"auths":{"a.example":"c2VjcmV0"}})",
      R"({"auths":{"a.example":{"auth":"s3cr3t!"}}})",
      R"({"auths":{"a.example":{"auth":")" + text::Base64Encode("s3cr3t") + R"("}}})",
      R"({"auths":{"a.example":{"password":7}}})",
      R"({"auths":{"":{"auth":"YTpi"}}})",
      R"({"auths":{"https://":{"auth":"YTpi"}}})",
      R"({"auths":{"u:s3cr3t@a.example":{"auth":"YTpi"}}})",
      R"({"auths":{"a b":{"auth":"YTpi"}}})",
      std::string(100'000, '{'),
      std::string(2u << 20, ' '),
  };
  for (const std::string& json : cases) {
    const auto entries = ParseDockerConfigJson(json);
    ASSERT_FALSE(entries) << json.substr(0, 60);
    if (json.find('@') != std::string::npos) continue;  // a key is shown
    EXPECT_EQ(entries.error().message.find("s3cr3t"), std::string::npos) << entries.error().message;
  }
}

}  // namespace
}  // namespace landwaiter::image
