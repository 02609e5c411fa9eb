// Whether the feeds of a release list what has no fix, which decides what no finding means.
#include <gtest/gtest.h>

#include "tests/unit/scanner/advisories/oval_document.h"
#include "tests/unit/scanner/matching/state_database.h"
#include "tests/unit/scanner/matching/states.h"

namespace landwaiter::matching {
namespace {

using advisories::And;
using advisories::OvalDocument;
using advisories::Reference;

std::string SuseOval(const std::string& product) {
  OvalDocument oval;
  const std::string criteria = And(oval.Test("release", "", product + " is installed") +
                                   oval.Test("other", "", "other is affected"));
  return oval.Definition("vulnerability", "<title>CVE-2023-0009</title>", criteria).Xml();
}

std::string AzureOval() {
  OvalDocument oval;
  const std::string criteria =
      And(oval.Test("other", "<red:evr operation=\"less than or equal\">0:2-1</red:evr>", "x"));
  return oval
      .Definition("vulnerability", "<title>CVE-2023-0001</title><advisory_id>9-1</advisory_id>",
                  criteria)
      .Xml();
}

enum class RedHatFile { kErrata, kErrataAndUnaffected, kIncludingUnpatched };
std::string RedHatOval(RedHatFile file) {
  const std::string cpes =
      "<advisory><affected_cpe_list><cpe>cpe:/o:redhat:enterprise_linux:9</cpe>"
      "</affected_cpe_list></advisory>";
  OvalDocument oval;
  oval.Definition("patch",
                  "<title>RHSA-2023:1: other</title>" + Reference("RHSA", "RHSA-2023:1") +
                      Reference("CVE", "CVE-2023-0001") + cpes,
                  And(oval.Earlier("other", "0:2-1")));
  if (file == RedHatFile::kErrataAndUnaffected) {
    oval.Definition(
        "vulnerability", "<title>Unaffected components for: CVE-2023-0002 x</title>" + cpes,
        And(oval.Test("other", "", "other is not installed", "check_existence=\"none_exist\"")));
  }
  if (file == RedHatFile::kIncludingUnpatched) {
    oval.Definition("vulnerability", "<title>CVE-2023-0002 other: bad (moderate)</title>" + cpes,
                    And(oval.Test("other", "", "other is installed")));
  }
  return oval.Xml();
}

using CompleteTest = StatesTest;

// Pitfalls 80, 109: that the feeds list what has no fix is known of the very release, or it is not.
TEST_F(CompleteTest, PitfallAFeedOfAnotherReleaseKnowsNothingOfThisOne) {
  struct Case {
    std::string name;
    std::vector<OsvRecord> records;
    std::string family, release;
    std::vector<File> files;
    bool complete;
  };
  const std::vector<OsvRecord> leap{Fixed("SUSE-SU-1", "openSUSE:Leap 15.5", "other", "8-9")};
  const std::vector<OsvRecord> mariner{Fixed("AZL-1", "Azure Linux:2", "other", "8-9")};
  const std::vector<OsvRecord> rhel{Fixed("RHSA-1", "Red Hat:enterprise_linux:9", "other", "8-9")};
  const Case cases[] = {
      {"SUSE's feed speaks of Leap",
       leap,
       "opensuse-leap",
       "15.5",
       {{"suse", "leap.xml", SuseOval("openSUSE Leap 15.5")}},
       true},
      {"SUSE's feed speaks of the server alone",
       leap,
       "opensuse-leap",
       "15.5",
       {{"suse", "sles.xml", SuseOval("SUSE Linux Enterprise Server 15 SP5")}},
       false},
      {"the server is known by a module of its service pack",
       {Fixed("SUSE-SU-1", "SUSE:Linux Enterprise Server 15 SP5", "other", "8-9")},
       "sles",
       "15.5",
       {{"suse", "sles.xml", SuseOval("SUSE Linux Enterprise Module for Basesystem 15 SP5")}},
       true},
      {"Azure Linux's feed of 2",
       mariner,
       "mariner",
       "2.0",
       {{"azure", "cbl-mariner-2.0-oval.xml", AzureOval()}},
       true},
      {"Azure Linux's feed of 3 alone",
       mariner,
       "mariner",
       "2.0",
       {{"azure", "azurelinux-3.0-oval.xml", AzureOval()}},
       false},
      {"Red Hat's OVAL with what is unpatched",
       rhel,
       "rhel",
       "9.3",
       {{"redhat-oval", "r.xml", RedHatOval(RedHatFile::kIncludingUnpatched)}},
       true},
      {"Red Hat's OVAL of errata alone",
       rhel,
       "rhel",
       "9.3",
       {{"redhat-oval", "r.xml", RedHatOval(RedHatFile::kErrata)}},
       false},
      {"that something is not affected does not list what is",
       rhel,
       "rhel",
       "9.3",
       {{"redhat-oval", "r.xml", RedHatOval(RedHatFile::kErrataAndUnaffected)}},
       false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    auto records = c.records;
    records.push_back(Unfixed("PYSEC-1", "PyPI", "django"));
    Package owned = APackage("pypi", "Django", "3.2.0");
    owned.owner = "python3-django";
    const auto result = MatchWith(
        records, AnInventory(c.family, c.release, {Rpm("python3-django", "3.2.0-1"), owned}),
        c.files);
    EXPECT_EQ(Ids(result),
              c.complete ? std::vector<std::string>{} : std::vector<std::string>{"Django PYSEC-1"});
    const Coverage coverage = CoverageOf(result, "advisories");
    EXPECT_EQ(coverage.reason.find("no finding may mean") == std::string::npos, c.complete)
        << coverage.reason;
  }
}

// A manifest that an older build wrote does not say who lists what.
TEST_F(CompleteTest, PitfallAnOlderDatabaseIsNotKnownToListWhatHasNoFix) {
  const std::vector<OsvRecord> records{Unfixed("D-1", "Debian:12", "curl"),
                                       Unfixed("PYSEC-1", "PyPI", "django")};
  Package owned = APackage("pypi", "Django", "3.2.0");
  owned.owner = "python3-django";
  const Inventory inventory =
      AnInventory("debian", "12", {APackage("deb", "python3-django", "3.2.0-1"), owned});
  EXPECT_TRUE(MatchWith(records, inventory).findings.empty());
  auto info = advisories::ReadDatabaseInfo(folder_.Path("db"));
  ASSERT_TRUE(info.has_value());
  std::string manifest = ToJson(*info);
  for (auto at = manifest.find("\"unfixedBy\""); at != manifest.npos;
       at = manifest.find("\"unfixedBy\"")) {
    manifest.replace(at, 11, "\"formerly\"");
  }
  folder_.Write("db/manifest.json", manifest);
  const auto older = advisories::AdvisoryDatabase::Open(folder_.Path("db"));
  ASSERT_TRUE(older.has_value()) << older.error().message;
  const auto result = MatchOrFail(inventory, **older);
  EXPECT_EQ(Ids(result), std::vector<std::string>{"Django PYSEC-1"});
  EXPECT_NE(CoverageOf(result, "advisories").reason.find("no finding may mean"), std::string::npos);
}

}  // namespace
}  // namespace landwaiter::matching
