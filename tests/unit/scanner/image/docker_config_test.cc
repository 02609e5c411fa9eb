#include "scanner/image/docker_config.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "lib/base/text.h"

namespace landwaiter::image {
namespace {

namespace fs = std::filesystem;

/// A folder with helpers in PATH and a config.json; all is undone at the end.
class DockerConfigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "docker-config-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    const char* path = std::getenv("PATH");
    path_ = path == nullptr ? "" : path;
    setenv("PATH", (folder_ + ":" + path_).c_str(), 1);
  }
  void TearDown() override {
    setenv("PATH", path_.c_str(), 1);
    fs::remove_all(folder_);
  }
  void Write(const std::string& name, const std::string& text, int mode = 0644) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    chmod(path.c_str(), static_cast<mode_t>(mode));
  }
  void Helper(const std::string& name, const std::string& script) {
    Write("docker-credential-" + name, "#!/bin/sh\n" + script + "\n", 0755);
  }
  Result<std::vector<RegistryCredential>> For(const std::string& image,
                                              const Cancellation& cancel = {}) {
    auto config = LoadDockerConfig(folder_);
    if (!config) return std::move(config).error();
    return CredentialsFor(*config, *ImageReference::Parse(image), cancel);
  }
  std::string folder_;
  std::string path_;
};

TEST_F(DockerConfigTest, NoFileIsAnonymous) {
  const auto credentials = For("r.example/a");
  ASSERT_TRUE(credentials) << credentials.error().message;
  EXPECT_TRUE(credentials->empty());
}

TEST_F(DockerConfigTest, BrokenFileIsNamed) {
  Write("config.json", "{\"auths\":");
  const auto credentials = For("r.example/a");
  ASSERT_FALSE(credentials);
  EXPECT_NE(credentials.error().message.find("config.json"), std::string::npos);
}

TEST_F(DockerConfigTest, AsksTheHelperOfTheHostWithItsNameOnStandardInput) {
  Helper("mine", R"(read server; echo "{\"ServerURL\":\"$server\",\"Username\":\"$1-$server\",)"
                 R"(\"Secret\":\"s\"}")");
  Write("config.json", R"({"credHelpers":{"r.example":"mine"},"auths":{"other.example":{"auth":")" +
                           text::Base64Encode("u:p") + R"("}}})");
  const auto credentials = For("r.example/a");
  ASSERT_TRUE(credentials) << credentials.error().message;
  ASSERT_EQ(credentials->size(), 1u);
  EXPECT_EQ((*credentials)[0].username, "get-r.example");
  EXPECT_EQ((*credentials)[0].password.Reveal(), "s");
  const auto other = For("other.example/a");
  ASSERT_TRUE(other);
  ASSERT_EQ(other->size(), 1u);
  EXPECT_EQ((*other)[0].username, "u");
}

TEST_F(DockerConfigTest, StoreKnowsDockerHubByItsOldName) {
  Helper("store", R"(read server; echo "{\"Username\":\"<token>\",\"Secret\":\"$server\"}")");
  Write("config.json", R"({"credsStore":"store"})");
  const auto credentials = For("nginx");
  ASSERT_TRUE(credentials) << credentials.error().message;
  ASSERT_EQ(credentials->size(), 1u);
  EXPECT_EQ((*credentials)[0].identity_token.Reveal(), "https://index.docker.io/v1/");
}

TEST_F(DockerConfigTest, HelperWithoutCredentialsIsAnonymous) {
  Helper("store", "echo 'credentials not found in native keychain'; exit 1");
  Write("config.json", R"({"credsStore":"store"})");
  const auto credentials = For("r.example/a");
  ASSERT_TRUE(credentials) << credentials.error().message;
  EXPECT_TRUE(credentials->empty());
}

TEST_F(DockerConfigTest, FaultsOfAHelperAreNamed) {
  const struct {
    const char* name;
    const char* script;
    Code code;
    const char* says;
  } cases[] = {
      {"fails", "echo 'the keyring is locked'; exit 1", Code::kUnavailable, "keyring is locked"},
      {"is killed", "kill -9 $$", Code::kUnavailable, "failed"},
      {"no JSON", "echo hello", Code::kInvalidArgument, "JSON"},
      {"no object", "echo '[1]'", Code::kInvalidArgument, "object"},
      {"deep", "head -c 100000 /dev/zero | tr '\\0' '['", Code::kInvalidArgument, "JSON"},
      {"endless", "cat /dev/zero", Code::kInvalidArgument, "more than"},
  };
  for (const auto& c : cases) {
    Helper("bad", c.script);
    Write("config.json", R"({"credsStore":"bad"})");
    const auto credentials = For("r.example/a");
    ASSERT_FALSE(credentials) << c.name;
    EXPECT_EQ(credentials.error().code, c.code) << c.name << credentials.error().message;
    EXPECT_NE(credentials.error().message.find("docker-credential-bad"), std::string::npos);
    EXPECT_NE(credentials.error().message.find(c.says), std::string::npos)
        << credentials.error().message;
  }
}

TEST_F(DockerConfigTest, HelperThatIsNotInstalledIsNamed) {
  Write("config.json", R"({"credsStore":"nowhere"})");
  const auto credentials = For("r.example/a");
  ASSERT_FALSE(credentials);
  EXPECT_NE(credentials.error().message.find("docker-credential-nowhere: is not installed"),
            std::string::npos)
      << credentials.error().message;
}

// Pitfall 49: helpers are run by the command line alone, and only from PATH.
TEST_F(DockerConfigTest, HelperNameIsNoPath) {
  for (const char* name : {"../x", "a b", "a;b", "/bin/sh"}) {
    Write("config.json", std::string(R"({"credsStore":")") + name + "\"}");
    const auto credentials = For("r.example/a");
    ASSERT_FALSE(credentials) << name;
    EXPECT_EQ(credentials.error().code, Code::kInvalidArgument);
  }
}

TEST_F(DockerConfigTest, HelperThatHangsIsEndedWithTheCall) {
  Helper("slow", "exec sleep 600");
  Write("config.json", R"({"credsStore":"slow"})");
  const auto late = For("r.example/a", Cancellation().Within(std::chrono::milliseconds(200)));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::kDeadlineExceeded);
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = For("r.example/a", Cancellation{stop.get_token()});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, Code::kCancelled);
}

}  // namespace
}  // namespace landwaiter::image
