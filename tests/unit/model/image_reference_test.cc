#include "model/image_reference.h"

#include <gtest/gtest.h>

#include "model/platform.h"

namespace landwaiter {
namespace {

const std::string kHex(64, 'a');

struct ReferenceCase {
  const char* name;
  std::string written;
  std::string canonical;  // "" where it must be refused
};

class ReferenceTest : public testing::TestWithParam<ReferenceCase> {};

// Admission pitfall 58.
TEST_P(ReferenceTest, IsReadAsDistributionReadsIt) {
  const auto reference = ImageReference::Parse(GetParam().written);
  ASSERT_EQ(reference.has_value(), !GetParam().canonical.empty())
      << (reference ? reference->ToString() : reference.error().message);
  if (reference) EXPECT_EQ(reference->ToString(), GetParam().canonical);
  if (!reference) EXPECT_EQ(reference.error().code, Code::kInvalidArgument);
}

// Pitfall 46: Docker Hub's names. Pitfall 51: nothing of a reference is a command or an option.
INSTANTIATE_TEST_SUITE_P(
    Table, ReferenceTest,
    testing::Values(
        ReferenceCase{"BareNameIsDockerHubLibraryLatest", "nginx",
                      "docker.io/library/nginx:latest"},
        ReferenceCase{"UserNameIsDockerHub", "user/app:1", "docker.io/user/app:1"},
        ReferenceCase{"IndexDockerIoIsDockerIo", "index.docker.io/user/app:1",
                      "docker.io/user/app:1"},
        ReferenceCase{"PortMakesAHost", "host:5000/app", "host:5000/app:latest"},
        ReferenceCase{"LocalhostIsAHost", "localhost/app:2", "localhost/app:2"},
        ReferenceCase{"UpperCaseHostIsLowered", "Registry.Example.com/a:1",
                      "registry.example.com/a:1"},
        ReferenceCase{"DigestAloneHasNoTag", "r.io/a@sha256:" + kHex, "r.io/a@sha256:" + kHex},
        ReferenceCase{"TagAndDigestAreBothKept", "r.io/a:1@sha256:" + kHex,
                      "r.io/a:1@sha256:" + kHex},
        ReferenceCase{"DeepPathIsKept", "r.io/a/b/c_d/e--f:v1.2", "r.io/a/b/c_d/e--f:v1.2"},
        ReferenceCase{"Ipv6HostIsKept", "[::1]:5000/a", "[::1]:5000/a:latest"},
        ReferenceCase{"NumberAfterNameIsATagWithoutSlash", "app:5000",
                      "docker.io/library/app:5000"},
        ReferenceCase{"EmptyIsRefused", "", ""},
        ReferenceCase{"UpperCasePathIsRefused", "r.io/App", ""},
        ReferenceCase{"EmptyPathPartIsRefused", "r.io/a//b", ""},
        ReferenceCase{"DotDotIsRefused", "r.io/../b", ""},
        ReferenceCase{"EmptyTagIsRefused", "r.io/a:", ""},
        ReferenceCase{"LongTagIsRefused", "r.io/a:" + std::string(129, 't'), ""},
        ReferenceCase{"ShortDigestIsRefused", "r.io/a@sha256:abc", ""},
        ReferenceCase{"NewlineIsRefused", "r.io/a\n:1", ""},
        ReferenceCase{"SpaceIsRefused", " nginx", ""},
        ReferenceCase{"P051_SecondCommandIsRefused", "r.io/a;id", ""},
        ReferenceCase{"P051_CommandInDollarsIsRefused", "r.io/$(id):1", ""},
        ReferenceCase{"P051_CommandInBackticksIsRefused", "`id`", ""},
        ReferenceCase{"P051_OptionIsRefused", "--override-os=x", ""},
        ReferenceCase{"P051_OptionAsHostIsRefused", "-o.example/a", ""},
        ReferenceCase{"P051_OptionAsTagIsRefused", "r.io/a:-rf", ""},
        ReferenceCase{"SchemeIsRefused", "https://r.io/a", ""},
        ReferenceCase{"HugeIsRefused", std::string(100000, 'a'), ""}),
    [](const auto& info) { return info.param.name; });

// Pitfall 34.
TEST(Platform, AcceptsWhatTheArchitectureRuns) {
  const auto platform = [](const char* text) { return Platform::Parse(text).value(); };
  EXPECT_TRUE(platform("linux/amd64").Accepts(platform("linux/amd64")));
  EXPECT_TRUE(platform("linux/arm64").Accepts(platform("linux/arm64/v8")));
  EXPECT_TRUE(platform("linux/arm64/v8").Accepts(platform("linux/arm64")));
  EXPECT_FALSE(platform("linux/arm/v7").Accepts(platform("linux/arm/v6")));
  EXPECT_FALSE(platform("linux/amd64").Accepts(platform("linux/arm64")));
  EXPECT_FALSE(platform("linux/amd64").Accepts(platform("windows/amd64")));
  EXPECT_EQ(platform("linux/x86_64").ToString(), "linux/amd64");
  EXPECT_FALSE(Platform::Parse("linux"));
  EXPECT_FALSE(Platform::Parse("linux/amd64/v1/x"));
  EXPECT_FALSE(Platform::Parse("linux/\x1b[31m"));
}

}  // namespace
}  // namespace landwaiter
