// All feeds of the shared test data in one database.

#include <gtest/gtest.h>

#include <iterator>

#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::advisories {
namespace {

struct SharedFeed {
  const char* kind;
  const char* path;  // in feeds/
  std::uint64_t records;
};

constexpr SharedFeed kFeeds[] = {
    {"osv", "osv/Go/all.zip", 0},
    {"osv", "osv/PyPI/all.zip", 0},
    {"osv", "osv/crates.io/all.zip", 0},
    {"osv", "osv/AlmaLinux/advisories.tar.zst", 0},
    {"osv", "osv/Bitnami/data.tar.zst", 0},
    {"osv", "debian/debian12-osv-all.zip", 3225},
    {"osv", "samples/rocky-osv", 3},
    {"osv", "samples/ubuntu-osv", 0},
    {"osv", "samples/chainguard-osv", 2},
    {"osv", "samples/bitnami-osv", 1},
    {"osv", "samples/alma-osv", 1},
    {"debian", "debian/debian-tracker-bookworm.json", 13160},
    {"alpine", "alpine/v3.9", 0},
    {"alpine", "alpine/v3.10", 0},
    {"alpine", "alpine/v3.11", 0},
    {"alpine", "samples/wolfi-secdb", 0},
    {"alpine", "samples/chainguard-secdb", 0},
    {"ubuntu-vex", "samples/ubuntu-openvex", 1},
    {"redhat", "samples/redhat-csaf-vex/cve-2023-38545.json.zst", 1},
    {"redhat", "samples/redhat-csaf-vex/cve-2023-4154.json", 1},
    {"redhat", "samples/redhat-csaf-vex/csaf_vex_2023-10-31.tar.zst", 0},
    {"redhat-oval", "samples/redhat-oval-v2/rhel-8-ansible-2-including-unpatched.oval.xml.bz2", 0},
    {"rocky", "samples/rocky-errata/updateinfo.xml", 0},
    {"amazon", "samples/amazon-updateinfo/updateinfo_2_items.xml.gz", 2},
    {"amazon", "samples/amazon-updateinfo/updateinfo_AL2023.xml.gz", 0},
    {"oracle", "samples/oracle-oval", 0},
    {"suse", "samples/suse-oval/suse_truncated.xml", 0},
    {"azure", "samples/azurelinux-oval/azurelinux-3.0-oval.xml", 0},
    {"azure", "samples/azurelinux-oval/mariner-2.0-oval.xml", 0},
    {"photon", "samples/photon", 0},
    {"arch", "samples/arch-avg/all.json", 0},
    {"nvd", "samples/nvd-2.0/full-page.json", 0},
    {"nvd", "samples/nvd-2.0/single-entry.json", 0},
    {"kev", "kev/known_exploited_vulnerabilities.json", 1404},
    {"epss", "samples/epss/epss_scores-sample.csv.gz", 0},
    {"endoflife", "endoflife/release-data.tar.zst", 0},
};

TEST(SharedFeedsTest, AllTogetherMakeOneDatabaseThatOpens) {
  const std::string data = SharedTestData();
  if (data.empty()) GTEST_SKIP() << "no shared test data; set LANDWAITER_TESTDATA";
  const TemporaryFolder folder;
  BuildOptions options;
  options.output = folder.Path("db");
  for (const SharedFeed& feed : kFeeds) {
    options.feeds.push_back({feed.kind, data + "/feeds/" + feed.path});
  }
  options.keep_going = true;
  std::vector<std::string> broken;
  options.on_broken = [&](const Error& error) { broken.push_back(error.message); };
  const auto info = BuildDatabase(options, {});
  ASSERT_TRUE(info.has_value()) << info.error().message;
  for (std::size_t i = 0; i < std::size(kFeeds); ++i) {
    const std::uint64_t records = info->feeds[i].records;
    EXPECT_GT(records, 0u) << kFeeds[i].path;
    if (kFeeds[i].records > 0) {
      EXPECT_EQ(records, kFeeds[i].records) << kFeeds[i].path;
    }
  }
  for (const std::string& message : broken) {
    const bool nightly =
        message.find("\"nightly.2026-03-10.0\" is no bitnami") != std::string::npos;
    const bool cut = message.find("is not in the document") != std::string::npos;
    EXPECT_TRUE(nightly || cut) << message;
  }
  const auto database = AdvisoryDatabase::Open(folder.Path("db"));
  ASSERT_TRUE(database.has_value()) << database.error().message;
  for (const char* ecosystem :
       {"Alpine:v3.11", "Amazon Linux:2023", "Arch Linux", "Azure Linux:3", "Chainguard", "CPE",
        "Debian:12", "Oracle Linux:5", "Rocky Linux:8", "Wolfi", "PyPI"}) {
    EXPECT_TRUE((*database)->HasEcosystem(ecosystem)) << ecosystem;
  }
}

}  // namespace
}  // namespace landwaiter::advisories
