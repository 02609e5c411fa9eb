// The collection's files that say what system an image is: of releases by name, and of what older
// systems have instead.
#include <gmock/gmock.h>

#include "scanner/packages/os_release.h"
#include "tests/unit/scanner/packages/shared_records.h"

namespace landwaiter::packages {
namespace {

class SharedSystemsTest : public SharedRecordsTest {};

struct SystemRecord {
  const char* folder;  // in the collection
  const char* file;
  const char* system;  // "family version codename variant"; "" for none
};

constexpr const char* kTrivy = "aquasecurity_trivy/pkg/fanal/analyzer/os/release/testdata";
constexpr const char* kClaircore = "quay_claircore";

// os-release files of single releases.
constexpr SystemRecord kSystems[] = {
    {kTrivy, "activestate", "activestate 1.0  "},
    {kTrivy, "alma", "almalinux 9.4  "},
    {kTrivy, "azurelinux-3.0", "azurelinux 3.0  "},
    {kTrivy, "bottlerocket", "bottlerocket 1.34.0  "},
    {kTrivy, "centos", "centos 7  "},
    {kTrivy, "centos-stream", "centos 8  stream"},
    {kTrivy, "fedora", "fedora 42  "},
    {kTrivy, "mariner-1.0", "mariner 1.0  "},
    {kTrivy, "mariner-2.0", "mariner 2.0  "},
    {kTrivy, "minimos", "minimos 20241031  "},
    {kTrivy, "no-id", ""},
    {kTrivy, "no-version", "alpine   "},
    {kTrivy, "opensuseleap-15.2.1", "opensuse-leap 15.2.1  "},
    {kTrivy, "opensuseleap-42.3", "opensuse 42.3  "},
    {kTrivy, "opensusetumbleweed", "opensuse-tumbleweed 20220412  "},
    {kTrivy, "oracle", "ol 8.10  "},
    {kTrivy, "photon", "photon 4.0  "},
    {kTrivy, "rhel", "rhel 9.4  "},
    {kTrivy, "rocky", "rocky 9.3  "},
    {kTrivy, "slemicro", "sle-micro 5.3  "},
    {kTrivy, "slemicro-rancher", "sle-micro-rancher 5.4  "},
    {kTrivy, "slemicro6.0", "sl-micro 6.0  "},
    {kTrivy, "sles", "sles 15.3  "},
    {kClaircore, "debian/testdata/distroless_dist/11/etc/os-release", "debian 11  "},
    {kClaircore, "rhel/testdata/releasefiles/atomichost-7/etc/os-release", "rhel 7.9  "},
    {kClaircore, "rhel/testdata/releasefiles/hummingbird/etc/os-release", "hummingbird 20251124  "},
};

std::string SystemOf(const std::map<std::string, std::optional<std::string>>& files) {
  const auto identity = IdentifySystem([&](std::string_view path) {
    const auto found = files.find(std::string(path));
    return found == files.end() ? nullptr : &found->second;
  });
  if (!identity.os) return {};
  const OperatingSystem& os = *identity.os;
  return os.family + " " + os.version + " " + os.codename + " " + os.variant;
}

TEST_F(SharedSystemsTest, OperatingSystems) {
  const fs::path folder = Unpack("os-records.tar.zst");
  SKIP_WITHOUT(folder);
  for (const auto& record : kSystems) {
    const std::string text = ReadAll(folder / record.folder / record.file);
    ASSERT_FALSE(text.empty()) << record.file;
    EXPECT_EQ(SystemOf({{"etc/os-release", text}}), record.system) << record.file;
  }
}

// Folders of the collection that are named after the release whose files they hold.
TEST_F(SharedSystemsTest, ReleasesByFolder) {
  const fs::path folder = Unpack("os-records.tar.zst");
  SKIP_WITHOUT(folder);
  const std::vector<std::pair<std::string, std::string>> kinds = {
      {"quay_claircore/alpine/testdata", "alpine"},
      {"quay_claircore/debian/testdata/dist", "debian"},
      {"quay_claircore/ubuntu/testdata/dist", "ubuntu"}};
  std::size_t releases = 0;
  for (const auto& [kind, family] : kinds) {
    for (const auto& entry : fs::directory_iterator(folder / kind)) {
      const std::string text = ReadAll(entry.path() / "etc/os-release");
      const std::string release = entry.path().filename();
      if (text.empty() || (family == "ubuntu" && release == "11")) continue;  // 11 is Debian's
      ++releases;
      const std::string system = SystemOf({{"etc/os-release", text}});
      if (release == "edge") {
        EXPECT_EQ(system, "alpine 3.19_alpha20230901  edge");
      } else {
        EXPECT_TRUE(system.starts_with(family + " " + release)) << release << ": " << system;
      }
      const std::string lsb = ReadAll(entry.path() / "etc/lsb-release");
      if (lsb.empty()) continue;
      // Ubuntu's older file says the same.
      EXPECT_TRUE(SystemOf({{"etc/lsb-release", lsb}}).starts_with(family + " " + release));
    }
  }
  EXPECT_EQ(releases, 47u);
}

TEST_F(SharedSystemsTest, ReleaseFiles) {
  const fs::path folder = Unpack("os-records.tar.zst");
  SKIP_WITHOUT(folder);
  const fs::path rhel = folder / "quay_claircore/rhel/testdata/releasefiles";
  const fs::path trivy = folder / "aquasecurity_trivy/pkg/fanal/analyzer/os";
  const auto both = [&](const char* name) {
    return SystemOf({{"etc/redhat-release", ReadAll(rhel / name / "etc/redhat-release")},
                     {"etc/oracle-release", ReadAll(rhel / name / "etc/oracle-release")}});
  };
  EXPECT_EQ(both("7"), "rhel 7.4  ");
  EXPECT_EQ(both("8"), "rhel 8.1  ");
  EXPECT_EQ(both("9"), "rhel 9.0  ");
  EXPECT_EQ(both("atomichost-7"), "rhel 7.9  ");
  EXPECT_EQ(both("oracle-6"), "ol 6.10  ");
  EXPECT_EQ(both("oracle-9"), "ol 9.3  ");
  const auto one = [&](const char* path, const char* file) {
    return SystemOf({{path, ReadAll(trivy / file)}});
  };
  EXPECT_EQ(one("etc/oracle-release", "redhatbase/testdata/oracle_7/oracle-release"), "ol 7.6  ");
  EXPECT_EQ(one("etc/almalinux-release", "redhatbase/testdata/alma/almalinux-release"),
            "almalinux 8.4  ");
  EXPECT_EQ(one("etc/rocky-release", "redhatbase/testdata/rocky/rocky-release"), "rocky 8.4  ");
  EXPECT_EQ(one("etc/fedora-release", "redhatbase/testdata/fedora_29/fedora-release"),
            "fedora 29  ");
  EXPECT_EQ(one("etc/lsb-release", "ubuntu/testdata/lsb-release"), "ubuntu 18.04 bionic ");
  EXPECT_EQ(one("etc/debian_version", "debian/testdata/debian_9/etc/debian_version"), "debian 9  ");
  EXPECT_EQ(one("etc/debian_version", "debian/testdata/debian_sid/etc/debian_version"), "");
}

}  // namespace
}  // namespace landwaiter::packages
