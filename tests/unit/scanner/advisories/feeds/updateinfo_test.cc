// updateinfo.xml of Amazon Linux, Rocky Linux and AlmaLinux.
#include <gtest/gtest.h>

#include "tests/unit/scanner/advisories/collected.h"
#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::advisories {
namespace {

struct Erratum {
  std::string id;
  std::string type = "security";
  std::string collection;
  std::string packages;
  std::string cve = "CVE-2023-0001";
};

std::string Updates(const std::vector<Erratum>& errata) {
  std::string xml = "<?xml version=\"1.0\"?>\n<updates>";
  for (const Erratum& e : errata) {
    xml += "<update type=\"" + e.type + "\"><id>" + e.id +
           "</id><title>Important: an update</title><issued date=\"2023-02-17 20:41\"/>"
           "<severity>important</severity><description>a &lt; b</description><references>" +
           (e.cve.empty() ? "" : "<reference id=\"" + e.cve + "\" type=\"cve\"/>") +
           "<reference href=\"https://example.com/x\" type=\"self\"/></references><pkglist>"
           "<collection short=\"x\">" +
           e.collection + e.packages + "</collection></pkglist></update>";
  }
  return xml + "</updates>";
}
std::string Named(const std::string& name) { return "<name>" + name + "</name>"; }
std::string Rpm(const std::string& name, const std::string& evr, const std::string& arch) {
  const std::size_t colon = evr.find(':');
  const std::size_t dash = evr.find('-');
  return "<package name=\"" + name + "\" epoch=\"" + evr.substr(0, colon) + "\" version=\"" +
         evr.substr(colon + 1, dash - colon - 1) + "\" release=\"" + evr.substr(dash + 1) +
         "\" arch=\"" + arch + "\"><filename>f.rpm</filename></package>";
}

// Pitfall 104: releases by id, extras and live patches apart.
TEST(UpdateinfoTest, PitfallAmazonReleasesAndExtrasAreToldByTheAdvisorysId) {
  const std::string rpms = Rpm("curl", "0:8.0-1.amzn2", "x86_64");
  CheckFeed("amazon",
            {{"core advisories of each release",
              "updateinfo.xml",
              Updates({{"ALAS-2018-942", "security", "", rpms},
                       {"ALAS2-2018-942", "security", "", rpms},
                       {"ALAS2023-2023-001", "security", "", rpms}}),
              {"ALAS-2018-942 Amazon Linux:1 curl <8.0-1.amzn2",
               "ALAS2-2018-942 Amazon Linux:2 curl <8.0-1.amzn2",
               "ALAS2023-2023-001 Amazon Linux:2023 curl <8.0-1.amzn2"}},
             {"extras and live patches stand apart, with the release in their id or not",
              "updateinfo.xml",
              Updates({{"ALASDOCKER-2021-001", "security", "", rpms},
                       {"ALAS2DOCKER-2021-001", "security", "", rpms},
                       {"ALAS2LIVEPATCH-2021-001", "security", "", rpms},
                       {"ALAS2023LIVEPATCH-2023-001", "security", "", rpms}}),
              {"ALAS2023LIVEPATCH-2023-001 Amazon Linux:2023:extras curl <8.0-1.amzn2",
               "ALAS2DOCKER-2021-001 Amazon Linux:2:extras curl <8.0-1.amzn2",
               "ALAS2LIVEPATCH-2021-001 Amazon Linux:2:extras curl <8.0-1.amzn2",
               "ALASDOCKER-2021-001 Amazon Linux:2:extras curl <8.0-1.amzn2"}},
             {"a topic's number is the first version that it speaks of, where the fix begins so",
              "updateinfo.xml",
              Updates({{"ALASKERNEL-5.10-2024-049", "security", "",
                        Rpm("kernel", "0:5.10.209-198.812.amzn2", "x86_64") +
                            Rpm("kernel-livepatch", "0:1.0-1.amzn2", "x86_64") +
                            Rpm("other", "0:5.100-1.amzn2", "x86_64")},
                       {"ALASPHP8.2-2023-001", "security", "",
                        Rpm("php", "0:8.2.9-1.amzn2", "x86_64") +
                            Rpm("php-pear", "1:1.10.12-2.amzn2", "noarch")},
                       {"ALASMARIADB10.5-2023-001", "security", "",
                        Rpm("mariadb", "3:10.5.18-1.amzn2", "x86_64")},
                       {"ALASMATE-DESKTOP1.X-2023-001", "security", "",
                        Rpm("mate", "0:1.19-1.amzn2", "x86_64")},
                       {"ALASODD8.-2023-001", "security", "", Rpm("odd", "0:8.1-1", "x86_64")}}),
              {"ALASKERNEL-5.10-2024-049 Amazon Linux:2:extras kernel >=5.10 "
               "<5.10.209-198.812.amzn2",
               "ALASKERNEL-5.10-2024-049 Amazon Linux:2:extras kernel-livepatch <1.0-1.amzn2",
               "ALASKERNEL-5.10-2024-049 Amazon Linux:2:extras other <5.100-1.amzn2",
               "ALASMARIADB10.5-2023-001 Amazon Linux:2:extras mariadb >=3:10.5 "
               "<3:10.5.18-1.amzn2",
               "ALASMATE-DESKTOP1.X-2023-001 Amazon Linux:2:extras mate <1.19-1.amzn2",
               "ALASODD8.-2023-001 Amazon Linux:2:extras odd <8.1-1",
               "ALASPHP8.2-2023-001 Amazon Linux:2:extras php >=8.2 <8.2.9-1.amzn2",
               "ALASPHP8.2-2023-001 Amazon Linux:2:extras php-pear <1:1.10.12-2.amzn2"}},
             {"ids that are none of Amazon's are left out",
              "updateinfo.xml",
              Updates({{"ALAS2", "security", "", rpms},
                       {"ALAS3-2018-942", "security", "", rpms},
                       {"ALAS20231-2018-942", "security", "", rpms},
                       {"ALAS2-2018", "security", "", rpms},
                       {"ALAS2-2018-x", "security", "", rpms},
                       {"RHSA-2018-942", "security", "", rpms}}),
              {}},
             {"an epoch other than 0 is part of the version",
              "updateinfo.xml",
              Updates({{"ALAS2-2018-942", "security", "",
                        Rpm("qemu-img", "10:1.5.3-141.amzn2", "x86_64")}}),
              {"ALAS2-2018-942 Amazon Linux:2 qemu-img <10:1.5.3-141.amzn2"}},
             {"a bug fix that names no CVE is no finding",
              "updateinfo.xml",
              Updates({{"ALAS2-2018-942", "bugfix", "", rpms, ""}}),
              {}},
             {"an update without an id is left out and named",
              "updateinfo.xml",
              Updates({{"", "security", "", rpms}, {"ALAS2-2018-942", "security", "", rpms}}),
              {"ALAS2-2018-942 Amazon Linux:2 curl <8.0-1.amzn2"},
              {"has no id"}}});
}

// Pitfall 98: advisories of one architecture.
TEST(UpdateinfoTest, PitfallArchitecturesCountOnlyWhereTheyDiffer) {
  CheckFeed("rocky", {{"one version for all is for all",
                       "updateinfo.xml",
                       Updates({{"RLSA-2021:1", "security", Named("Rocky Linux 8"),
                                 Rpm("lz4", "0:1.8.3-3.el8_4", "x86_64") +
                                     Rpm("lz4", "0:1.8.3-3.el8_4", "aarch64") +
                                     Rpm("lz4", "0:1.8.3-3.el8_4", "src")}}),
                       {"RLSA-2021:1 Rocky Linux:8 lz4 <1.8.3-3.el8_4"}},
                      {"two versions are kept apart",
                       "updateinfo.xml",
                       Updates({{"RLSA-2021:1", "security", Named("Rocky Linux 8"),
                                 Rpm("lz4", "0:1.8.3-3.el8_4", "x86_64") +
                                     Rpm("lz4", "0:1.8.3-4.el8_4", "aarch64")}}),
                       {"RLSA-2021:1 Rocky Linux:8 lz4 <1.8.3-3.el8_4 arch=x86_64",
                        "RLSA-2021:1 Rocky Linux:8 lz4 <1.8.3-4.el8_4 arch=aarch64"}}});
}

// Pitfall 95: module streams.
TEST(UpdateinfoTest, ModuleStreamsAndReleasesComeFromTheCollection) {
  const std::string module = "<module name=\"nodejs\" stream=\"14\" version=\"1\" context=\"2\"/>";
  CheckFeed("alma",
            {{"the repository names the release",
              "updateinfo.xml",
              Updates({{"ALSA-2021:1", "security",
                        Named("almalinux-8-for-x86_64-appstream-rpms__8_0_default") + module,
                        Rpm("nodejs", "1:14.1-1.module_el8", "x86_64")}}),
              {"ALSA-2021:1 AlmaLinux:8 nodejs <1:14.1-1.module_el8 module=nodejs:14"}}});
}

TEST(UpdateinfoTest, AnUpdateKeepsItsCvesSeverityAndDate) {
  Collected collected;
  ASSERT_TRUE(ReadFeed("amazon", "updateinfo.xml",
                       Updates({{"ALAS2-2018-942", "security", "",
                                 Rpm("curl", "0:8.0-1.amzn2", "x86_64")}}),
                       collected)
                  .has_value());
  ASSERT_EQ(collected.records.size(), 1u);
  const Advisory& advisory = collected.records[0].advisory;
  EXPECT_EQ(advisory.upstream, std::vector<std::string>{"CVE-2023-0001"});
  EXPECT_EQ(advisory.severity.severity, Severity::kHigh);
  EXPECT_EQ(advisory.severity.source, "Amazon Linux errata");
  EXPECT_EQ(advisory.published, "2023-02-17T20:41:00Z");
  EXPECT_EQ(advisory.url, "https://example.com/x");
}

TEST(UpdateinfoTest, WhatIsNoUpdateinfoIsRefusedAndACutOneToo) {
  CheckRefused("amazon", "updateinfo.xml",
               {{"", "breaks off"},
                {"<other/>", "has no <updates>"},
                {"<updates><update></updates>", "is not XML"},
                {"<!DOCTYPE updates [<!ENTITY a \"b\">]><updates>&a;</updates>",
                 "document type declaration"}});
  CheckCuts("amazon", "updateinfo.xml",
            Updates({{"ALAS2-2018-942", "security", "", Rpm("curl", "0:8.0-1.amzn2", "x86_64")}}));
}

TEST(UpdateinfoTest, TheSharedFilesAreRead) {
  const std::string data = SharedTestData();
  if (data.empty()) GTEST_SKIP() << "no shared test data; set LANDWAITER_TESTDATA";
  const TemporaryFolder folder;
  BuildOptions options;
  options.output = folder.Path("db");
  const std::string samples = data + "/feeds/samples/";
  options.feeds = {{"amazon", samples + "amazon-updateinfo/updateinfo_2_items.xml.gz"},
                   {"amazon", samples + "amazon-updateinfo/updateinfo_AL2023.xml.gz"},
                   {"rocky", samples + "rocky-errata/updateinfo.xml"},
                   {"osv", samples + "rocky-osv"},
                   {"osv", samples + "alma-osv"}};
  const auto info = BuildDatabase(options, {});
  ASSERT_TRUE(info.has_value()) << info.error().message;
  const auto database = AdvisoryDatabase::Open(folder.Path("db"));
  ASSERT_TRUE(database.has_value());
  const auto qemu = (*database)->Lookup("Amazon Linux:2", "qemu-img");
  ASSERT_EQ(qemu->size(), 1u);
  EXPECT_EQ(Text(qemu->at(0).ranges[0]), "<10:1.5.3-141.amzn2.5.3");
  EXPECT_EQ((*database)->Lookup("Amazon Linux:2023", "rsyslog")->size(), 1u);
  EXPECT_EQ((*database)->GetAdvisory("ALAS2023-2023-001")->upstream,
            (std::vector<std::string>{"CVE-2014-3634", "CVE-2022-24903"}));
  EXPECT_EQ(Text((*database)->Lookup("Rocky Linux:8", "lz4")->at(0).ranges[0]), "<1.8.3-3.el8_4");
  EXPECT_TRUE((*database)->Lookup("Rocky Linux:8", "firewalld")->empty()) << "a bug fix";
  const auto ruby = (*database)->Lookup("Rocky Linux:9", "ruby");
  ASSERT_EQ(ruby->size(), 1u);
  EXPECT_EQ(ruby->at(0).module, "ruby:3.3");
  EXPECT_TRUE(ruby->at(0).of_source) << "Rocky's OSV records name source packages";
}

}  // namespace
}  // namespace landwaiter::advisories
