// OVAL of Oracle, SUSE, Azure Linux and Red Hat.
#include <gtest/gtest.h>

#include "tests/unit/scanner/advisories/collected.h"
#include "tests/unit/scanner/advisories/feed_folder.h"
#include "tests/unit/scanner/advisories/oval_document.h"

namespace landwaiter::advisories {
namespace {

class OracleTest : public testing::Test {
 protected:
  std::string Release(const std::string& version) {
    return oval_.Test("oraclelinux-release", "<red:version>^" + version + "</red:version>",
                      "Oracle Linux is installed");
  }
  std::string Arch(const std::string& arch) {
    return oval_.Test("oraclelinux-release", "<red:arch>" + arch + "</red:arch>", "arch is");
  }
  std::string Read(const std::string& criteria) {
    return oval_
        .Definition("patch",
                    "<title>ELSA-2021-1: openssl (IMPORTANT)</title>" +
                        Reference("elsa", "ELSA-2021-1") + Reference("CVE", "CVE-2021-3449") +
                        "<advisory><severity>IMPORTANT</severity></advisory>",
                    criteria)
        .Xml();
  }
  OvalDocument oval_;
};

// Pitfall 105: Ksplice and FIPS builds.
TEST_F(OracleTest, PitfallFlavoursAreEcosystemsOfTheirOwn) {
  const std::string xml =
      Read(And(Release("8") + Or(And(oval_.Earlier("openssl", "2:1.1.1g-15.el8_3")) +
                                 And(oval_.Earlier("openssl", "2:1.1.1g-15.ksplice1.el8_3")) +
                                 And(oval_.Earlier("openssl", "10:1.1.1g-15.el8_fips")))));
  CheckFeed("oracle",
            {{"Ksplice and FIPS stand apart",
              "o.xml",
              xml,
              {"ELSA-2021-1 Oracle Linux:8 openssl <2:1.1.1g-15.el8_3",
               "ELSA-2021-1 Oracle Linux:8:fips openssl <10:1.1.1g-15.el8_fips",
               "ELSA-2021-1 Oracle Linux:8:ksplice openssl <2:1.1.1g-15.ksplice1.el8_3"}}});
}

// Pitfall 98: advisories of one architecture.
TEST_F(OracleTest, PitfallArchitecturesThatAdvisoriesNameAreKept) {
  const std::string both = oval_.Earlier("curl", "0:7-1.el8");
  const std::string one = oval_.Earlier("kernel", "0:5-1.el8");
  const std::string xml =
      Read(And(Release("8") + Or(And(Arch("aarch64") + Or(And(both) + And(one))) +
                                 And(Arch("x86_64") + Or(And(both))))));
  CheckFeed("oracle", {{"what both have is for all",
                        "o.xml",
                        xml,
                        {"ELSA-2021-1 Oracle Linux:8 curl <0:7-1.el8",
                         "ELSA-2021-1 Oracle Linux:8 kernel <0:5-1.el8 arch=aarch64"}}});
}

// Pitfall 95: module streams.
TEST_F(OracleTest, PitfallModuleStreamsComeFromTheirCondition) {
  const auto enabled = [&](const std::string& stream) {
    return oval_.Test("", "", "Module container-tools:" + stream + " is enabled");
  };
  const std::string xml = Read(
      And(Release("8") +
          Or(And(enabled("ol8") + oval_.Earlier("runc", "0:1-55.module+el8.0.0+5215+77f672ad")) +
             And(enabled("2.0") + oval_.Earlier("runc", "0:1-60.module+el8.2.0+5216+88f672ad")) +
             And(oval_.Earlier("podman", "0:1-2.module+el8.0.0+5215+77f672ad")) +
             And(oval_.Earlier("curl", "0:7-1.el8")))));
  CheckFeed("oracle",
            {{"a stream that is named, one that is not, and no module",
              "o.xml",
              xml,
              {"ELSA-2021-1 Oracle Linux:8 curl <0:7-1.el8",
               "ELSA-2021-1 Oracle Linux:8 podman <0:1-2.module+el8.0.0+5215+77f672ad module=*",
               "ELSA-2021-1 Oracle Linux:8 runc <0:1-55.module+el8.0.0+5215+77f672ad "
               "module=container-tools:ol8",
               "ELSA-2021-1 Oracle Linux:8 runc <0:1-60.module+el8.2.0+5216+88f672ad "
               "module=container-tools:2.0"}}});
}

TEST_F(OracleTest, AnErratumNamesItsCvesAndItsSeverity) {
  Collected collected;
  ASSERT_TRUE(ReadFeed("oracle", "o.xml",
                       Read(And(Release("8") + oval_.Earlier("curl", "0:7-1.el8"))), collected)
                  .has_value());
  ASSERT_EQ(collected.records.size(), 1u);
  EXPECT_EQ(collected.records[0].advisory.upstream, std::vector<std::string>{"CVE-2021-3449"});
  EXPECT_EQ(collected.records[0].advisory.severity.severity, Severity::kHigh);
}

TEST_F(OracleTest, CriteriaThatMultiplyAreRefusedAndNotExpanded) {
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += oval_.Earlier("p" + std::to_string(i), "0:1-1");
  const std::string xml = Read(And(Or(wide) + Or(wide) + Or(wide) + Or(wide)));
  CheckFeed("oracle", {{"10^8 cases", "o.xml", xml, {}, {"more than 200000 cases"}}});
}

// Pitfall 106: many products share one base.
TEST(SuseOvalTest, ProductsAreEcosystemsAndStatesAreKept) {
  OvalDocument oval;
  const auto product = [&](const std::string& name) {
    return oval.Test("sles-release", "<red:version>15</red:version>", name + " is installed");
  };
  const std::string criteria =
      Or(And(product("SUSE Linux Enterprise Server 15 SP1-LTSS") +
             Or(oval.Earlier("kernel-default", "0:4.12.14-197.89.2",
                             "kernel-default-4.12.14-197.89.2 is installed"))) +
         And(Or(product("SUSE Linux Enterprise Module for Basesystem 15") +
                product("openSUSE Leap 15.3")) +
             Or(oval.Test("kernel-source", "", "kernel-source is not affected") +
                oval.Test("kernel-docs", "", "kernel-docs is affected"))));
  const std::string xml =
      oval.Definition("vulnerability", "<title>CVE-2021-29154</title>", criteria)
          .Definition("patch", "<title>SUSE-SU-1</title>", criteria)
          .Definition("vulnerability", "<title>no CVE</title>", criteria)
          .Xml();
  const std::string id = "SUSE-CVE-2021-29154 ";
  CheckFeed("suse",
            {{"fixed, affected, not affected, each for its products",
              "suse.xml",
              xml,
              {id + "SUSE:Linux Enterprise Module for Basesystem 15 kernel-docs *",
               id + "SUSE:Linux Enterprise Module for Basesystem 15 kernel-source not affected *",
               id + "SUSE:Linux Enterprise Server 15 SP1-LTSS kernel-default <0:4.12.14-197.89.2",
               id + "openSUSE:Leap 15.3 kernel-docs *",
               id + "openSUSE:Leap 15.3 kernel-source not affected *"},
              {"its title names no CVE"}}});
}

// Pitfall 107: Mariner was renamed.
TEST(AzureOvalTest, ReleasesComeFromTheNameOfTheFileAndRangesFromTheStates) {
  OvalDocument oval;
  const auto metadata = [](const std::string& number) {
    return "<title>CVE-2023-29404 affecting golang</title>" + Reference("CVE", "CVE-2023-29404") +
           "<advisory_id>" + number + "-1</advisory_id><severity>Critical</severity>";
  };
  const std::string greater =
      oval.Test("golang", "<red:evr operation=\"greater than\">0:1.19.0.cm2</red:evr>", "greater");
  const std::string up_to = oval.Test(
      "glibc", "<red:evr operation=\"less than or equal\">0:2.35-4.cm2</red:evr>", "or earlier");
  const std::string odd =
      oval.Test("odd", "<red:evr operation=\"equals\">0:1-1</red:evr>", "equals");
  const std::string xml = oval.Definition("vulnerability", metadata("44771"),
                                          And(oval.Earlier("golang", "0:1.20.7-1.cm2") + greater))
                              .Definition("vulnerability", metadata("13348"), And(up_to))
                              .Definition("vulnerability", metadata("1"), And(odd))
                              .Xml();
  CheckFeed("azure", {{"Mariner 2 is Azure Linux 2, as in OSV",
                       "cbl-mariner-2.0-oval.xml",
                       xml,
                       {"AZL-13348 Azure Linux:2 glibc <=0:2.35-4.cm2",
                        "AZL-44771 Azure Linux:2 golang >=0:1.19.0.cm2 <0:1.20.7-1.cm2"},
                       {"compares by \"equals\""}}});
  Collected collected;
  const Status unnamed = ReadFeed("azure", "oval.xml", xml, collected);
  ASSERT_FALSE(unnamed.has_value());
  EXPECT_NE(unnamed.error().message.find("tells no release"), std::string::npos);
}

// Pitfalls 95, 100: modules; unfixed and unaffected components.
TEST(RedHatOvalTest, ErrataUnfixedAndUnaffectedComponentsAreTold) {
  OvalDocument oval;
  const std::string release = oval.Test("", "", "Red Hat Enterprise Linux 8 is installed");
  const std::string module = oval.Test("", "", "Module nodejs:16 is enabled");
  const std::string xml =
      oval.Definition("patch",
                      "<title>RHSA-2021:1: nodejs (Important)</title>" +
                          Reference("RHSA", "RHSA-2021:1") + Reference("CVE", "CVE-2021-0001") +
                          "<advisory><severity>Important</severity><affected_cpe_list>"
                          "<cpe>cpe:/a:redhat:enterprise_linux:8</cpe>"
                          "<cpe>cpe:/a:redhat:enterprise_linux:8::appstream</cpe>"
                          "</affected_cpe_list></advisory>",
                      And(release + module + oval.Earlier("nodejs", "1:16.1-1.module+el8")))
          .Definition("vulnerability",
                      "<title>CVE-2021-0002 ansible: bad (moderate)</title><affected>"
                      "<resolution state=\"Will not fix\"><component>ansible</component>"
                      "</resolution></affected>",
                      And(release + oval.Test("ansible", "", "ansible is installed")))
          .Definition("vulnerability", "<title>Unaffected components for: CVE-2021-0003 x</title>",
                      And(release + oval.Test("ipsec", "", "ipsec is installed") +
                          oval.Test("ipsec", "", "ipsec is not installed",
                                    "check_existence=\"none_exist\"")))
          .Definition("patch",
                      "<title>RHBA-2021:2: a bug</title>" + Reference("RHBA", "RHBA-2021:2"),
                      And(release + oval.Earlier("curl", "0:7-1.el8")))
          .Xml();
  CheckFeed(
      "redhat-oval",
      {{"a bug fix without a CVE is no finding",
        "rhel-8.oval.xml",
        xml,
        {"REDHAT-CVE-2021-0002 Red Hat:enterprise_linux:8 ansible * WillNotFix",
         "REDHAT-CVE-2021-0003 Red Hat:enterprise_linux:8 ipsec not affected *",
         "RHSA-2021:1 Red Hat:enterprise_linux:8 nodejs <1:16.1-1.module+el8 module=nodejs:16",
         "RHSA-2021:1 Red Hat:enterprise_linux:8::appstream nodejs <1:16.1-1.module+el8 "
         "module=nodejs:16"}}});
}

TEST(OvalTest, HostileDocumentsAreRefused) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<criteria>";
  for (const char* kind : {"oracle", "suse", "azure", "redhat-oval"}) {
    CheckRefused(kind, "x-3.0.xml",
                 {{"", "breaks off"},
                  {"<a/>", "has no <oval_definitions>"},
                  {"<oval_definitions><definition><definition/></definition></oval_definitions>",
                   "a definition within another"},
                  {"<oval_definitions><definition>" + deep, "nested deeper than 64"},
                  {"<!DOCTYPE a><oval_definitions/>", "document type declaration"},
                  {"<oval_definitions", "breaks off"},
                  {"<oval_definitions>" + std::string(3u << 20, ' ') + "<a b=\"" +
                       std::string(3u << 20, 'x') + "\"/></oval_definitions>",
                   "more than 1048576 bytes"}});
  }
  OvalDocument oval;
  const std::string xml =
      oval.Definition("patch", Reference("elsa", "ELSA-1"), And(oval.Earlier("a", "0:1-1"))).Xml();
  CheckCuts("oracle", "o.xml", xml);
}

TEST(OvalTest, TestsThatAreNotInTheDocumentAreBrokenAndNotSilent) {
  const std::string xml =
      "<oval_definitions><definitions><definition id=\"d\" class=\"patch\"><metadata>" +
      Reference("elsa", "ELSA-1") +
      "</metadata><criteria><criterion test_ref=\"nowhere\"/><criterion/></criteria></definition>"
      "</definitions><tests><rpminfo_test id=\"t\"><object object_ref=\"o\"/><state "
      "state_ref=\"s\"/></rpminfo_test></tests></oval_definitions>";
  CheckFeed("oracle", {{"nowhere", "o.xml", xml, {}, {"test \"nowhere\" is not in the document"}}});
}

TEST(OvalTest, TheSharedFilesAreRead) {
  const std::string data = SharedTestData();
  if (data.empty()) GTEST_SKIP() << "no shared test data; set LANDWAITER_TESTDATA";
  const TemporaryFolder folder;
  const std::string samples = data + "/feeds/samples/";
  BuildOptions options;
  options.output = folder.Path("db");
  options.keep_going = true;
  std::size_t broken = 0;
  options.on_broken = [&](const Error& error) {
    ++broken;
    EXPECT_NE(error.message.find("is not in the document"), std::string::npos) << error.message;
  };
  options.feeds = {
      {"oracle", samples + "oracle-oval"},
      {"suse", samples + "suse-oval/suse_truncated.xml"},
      {"azure", samples + "azurelinux-oval"},
      {"redhat-oval", samples + "redhat-oval-v2"},
  };
  const auto info = BuildDatabase(options, {});
  ASSERT_TRUE(info.has_value()) << info.error().message;
  const auto database = AdvisoryDatabase::Open(folder.Path("db"));
  ASSERT_TRUE(database.has_value());
  const auto first = [&](const char* ecosystem, const char* package) {
    const auto rows = (*database)->Lookup(ecosystem, package);
    EXPECT_TRUE(rows.has_value() && !rows->empty()) << ecosystem << " " << package;
    return rows && !rows->empty() ? Text(rows->at(0).ranges[0]) : "";
  };
  EXPECT_EQ(first("Oracle Linux:8:ksplice", "openssl"), "<2:1.1.1g-15.ksplice1.el8_3");
  EXPECT_EQ(first("Oracle Linux:5", "kernel"), "<0:2.6.18-419.0.0.0.10.el5");
  EXPECT_GT(broken, 0u) << "two of Oracle's samples and one of SUSE's definitions are cut";
  const auto unaffected =
      (*database)->Lookup("SUSE:Linux Enterprise Server 15", "python3-cryptography");
  ASSERT_FALSE(unaffected->empty());
  EXPECT_EQ(unaffected->at(0).claim, Claim::kNotAffected);
  EXPECT_EQ(first("Azure Linux:3", "ceph"), "<0:18.2.1-1.azl3");
  EXPECT_EQ(first("Azure Linux:2", "glibc"), "<=0:2.35-4.cm2");
  EXPECT_EQ(first("Red Hat:enterprise_linux:8", "ansible"), "*");
  const auto libreswan = (*database)->Lookup("Red Hat:enterprise_linux:6", "libreswan");
  for (const Affected& row : *libreswan) {
    EXPECT_EQ(row.claim,
              row.advisory == "REDHAT-CVE-2016-5391" ? Claim::kNotAffected : Claim::kAffected)
        << row.advisory;
  }
  EXPECT_EQ(libreswan->size(), 3u);
}

}  // namespace
}  // namespace landwaiter::advisories
