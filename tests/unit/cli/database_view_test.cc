#include "cli/database_view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cli/database_path.h"
#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::cli {
namespace {

using advisories::Event;
using advisories::EventKind;
using advisories::OsvRecord;

TEST(DatabaseViewTest, RangesReadAsPeopleWriteThem) {
  constexpr auto kFrom = EventKind::kIntroduced;
  constexpr auto kFixed = EventKind::kFixed;
  const std::pair<std::vector<Event>, std::string> cases[] = {
      {{{kFrom, "0"}, {kFixed, "1.2.6"}}, "< 1.2.6"},
      {{{kFrom, "2.0"}, {kFixed, "2.2.28"}}, ">= 2.0, < 2.2.28"},
      {{{kFrom, "1.0"}, {EventKind::kLastAffected, "1.4"}}, ">= 1.0, <= 1.4"},
      {{{kFrom, "0"}, {kFixed, "1"}, {kFrom, "2"}, {kFixed, "3"}}, "< 1 or >= 2, < 3"},
      {{{kFrom, "0"}}, "all versions"},
      {{{kFrom, "1.0"}}, ">= 1.0"},
      {{{kFrom, "0"}, {kFixed, "1\x1b[2J"}}, "< 1?[2J"},
  };
  for (const auto& [events, text] : cases) EXPECT_EQ(DescribeRange({events}), text);
}

TEST(DatabaseViewTest, StatementsAndStatesAreShownAndNotTakenForRanges) {
  LookupRow row;
  row.ecosystem = "Debian:12";
  row.advisory.id = "DEBIAN-CVE-2023-0001";
  row.affected.ranges = {{{{EventKind::kIntroduced, "0"}}}};
  const auto shown = [&] {
    const std::string text = RenderLookup({row});
    return text.substr(text.find('\n') + 1);
  };
  EXPECT_NE(shown().find("all versions\n"), std::string::npos) << shown();
  row.affected.claim = advisories::Claim::kNotAffected;
  EXPECT_NE(shown().find("not affected: all versions\n"), std::string::npos) << shown();
  row.affected.claim = advisories::Claim::kAffected;
  row.affected.unfixed_state = FindingState::kWillNotFix;
  row.affected.architectures = {"s390x"};
  EXPECT_NE(shown().find("all versions, WillNotFix (s390x)\n"), std::string::npos) << shown();
  row.affected.ranges = {{{{EventKind::kIntroduced, "0"}, {EventKind::kFixed, "2"}}, "el9_2"}};
  EXPECT_NE(shown().find("el9_2: < 2, WillNotFix"), std::string::npos) << shown();
}

TEST(DatabaseViewTest, RangesAndVersionsAreShownFromTheLowestUp) {
  constexpr auto kFrom = EventKind::kIntroduced;
  constexpr auto kFixed = EventKind::kFixed;
  LookupRow row;
  row.ecosystem = "npm";
  row.advisory.id = "GHSA-1";
  row.affected.ranges = {{{{kFrom, "10.0.0"}, {kFixed, "10.1.0"}}},
                         {{{kFixed, "9.9.9"}, {kFrom, "9.0.0"}}},
                         {{{kFixed, "1.0.0"}, {kFrom, "0"}}}};
  row.affected.versions = {"11.0.0", "odd", "2.0.0", "even"};
  EXPECT_NE(RenderLookup({row}).find("< 1.0.0 or >= 9.0.0, < 9.9.9 or >= 10.0.0, < 10.1.0\n"),
            std::string::npos)
      << RenderLookup({row});
  const auto json = nlohmann::json::parse(RenderLookupJson("a", {row}));
  EXPECT_EQ(json["advisories"][0]["ranges"],
            (nlohmann::json{"< 1.0.0", ">= 9.0.0, < 9.9.9", ">= 10.0.0, < 10.1.0"}));
  EXPECT_EQ(json["advisories"][0]["versions"], (nlohmann::json{"2.0.0", "11.0.0", "even", "odd"}));
  LookupRow other = row;
  std::reverse(other.affected.ranges.begin(), other.affected.ranges.end());
  std::reverse(other.affected.versions.begin(), other.affected.versions.end());
  EXPECT_EQ(RenderLookupJson("a", {row}), RenderLookupJson("a", {other}));
  row.affected.ranges = {{{{kFrom, "0"}, {kFixed, "10-1"}}, "el9_10"},
                         {{{kFrom, "0"}, {kFixed, "9-1"}}}};
  row.ecosystem = "Red Hat:enterprise_linux:9";
  EXPECT_NE(RenderLookup({row}).find("< 9-1 or el9_10: < 10-1\n"), std::string::npos)
      << RenderLookup({row});
}

LookupRow ARow(const advisories::AdvisoryDatabase& database) {
  LookupRow row;
  row.ecosystem = "npm";
  row.affected = database.Lookup("npm", "minimist")->at(0);
  row.advisory = *database.GetAdvisory("GHSA-1");
  EXPECT_TRUE(MarkExploited(database, &row).has_value());
  return row;
}

TEST(DatabaseViewTest, ALookupShowsIdCveSeverityAndRange) {
  const advisories::TemporaryFolder folder;
  const auto database =
      advisories::DatabaseOf(folder,
                             {OsvRecord("GHSA-1", "npm", "minimist")
                                  .Introduced("0")
                                  .Fixed("1.2.6")
                                  .Word("CRITICAL")
                                  .Names("aliases", {"CVE-2021-44906"})},
                             R"({"vulnerabilities":[{"cveID":"CVE-2021-44906"}]})");
  ASSERT_NE(database, nullptr);
  const LookupAnswer answer{ARow(*database)};
  EXPECT_EQ(RenderLookup(answer),
            "ECOSYSTEM  ADVISORY  CVE             SEVERITY            AFFECTED\n"
            "npm        GHSA-1    CVE-2021-44906  Critical exploited  < 1.2.6\n");
  const auto json = nlohmann::json::parse(RenderLookupJson("minimist", answer));
  EXPECT_EQ(json["package"], "minimist");
  EXPECT_EQ(json["advisories"][0]["advisory"], "GHSA-1");
  EXPECT_EQ(json["advisories"][0]["ranges"][0], "< 1.2.6");
  EXPECT_EQ(json["advisories"][0]["knownExploited"], true);
  EXPECT_NE(RenderStatus(database->Info(), "DIR", {}).find("npm        1         1"),
            std::string::npos);
}

// Pitfall 145.
TEST(DatabaseViewTest, TheStatusSaysOfWhichTimeADatabaseIsAndWhereThatIsLongAgo) {
  advisories::DatabaseInfo info;
  info.built_at = *ParseTime("2026-01-01T00:00:00Z");
  const std::string young = RenderStatus(info, "DIR", info.built_at + std::chrono::hours(168));
  EXPECT_NE(young.find("As of 2026-01-01T00:00:00Z,"), std::string::npos) << young;
  EXPECT_EQ(young.find("Stale"), std::string::npos) << young;
  const std::string old = RenderStatus(info, "DIR", info.built_at + std::chrono::hours(169));
  EXPECT_NE(old.find("\nStale: the advisory database is of 2026-01-01T00:00:00Z"),
            std::string::npos)
      << old;
}

TEST(DatabaseViewTest, FeedsAreListedWithWhatTheyCanAndCannotSay) {
  const std::string text = RenderFeeds(advisories::Feeds());
  EXPECT_NE(text.find("osv (unfixed too): every ecosystem of OSV"), std::string::npos) << text;
  EXPECT_NE(text.find("kev (side data)\n"), std::string::npos) << text;
  const auto json = nlohmann::json::parse(RenderFeedsJson(advisories::Feeds()));
  EXPECT_EQ(json["feeds"].size(), advisories::Feeds().size());
  EXPECT_EQ(json["feeds"][0]["kind"], "osv");
}

TEST(DatabasePathTest, TheFlagGoesBeforeTheVariableAndThatBeforeTheHome) {
  ::setenv("LANDWAITER_DB", "/from/variable", 1);
  EXPECT_EQ(DatabasePath("/from/flag"), "/from/flag");
  EXPECT_EQ(DatabasePath(""), "/from/variable");
  ::unsetenv("LANDWAITER_DB");
  ::setenv("XDG_DATA_HOME", "/data", 1);
  EXPECT_EQ(DatabasePath(""), "/data/landwaiter/db");
  ::unsetenv("XDG_DATA_HOME");
  ::setenv("HOME", "/home/a", 1);
  EXPECT_EQ(DatabasePath(""), "/home/a/.local/share/landwaiter/db");
}

}  // namespace
}  // namespace landwaiter::cli
