#include "scanner/matching/package_key.h"

#include <gtest/gtest.h>

#include "scanner/matching/match.h"

namespace landwaiter::matching {
namespace {

// Pitfall 117.
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

// Pitfalls 57, 58, 59, 60: edge, testing, derivatives, CentOS. 108: Fedora publishes no feed.
TEST(PackageKeyTest, EcosystemsFollowFromOsRelease) {
  struct Case {
    OperatingSystem os;
    std::optional<std::string> expected;
  };
  const Case cases[] = {
      {{"debian", "12", "bookworm", ""}, "Debian:12"},
      {{"debian", "12.4", "", ""}, "Debian:12"},
      {{"debian", "", "forky", ""}, "Debian:14"},
      {{"debian", "", "", ""}, std::nullopt},
      {{"ubuntu", "22.04", "jammy", ""}, "Ubuntu:22.04:LTS"},
      {{"ubuntu", "23.10", "mantic", ""}, "Ubuntu:23.10"},
      {{"ubuntu", "23.04", "lunar", ""}, "Ubuntu:23.04"},
      {{"alpine", "3.18.4", "", ""}, "Alpine:v3.18"},
      {{"alpine", "3.18", "", ""}, "Alpine:v3.18"},
      {{"alpine", "3", "", ""}, std::nullopt},
      {{"alpine", "3.17_alpha20220715", "", ""}, "Alpine:edge"},
      {{"alpine", "3.23.0", "", "", "edge"}, "Alpine:edge"},
      {{"wolfi", "20230201", "", ""}, "Wolfi"},
      {{"chainguard", "20230214", "", ""}, "Chainguard"},
      {{"almalinux", "9.3", "", ""}, "AlmaLinux:9"},
      {{"rocky", "8.9", "", ""}, "Rocky Linux:8"},
      {{"rhel", "9.3", "", ""}, "Red Hat:enterprise_linux:9"},
      {{"rhel", "10.1", "", ""}, "Red Hat:enterprise_linux:10"},
      {{"amzn", "2018.03", "", ""}, "Amazon Linux:1"},
      {{"amzn", "2", "", ""}, "Amazon Linux:2"},
      {{"amzn", "2023", "", ""}, "Amazon Linux:2023"},
      {{"ol", "8.9", "", ""}, "Oracle Linux:8"},
      {{"sles", "15.4", "", ""}, "SUSE:Linux Enterprise Server 15 SP4"},
      {{"sles", "15", "", ""}, "SUSE:Linux Enterprise Server 15"},
      {{"sles", "15.0", "", ""}, "SUSE:Linux Enterprise Server 15"},
      {{"sles", "12.5", "", ""}, "SUSE:Linux Enterprise Server 12 SP5"},
      {{"sles", "16.0", "", ""}, "SUSE:Linux Enterprise Server 16.0"},
      {{"sles", "16.1", "", ""}, "SUSE:Linux Enterprise Server 16.1"},
      {{"sle-micro", "5.3", "", ""}, "SUSE:Linux Enterprise Micro 5.3"},
      {{"sl-micro", "6.1", "", ""}, "SUSE:Linux Micro 6.1"},
      {{"echo", "1", "", ""}, "Echo"},
      {{"alpaquita", "23", "", ""}, "Alpaquita:23"},
      {{"alpaquita", "stream", "", ""}, "Alpaquita:stream"},
      {{"alpaquita", "edge", "", ""}, std::nullopt},
      {{"bellsoft-hardened-containers", "25", "", ""}, "BellSoft Hardened Containers:25"},
      {{"mageia", "9", "", ""}, "Mageia:9"},
      {{"mageia", "cauldron", "", ""}, std::nullopt},
      {{"openeuler", "22.03", "", "openEuler 22.03 (LTS-SP1)"}, "openEuler:22.03-LTS-SP1"},
      {{"openeuler", "22.03", "", "openEuler 22.03 LTS"}, "openEuler:22.03-LTS"},
      {{"openeuler", "23.09", "", "openEuler 23.09"}, "openEuler:23.09"},
      {{"openeuler", "22.03", "", "another name"}, "openEuler:22.03"},
      {{"openeuler", "", "", "openEuler"}, std::nullopt},
      {{"opensuse-leap", "15.5", "", ""}, "openSUSE:Leap 15.5"},
      {{"opensuse-tumbleweed", "20240101", "", ""}, "openSUSE:Tumbleweed"},
      {{"azurelinux", "3.0", "", ""}, "Azure Linux:3"},
      {{"mariner", "2.0.20230126", "", ""}, "Azure Linux:2"},
      {{"photon", "4.0", "", ""}, "Photon OS:4.0"},
      {{"arch", "", "", ""}, "Arch Linux"},
      // PITFALL: derivatives go by their own name, never by what they are like.
      {{"centos", "8", "", ""}, std::nullopt},
      {{"fedora", "39", "", ""}, std::nullopt},
      {{"raspbian", "12", "", ""}, std::nullopt},
      {{"linuxmint", "21", "vanessa", ""}, std::nullopt},
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

// Pitfalls 63, 79, 101: source, origin or binary name, each feed its own.
TEST(PackageKeyTest, PitfallTheKeyIsWhatTheDistributionsFeedsName) {
  struct Case {
    std::string name;
    std::string type;
    KeyBy key;
    std::string version, source, source_version;
    std::vector<PackageKey> keys;
  };
  const Case cases[] = {
      {"source name and source version",
       "deb",
       KeyBy::kSource,
       "1:9",
       "gcc-12",
       "12.2-14",
       {{"gcc-12", "12.2-14"}}},
      {"its own where no source is recorded", "deb", KeyBy::kSource, "1-1", "", "", {{"b", "1-1"}}},
      {"binary name", "rpm", KeyBy::kBinary, "1-1", "s", "1-1", {{"b", "1-1"}}},
      {"binary, and source where rows name sources",
       "rpm",
       KeyBy::kBinaryOrSource,
       "2:1-1",
       "s",
       "1-1",
       {{"b", "2:1-1"}, {"s", "2:1-1", true}}},
      {"a source version of its own has lost its epoch",
       "rpm",
       KeyBy::kSource,
       "0:3-1",
       "s",
       "1-1",
       {{"s", "1-1", false, true}}},
      {"one with an epoch has it", "rpm", KeyBy::kSource, "3-1", "s", "4:1-1", {{"s", "4:1-1"}}},
  };
  for (const Case& c : cases) {
    Package package;
    package.type = c.type;
    package.name = "b";
    package.version = c.version;
    package.source_name = c.source;
    package.source_version = c.source_version;
    EXPECT_EQ(KeysOf(package, c.key), c.keys) << c.name;
  }
}

TEST(PackageKeyTest, ModuleStreamsAreNameAndStream) {
  EXPECT_EQ(ModuleStream("nodejs:14:8030020210316:229f0a1c"), "nodejs:14");
  EXPECT_EQ(ModuleStream("nodejs:14"), "nodejs:14");
  EXPECT_EQ(ModuleStream(""), "");
  EXPECT_EQ(ModuleStream("nodejs"), "");
}

// Pitfall 77. Pitfall 76: Ubuntu has a source package, and headers, for each flavour.
TEST(PackageKeyTest, KernelHeadersAreToldByName) {
  for (const char* name : {"linux-libc-dev", "kernel-headers", "linux-headers-6.1.0-9-amd64",
                           "linux-headers-6.2.0-1009-aws", "linux-aws-headers-6.2.0-1009",
                           "linux-hwe-6.5-headers-6.5.0-18"}) {
    Package package;
    package.name = name;
    EXPECT_TRUE(IsKernelHeaders(package)) << name;
  }
  for (const char* name : {"linux-image-amd64", "linux-libc-dev-doc", "linux-aws",
                           "nolinux-aws-headers-6.2.0", "kernel", ""}) {
    Package package;
    package.name = name;
    EXPECT_FALSE(IsKernelHeaders(package)) << name;
  }
}

}  // namespace
}  // namespace landwaiter::matching
