#include "scanner/matching/package_key.h"

#include <gtest/gtest.h>

#include "scanner/matching/match.h"

namespace landwaiter::matching {
namespace {

TEST(PackageKeyTest, GoToolchainVersionsAreWrittenAsTheFeedDoes) {
  const std::pair<std::string, std::string> cases[] = {{"go1.22.3", "1.22.3"},
                                                       {"go1.20", "1.20.0"},
                                                       {"go1.21rc2", "1.21.0-rc.2"},
                                                       {"go1.9beta1", "1.9.0-beta.1"},
                                                       {"go1.24.1 X:boringcrypto", "1.24.1"},
                                                       {"go1.25.3-fips", "1.25.3"},
                                                       {"1.22.3", "1.22.3"},
                                                       {"v1.22.3", "v1.22.3"},
                                                       {"devel", "devel"},
                                                       {"", ""},
                                                       {"go", ""}};
  for (const auto& [written, expected] : cases) {
    EXPECT_EQ(GoToolchainVersion(written), expected) << written;
  }
}

TEST(PackageKeyTest, FixedVersionsAreWrittenAsTheInstalledOne) {
  struct Case {
    std::string type, installed, fixed, shown;
  };
  const Case cases[] = {
      {"golang", "v0.3.5", "0.3.7", "v0.3.7"},      {"golang", "0.3.5", "0.3.7", "0.3.7"},
      {"golang", "go1.22.3", "1.22.4", "go1.22.4"}, {"golang", "v0.3.5", "", ""},
      {"golang", "v0.3.5", "v0.3.7", "v0.3.7"},     {"npm", "v1.0.0", "1.0.1", "1.0.1"}};
  for (const Case& c : cases) {
    Package package;
    package.type = c.type;
    package.version = c.installed;
    EXPECT_EQ(AsInstalled(package, c.fixed), c.shown) << c.installed << " " << c.fixed;
  }
}

TEST(PackageKeyTest, EcosystemsFollowFromOsRelease) {
  struct Case {
    OperatingSystem os;
    std::optional<std::string> expected;
  };
  const Case cases[] = {
      {{"debian", "12", "bookworm", ""}, "Debian:12"},
      {{"debian", "12.4", "", ""}, "Debian:12"},
      {{"debian", "", "trixie", ""}, std::nullopt},
      {{"alpine", "3.18.4", "", ""}, "Alpine:v3.18"},
      {{"alpine", "3.18", "", ""}, "Alpine:v3.18"},
      {{"alpine", "3", "", ""}, std::nullopt},
      {{"alpine", "3.17_alpha20220715", "", ""}, std::nullopt},
      {{"almalinux", "9.3", "", ""}, "AlmaLinux:9"},
      {{"rhel", "9.3", "", ""}, std::nullopt},
      {{"raspbian", "12", "", ""}, std::nullopt},
      {{"", "", "", ""}, std::nullopt},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(EcosystemOf(c.os), c.expected) << c.os.family << " " << c.os.version;
  }
}

TEST(PackageKeyTest, TheSameSoftwareHasTheSameUpstreamVersion) {
  struct Case {
    std::string owner;
    std::string language;
    bool same;
  };
  const Case cases[] = {{"3:3.2.12-1+deb12u1", "3.2.12", true},
                        {"2.28.1+dfsg-1", "2.28.1", true},
                        {"1.26.12~rc1-1", "1.26.12", true},
                        {"3.2.12-1", "3.2.1", false},
                        {"3.2.12-1", "3.2", false},
                        {"8.8.1+ds+~cs25.17.7-2", "8.8.1", true},
                        {"8.8.1+ds-2", "8.2.0", false},
                        {"1.0", "1.0", true},
                        {"1.0-1", "", false},
                        {"2.31.0-r0", "2.31.0", true}};
  for (const Case& c : cases) {
    Package language, owner;
    language.version = c.language;
    owner.version = c.owner;
    EXPECT_EQ(IsSameSoftware(language, owner), c.same) << c.owner << " " << c.language;
  }
}

TEST(PackageKeyTest, ModuleStreamsAreNameAndStream) {
  EXPECT_EQ(ModuleStream("nodejs:14:8030020210316:229f0a1c"), "nodejs:14");
  EXPECT_EQ(ModuleStream("nodejs:14"), "nodejs:14");
  EXPECT_EQ(ModuleStream(""), "");
  EXPECT_EQ(ModuleStream("nodejs"), "");
}

TEST(PackageKeyTest, KernelHeadersAreToldByName) {
  for (const char* name : {"linux-libc-dev", "kernel-headers", "linux-headers-6.1.0-9-amd64"}) {
    Package package;
    package.name = name;
    EXPECT_TRUE(IsKernelHeaders(package)) << name;
  }
  for (const char* name : {"linux-image-amd64", "linux-libc-dev-doc", "kernel", ""}) {
    Package package;
    package.name = name;
    EXPECT_FALSE(IsKernelHeaders(package)) << name;
  }
}

}  // namespace
}  // namespace landwaiter::matching
