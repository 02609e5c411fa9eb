// Arch Linux and Photon OS, and what the parts of one advisory become.
#include <gtest/gtest.h>

#include "tests/unit/scanner/advisories/collected.h"
#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::advisories {
namespace {

std::string Group(const std::string& status, const std::string& fixed) {
  return R"([{"name":"AVG-1","packages":["glibc","lib32-glibc"],"affected":"2.38-1","fixed":)" +
         fixed + R"(,"severity":"High","status":")" + status + R"(","issues":["CVE-2023-4911"]}])";
}

TEST(ArchTest, GroupsAreWhatTheirStatusSays) {
  CheckFeed(
      "arch",
      {{"fixed",
        "all.json",
        Group("Fixed", "\"2.38-2\""),
        {"AVG-1 Arch Linux glibc <2.38-2", "AVG-1 Arch Linux lib32-glibc <2.38-2"}},
       {"vulnerable",
        "all.json",
        Group("Vulnerable", "null"),
        {"AVG-1 Arch Linux glibc *", "AVG-1 Arch Linux lib32-glibc *"}},
       {"not affected is a statement",
        "all.json",
        Group("Not affected", "null"),
        {"AVG-1 Arch Linux glibc not affected *", "AVG-1 Arch Linux lib32-glibc not affected *"}},
       {"unknown says nothing", "all.json", Group("Unknown", "null"), {}},
       {"a group without a name is left out and named",
        "all.json",
        R"([{"packages":[]},{"name":"AVG-2","status":"Fixed","packages":"x"}])",
        {},
        {"group 1: field name: is missing", "group 2: field packages"}},
       {"packages and issues are told sorted, each once, and a name that is none is named",
        "all.json",
        R"([{"name":"AVG-3","status":"Fixed","packages":["b","a","b"],"fixed":"2-1",)"
        R"("issues":["CVE-2023-0002","CVE-2023-0001"]},)"
        R"({"name":"AVG-4","status":"Fixed","packages":["a"],"fixed":"2-1","issues":["a b\n"]}])",
        {"AVG-3 Arch Linux a <2-1", "AVG-3 Arch Linux b <2-1"},
        {"group 2: field issues[0]"}}});
  CheckRefused("arch", "all.json", {{"{}", "an array"}, {"", "breaks off"}, {"[}", "end"}});
  CheckCuts("arch", "all.json", Group("Fixed", "\"2.38-2\""));
}

// Pitfall 107: ids that are none (BDSA) are left out.
TEST(PhotonTest, PitfallEntriesAreReadByCveAndTheReleaseByTheFilesName) {
  const std::string json =
      R"([{"cve_id":"CVE-2023-38545","pkg":"curl","cve_score":9.8,"res_ver":"7.88.1-4.ph4",)"
      R"("status":"Fixed"},{"cve_id":"CVE-2023-44487","pkg":"httpd","cve_score":7.5,)"
      R"("res_ver":"NA","status":"Not Affected"},{"cve_id":"CVE-2023-50447","pkg":"python3",)"
      R"("cve_score":null,"res_ver":"NA","status":"Fixed"},{"cve_id":"BDSA-2025-0719",)"
      R"("pkg":"krb5","res_ver":"1.17-15.ph4"},{"cve_id":"CVE-2023-0001","res_ver":"1-1"}])";
  CheckFeed("photon",
            {{"fixed and not affected",
              "cve_data_photon4.0.json",
              json,
              {"PHOTON-CVE-2023-38545 Photon OS:4.0 curl <7.88.1-4.ph4 Critical of source",
               "PHOTON-CVE-2023-44487 Photon OS:4.0 httpd not affected * of source"},
              {"entry 5: field pkg: is missing"}}});
  CheckRefused("photon", "all.json", {{json, "tells no release"}});
  CheckRefused("photon", "cve_data_photon4.0.json", {{"{}", "an array"}});
}

TEST(OtherFeedsTest, TheSharedFilesAreRead) {
  const std::string data = SharedTestData();
  if (data.empty()) GTEST_SKIP() << "no shared test data; set LANDWAITER_TESTDATA";
  const TemporaryFolder folder;
  const std::string samples = data + "/feeds/samples/";
  BuildOptions options;
  options.output = folder.Path("db");
  options.feeds = {{"arch", samples + "arch-avg/all.json"},
                   {"photon", samples + "photon"},
                   {"osv", samples + "chainguard-osv"}};
  const auto info = BuildDatabase(options, {});
  ASSERT_TRUE(info.has_value()) << info.error().message;
  const auto database = AdvisoryDatabase::Open(folder.Path("db"));
  ASSERT_TRUE(database.has_value());
  EXPECT_EQ((*database)->Lookup("Arch Linux", "openssl")->size(), 1u);
  EXPECT_EQ((*database)->Lookup("Photon OS:3.0", "apache-tomcat")->size(), 2u);
  EXPECT_EQ((*database)->Lookup("Photon OS:4.0", "curl")->size(), 2u);
  EXPECT_FALSE((*database)->Lookup("Chainguard", "haproxy-2.2")->empty());
  EXPECT_FALSE((*database)->Lookup("Wolfi", "haproxy-3.0")->empty());
}

TEST(PartsTest, PartsAreOneAdvisoryAndGoBeforeTheWholeRecord) {
  const TemporaryFolder folder;
  const auto tracker = [&](const std::string& name, const std::string& package) {
    return folder.Write(name, "{\"" + package +
                                  R"(":{"CVE-2023-0001":{"releases":{"bookworm":)"
                                  R"({"status":"resolved","fixed_version":"2-1"}}}}})");
  };
  BuildOptions options = BuildFrom(
      folder, {OsvRecord("DEBIAN-CVE-2023-0001", "Debian:12", "a").Introduced("0").Fixed("1-1"),
               OsvRecord("DEBIAN-CVE-2023-0002", "Debian:12", "c").Introduced("0")});
  options.feeds.push_back({"debian", tracker("one.json", "a")});
  options.feeds.push_back({"debian", tracker("two.json", "b")});
  const auto info = BuildDatabase(options, {});
  ASSERT_TRUE(info.has_value()) << info.error().message;
  EXPECT_EQ(info->advisories, 2u);
  const auto database = AdvisoryDatabase::Open(folder.Path("db"));
  ASSERT_TRUE(database.has_value());
  const auto a = (*database)->Lookup("Debian:12", "a");
  ASSERT_EQ(a->size(), 1u);
  ASSERT_EQ(a->at(0).ranges.size(), 1u) << "the tracker's word replaces the record's";
  EXPECT_EQ(Text(a->at(0).ranges[0]), "<2-1");
  EXPECT_EQ((*database)->Lookup("Debian:12", "b")->size(), 1u);
  EXPECT_EQ((*database)->Lookup("Debian:12", "c")->size(), 1u);
}

TEST(PartsTest, VexAddsToWhatTheRecordSaysAndTakesNoFixAway) {
  const TemporaryFolder folder;
  BuildOptions options = BuildFrom(
      folder,
      {OsvRecord("UBUNTU-CVE-2023-0001", "Ubuntu:22.04:LTS", "curl").Introduced("0").Fixed("2-1")});
  options.feeds.push_back(
      {"ubuntu-vex",
       folder.Write("vex.json",
                    R"({"statements":[{"vulnerability":{"name":"CVE-2023-0001"},)"
                    R"("status":"fixed","products":[)"
                    R"({"@id":"pkg:deb/ubuntu/curl@3-1?arch=source&distro=jammy"}]}]})")});
  ASSERT_TRUE(BuildDatabase(options, {}).has_value());
  const auto database = AdvisoryDatabase::Open(folder.Path("db"));
  ASSERT_TRUE(database.has_value());
  const auto rows = (*database)->Lookup("Ubuntu:22.04:LTS", "curl");
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ(rows->at(0).claim, Claim::kAffected);
  EXPECT_EQ(Text(rows->at(0).ranges[0]), "<2-1");
  EXPECT_EQ(rows->at(1).claim, Claim::kNotAffected);
  EXPECT_EQ(Text(rows->at(1).ranges[0]), ">=3-1");
}

}  // namespace
}  // namespace landwaiter::advisories
