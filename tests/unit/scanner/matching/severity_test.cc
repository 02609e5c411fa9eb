// How bad a finding is, and who says so.
#include <gtest/gtest.h>

#include "scanner/matching/match.h"
#include "tests/unit/scanner/advisories/feed_folder.h"
#include "tests/unit/scanner/matching/inventories.h"
#include "tests/unit/scanner/matching/match_fixture.h"

namespace landwaiter::matching {
namespace {

// Pitfall 142.
TEST_F(MatchTest, KnownExploitedIsSetOnlyWhereTheDatabaseHasTheCatalogue) {
  const Inventory inventory = AnInventory(
      "", "", {APackage("npm", "minimist", "1.2.0"), APackage("npm", "other", "1.0.0")});
  const std::vector<OsvRecord> records{Minimist(),
                                       OsvRecord("GHSA-2", "npm", "other").Introduced("0")};
  for (const Finding& finding : MatchWith(records, inventory).findings) {
    EXPECT_FALSE(finding.known_exploited.has_value());
  }
  const auto result =
      MatchWith(records, inventory,
                R"({"vulnerabilities":[{"cveID":"CVE-2021-44906","dueDate":"2026-12-01"}]})");
  for (const Finding& finding : result.findings) {
    ASSERT_TRUE(finding.known_exploited.has_value());
    EXPECT_EQ(*finding.known_exploited, finding.package == "minimist");
    EXPECT_EQ(finding.exploited_due, finding.package == "minimist" ? "2026-12-01" : "");
  }
}

struct SeverityCase {
  std::string name;
  std::vector<OsvRecord> records;
  Severity severity;
  std::string source;
};

// Pitfalls 86, 139, 140, 141: who says it is kept; Unknown stays Unknown.
TEST_F(MatchTest, SeverityIsChosenByTheStatedRule) {
  const auto zlib = [] {
    return OsvRecord("DEBIAN-CVE-1-1", "Debian:12", "zlib")
        .Introduced("0")
        .Names("upstream", {"CVE-1-1"});
  };
  const auto dsa = [] {
    return OsvRecord("DSA-1", "Debian:12", "zlib").Introduced("0").Names("upstream", {"CVE-1-1"});
  };
  const auto elsewhere = [] {
    return OsvRecord("GHSA-1", "npm", "zlib").Introduced("0").Names("aliases", {"CVE-1-1"});
  };
  const SeverityCase cases[] = {
      {"the word for the package goes before all",
       {zlib().Urgency("low"), dsa().Word("CRITICAL")},
       Severity::kLow,
       "OSV ecosystem_specific.urgency"},
      {"the word of a record goes before a score",
       {zlib().Cvss("CVSS_V3", kCritical), dsa().Word("LOW")},
       Severity::kLow,
       "OSV database_specific.severity"},
      {"a newer CVSS goes before an older and worse one",
       {zlib().Cvss("CVSS_V2", "AV:N/AC:L/Au:N/C:C/I:C/A:C"), dsa().Cvss("CVSS_V3", kHigh)},
       Severity::kHigh,
       "CVSS_V3"},
      {"of two scores of one version the worse counts",
       {zlib().Cvss("CVSS_V3", kHigh), dsa().Cvss("CVSS_V3", kCritical)},
       Severity::kCritical,
       "CVSS_V3"},
      {"without any, that of another record of the same CVE",
       {zlib(), elsewhere().Cvss("CVSS_V3", kHigh)},
       Severity::kHigh,
       "CVSS_V3 of GHSA-1"},
      {"without any at all Unknown, from nobody",
       {zlib(), dsa(), elsewhere()},
       Severity::kUnknown,
       ""},
  };
  for (const SeverityCase& c : cases) {
    const auto result =
        MatchWith(c.records, AnInventory("debian", "12", {APackage("deb", "zlib", "1-1")}));
    ASSERT_EQ(result.findings.size(), 1u) << c.name;
    EXPECT_EQ(result.findings[0].severity, c.severity) << c.name;
    EXPECT_EQ(result.findings[0].severity_source, c.source) << c.name;
  }
}

TEST_F(MatchTest, EndOfLifeIsTheStateWhereNoFixIsKnown) {
  const auto result = MatchWith(
      {OsvRecord("DEBIAN-CVE-1", "Debian:12", "zlib").Introduced("0").Urgency("end-of-life")},
      AnInventory("debian", "12", {APackage("deb", "zlib", "1-1")}));
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].state, FindingState::kEndOfLife);
}

}  // namespace
}  // namespace landwaiter::matching
