// Which files an update fetches: the table's, those that are named, and those of people's own.
#include "scanner/updates/addresses.h"

#include <gtest/gtest.h>

#include <set>

#include "scanner/advisories/feed.h"
#include "scanner/versions/scheme.h"

namespace landwaiter::updates {
namespace {

TEST(ChooseFilesTest, TakesTheTableOrWhatIsNamed) {
  const auto all = ChooseFiles({});
  ASSERT_TRUE(all) << all.error().message;
  std::size_t expected = 0;
  for (const FeedAddress& row : FeedAddresses()) {
    if (row.by_default) expected += std::max<std::size_t>(row.parts.size(), 1);
    EXPECT_NE(advisories::FindFeed(row.kind), nullptr) << row.kind << " is nothing to the builder";
  }
  EXPECT_EQ(all->size(), expected);
  const auto tracker = ChooseFiles({{"debian"}});
  ASSERT_TRUE(tracker);
  EXPECT_EQ(tracker->at(0).name, "debian.json") << "an address without an ending";
  const auto years = ChooseFiles({{"nvd"}});
  ASSERT_TRUE(years);
  EXPECT_EQ(years->at(0).name, "nvd-2002.json.gz");
  const auto some = ChooseFiles({{"osv", "kev"}, {"Rocky Linux", "npm"}, ""});
  ASSERT_TRUE(some);
  const std::string base = "https://osv-vulnerabilities.storage.googleapis.com/";
  EXPECT_EQ((*some)[0], (FeedFile{"osv", base + "Rocky%20Linux/all.zip", "osv-Rocky_Linux.zip"}));
  EXPECT_EQ((*some)[1], (FeedFile{"osv", base + "npm/all.zip", "osv-npm.zip"}));
  EXPECT_EQ((*some)[2].name, "kev.json");
  const auto mirrored = ChooseFiles({{"osv"}, {"npm"}, "http://mirror.example/feeds/"});
  ASSERT_TRUE(mirrored);
  EXPECT_EQ((*mirrored)[0].url,
            "http://mirror.example/feeds/osv-vulnerabilities.storage.googleapis.com/npm/all.zip");
  const auto given = ChooseFiles({{"osv=https://a.example/x.tar.zst?q=1",
                                   "osv=https://b.example/{}.zip", "kev=http://c.example/kev.json"},
                                  {"npm"},
                                  "http://mirror.example"});
  ASSERT_TRUE(given) << given.error().message;
  EXPECT_TRUE((*given)[0].name.starts_with("osv-")) << (*given)[0].name;
  EXPECT_TRUE((*given)[0].name.ends_with("/x.tar.zst")) << (*given)[0].name;
  EXPECT_EQ((*given)[1], (FeedFile{"osv", "https://b.example/npm.zip", "osv-npm.zip"}));
  EXPECT_EQ((*given)[2].url, "http://c.example/kev.json");
}

TEST(ChooseFilesTest, RefusesWhatCannotBeMeant) {
  for (const FileChoice& choice :
       {FileChoice{{"nvd2"}}, FileChoice{{""}}, FileChoice{{"osv="}},
        FileChoice{{"osv=ftp://a.example/x.zip"}}, FileChoice{{"osv=/a/path.zip"}},
        FileChoice{{"kev=https://a.example/{}.json"}}, FileChoice{{"kev", "kev"}},
        FileChoice{{"osv"}, {"npm", "npm"}}, FileChoice{{}, {}, "mirror.example"}}) {
    const auto files = ChooseFiles(choice);
    ASSERT_FALSE(files);
    EXPECT_EQ(files.error().code, Code::kInvalidArgument);
  }
  const auto climbing = ChooseFiles({{"osv"}, {"../../etc/passwd"}});
  ASSERT_TRUE(climbing);
  EXPECT_EQ((*climbing)[0].name, "osv-.._.._etc_passwd.zip") << "a name, not a path";
}

TEST(ChooseFilesTest, EveryFeedThatTheBuilderKnowsIsPublishedSomewhere) {
  std::set<std::string_view> names, kinds;
  for (const FeedAddress& row : FeedAddresses()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name << " is named twice";
    kinds.insert(row.kind);
  }
  for (const advisories::Feed& feed : advisories::Feeds()) {
    EXPECT_TRUE(kinds.contains(feed.kind)) << feed.kind;
    EXPECT_TRUE(names.contains(feed.kind)) << feed.kind << ": KIND=URL goes by the kind";
  }
}

// An archive of which nothing can be used would be an error.
TEST(ChooseFilesTest, EveryEcosystemOfOsvThatIsFetchedHasAnOrderOfVersions) {
  const auto files = ChooseFiles({{"osv"}});
  ASSERT_TRUE(files) << files.error().message;
  std::set<std::string> seen;
  for (const FeedAddress& row : FeedAddresses()) {
    if (row.name != "osv") continue;
    for (const std::string_view ecosystem : row.parts) {
      EXPECT_TRUE(versions::SchemeForEcosystem(ecosystem)) << ecosystem;
      EXPECT_TRUE(seen.insert(std::string(ecosystem)).second) << ecosystem;
    }
  }
  for (const char* distribution : {"Azure Linux", "openEuler", "Mageia", "Alpaquita",
                                   "BellSoft Hardened Containers", "Echo", "Julia"}) {
    EXPECT_TRUE(seen.contains(distribution)) << distribution;
  }
}

TEST(ChooseFilesTest, FilesAreNamedSoThatTheBuildKnowsWhatTheyAre) {
  struct Row {
    const char* feed;
    const char* url;   // of the first file
    const char* name;  // its end
    Index index = Index::kNone;
  };
  for (const Row& row :
       {Row{"endoflife", "https://endoflife.date/api/v1/products/full", "endoflife.json"},
        Row{"alpine", "https://secdb.alpinelinux.org/edge/main.json", "alpine-edge_main.json"},
        Row{"wolfi", "https://packages.wolfi.dev/os/security.json", "wolfi.json"},
        Row{"photon",
            "https://packages.broadcom.com/photon/photon_cve_metadata/cve_data_photon3.0.json",
            "photon3.0.json"},
        Row{"azure",
            "https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/"
            "azurelinux-3.0-oval.xml",
            "azurelinux-3.0-oval.xml"},
        Row{"redhat-oval",
            "https://security.access.redhat.com/data/oval/v2/RHEL6/"
            "rhel-6-including-unpatched.oval.xml.bz2",
            "redhat-oval-6.xml.bz2"},
        Row{"redhat", "https://security.access.redhat.com/data/csaf/v2/vex/archive_latest.txt",
            "redhat.tar.zst", Index::kName},
        Row{"rocky", "https://dl.rockylinux.org/pub/rocky/8/BaseOS/x86_64/os/repodata/repomd.xml",
            "rocky-8_BaseOS_x86_64.xml.gz", Index::kRepomd},
        Row{"amazon", "https://cdn.amazonlinux.com/al2023/core/mirrors/latest/x86_64/mirror.list",
            "amazon-al2023_core_mirrors_latest_x86_64.xml.gz", Index::kMirrors},
        Row{"photon=https://a.example/mirror/cve_data_photon5.0.json",
            "https://a.example/mirror/cve_data_photon5.0.json", "/cve_data_photon5.0.json"},
        Row{"azure=https://a.example/azurelinux-3.0-oval.xml?v=7",
            "https://a.example/azurelinux-3.0-oval.xml?v=7", "/azurelinux-3.0-oval.xml"},
        Row{"alpine=https://a.example/v3.25/main.json", "https://a.example/v3.25/main.json",
            "/main.json"},
        Row{"endoflife=https://a.example/all", "https://a.example/all", "/all.json"},
        Row{"amazon=https://a.example/repodata/updateinfo.xml.gz",
            "https://a.example/repodata/updateinfo.xml.gz", "/updateinfo.xml.gz"},
        Row{"redhat=https://a.example/vex.tar.zst", "https://a.example/vex.tar.zst",
            "/vex.tar.zst"},
        Row{"kev=https://a.example/x/..hidden", "https://a.example/x/..hidden", "/_..hidden"}}) {
    const auto files = ChooseFiles({{row.feed}});
    ASSERT_TRUE(files) << row.feed << ": " << files.error().message;
    EXPECT_EQ(files->at(0).url, row.url) << row.feed;
    EXPECT_TRUE(files->at(0).name.ends_with(row.name)) << row.feed << ": " << files->at(0).name;
    EXPECT_EQ(files->at(0).index, row.index) << row.feed;
  }
}

}  // namespace
}  // namespace landwaiter::updates
