// Which packages a new database says something else of: never one too few, whatever the match read.
#include "scanner/advisories/touched.h"

#include <functional>
#include <map>

#include "lib/base/clock.h"
#include "tests/unit/scanner/matching/match_fixture.h"
#include "tests/unit/scanner/matching/state_database.h"

namespace landwaiter::matching {
namespace {

using advisories::OsvRecord;

struct TouchedFeeds {
  std::map<std::string, OsvRecord> records;
  std::map<std::string, std::string> files;  // "KIND/NAME" → bytes
  std::string built = "2026-01-01T00:00:00Z";
};

std::string Kev(const std::string& cve) {
  return R"({"catalogVersion":"1","dateReleased":"2026-01-01T00:00:00Z","count":1,)"
         R"("vulnerabilities":[{"cveID":")" +
         cve + R"(","dateAdded":"2022-01-01"}]})";
}

/// Ten packages of which nothing ever changes, and four that the cases are about.
TouchedFeeds Base() {
  TouchedFeeds feeds;
  const auto add = [&](OsvRecord record) {
    const std::string id = record.id();
    feeds.records.emplace(id, std::move(record));
  };
  for (int i = 0; i < 10; ++i) {
    add(Fixed("QUIET-" + std::to_string(i), "Debian:12", "quiet-" + std::to_string(i), "2-1"));
  }
  add(Fixed("GHSA-1", "npm", "minimist", "1.2.6").Names("aliases", {"CVE-2021-1001"}));
  add(Unfixed("DEBIAN-CVE-2021-1001", "Debian:12", "node-minimist")
          .Names("upstream", {"CVE-2021-1001"}));
  add(Fixed("GHSA-2", "npm", "left-pad", "2.0.0").Word("LOW"));
  add(Fixed("GHSA-3", "PyPI", "Jinja2", "3.0").Names("aliases", {"CVE-2021-3003"}));
  feeds.files["kev/kev.json"] = Kev("CVE-1999-1001");
  feeds.files["endoflife/debian.json"] =
      R"({"releases":{"12":{"eol":"2026-06-10","eoes":"2028-06-30"}}})";
  feeds.files["epss/epss.csv"] =
      "cve,epss,percentile\nCVE-2021-3003,0.1,0.5\nCVE-1999-1001,0.1,0.5\n";
  feeds.files["redhat-cpe/r.json"] = R"({"data":{"one":{"cpes":[]}}})";
  add(Unfixed("DEBIAN-CVE-2021-9", "Debian:11", "x"));
  feeds.files["debian/tracker.json"] =
      R"({"x":{"CVE-2021-9":{"releases":{"bullseye":{"status":"open"}}}}})";
  return feeds;
}

const std::vector<Package> kPackages{
    APackage("deb", "quiet-1", "1-1"),      APackage("deb", "node-minimist", "1-1"),
    APackage("npm", "minimist", "1.0.0"),   APackage("npm", "left-pad", "1.0.0"),
    APackage("pypi", "jinja2", "2.0"),      APackage("npm", "not-spoken-of", "1.0.0"),
    APackage("deb", "not-spoken-of", "1-1")};

struct TouchedCase {
  const char* name;
  std::function<void(TouchedFeeds&)> change;
  std::vector<std::string> touched;  // names among kPackages, sorted; {"all"}
};

class TouchedTest : public testing::TestWithParam<TouchedCase> {
 protected:
  std::unique_ptr<advisories::AdvisoryDatabase> Build(const TouchedFeeds& feeds) {
    std::vector<OsvRecord> records;
    for (const auto& [id, record] : feeds.records) records.push_back(record);
    advisories::BuildOptions options = advisories::BuildFrom(folder_, records);
    for (const auto& [name, bytes] : feeds.files) {
      options.feeds.push_back({name.substr(0, name.find('/')), folder_.Write(name, bytes)});
    }
    options.now = *ParseTime(feeds.built);
    const auto built = advisories::BuildDatabase(options, {});
    EXPECT_TRUE(built.has_value()) << (built ? "" : built.error().message);
    auto database = advisories::AdvisoryDatabase::Open(folder_.Path("db"));
    return database ? *std::move(database) : nullptr;
  }
  advisories::TemporaryFolder folder_;
};

bool SameMatch(const MatchResult& a, const MatchResult& b) {
  return a.findings == b.findings && a.coverage == b.coverage && a.asked == b.asked;
}

TEST_P(TouchedTest, IsWhatAMatchSaysOtherwise) {
  TouchedFeeds feeds = Base();
  const auto before = Build(feeds);
  GetParam().change(feeds);
  const auto after = Build(feeds);
  ASSERT_TRUE(before && after);
  const auto touched = advisories::TouchedBetween(*before, *after);
  ASSERT_TRUE(touched.has_value()) << touched.error().message;
  std::vector<std::string> names;
  for (const Package& package : kPackages) {
    const Inventory inventory = AnInventory("debian", "12", {package});
    const auto match = MatchOrFail(inventory, *before);
    EXPECT_FALSE(match.asked.empty());
    const bool is_touched =
        *touched && std::any_of(match.asked.begin(), match.asked.end(),
                                [&](auto word) { return (*touched)->contains(word); });
    if (is_touched) names.push_back(package.name);
    if (*touched && !is_touched) {
      EXPECT_TRUE(SameMatch(match, MatchOrFail(inventory, *after))) << package.name;
    }
  }
  if (!*touched) names = {"all"};
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, GetParam().touched);
}

OsvRecord& Of(TouchedFeeds& feeds, const std::string& id) { return feeds.records.at(id); }

INSTANTIATE_TEST_SUITE_P(
    Table, TouchedTest,
    testing::Values(
        TouchedCase{"NothingByTheSameFeedsBuiltLater",
                    [](TouchedFeeds& f) { f.built = "2026-01-02T00:00:00Z"; },
                    {}},
        TouchedCase{
            "APackageWithANewFix",
            [](TouchedFeeds& f) { Of(f, "GHSA-2") = Fixed("GHSA-2", "npm", "left-pad", "3.0.0"); },
            {"left-pad"}},
        TouchedCase{
            "APackageWithANewAdvisory",
            [](TouchedFeeds& f) { f.records.emplace("X", Unfixed("X", "npm", "not-spoken-of")); },
            {"not-spoken-of"}},
        TouchedCase{"APackageWithoutItsAdvisory",
                    [](TouchedFeeds& f) { f.records.erase("GHSA-2"); },
                    {"left-pad"}},
        TouchedCase{"AllWhereAnEcosystemIsGone",
                    [](TouchedFeeds& f) { f.records.erase("GHSA-3"); },
                    {"all"}},
        TouchedCase{"APackageWhoseAdvisoryHasAnotherTitle",
                    [](TouchedFeeds& f) { Of(f, "GHSA-2").Field(R"("summary":"new")"); },
                    {"left-pad"}},
        TouchedCase{"EveryoneThatTheVulnerabilityOfTheAdvisoryConcerns",
                    [](TouchedFeeds& f) { Of(f, "GHSA-1").Word("CRITICAL"); },
                    {"minimist", "node-minimist"}},
        TouchedCase{"EveryoneThatANewAdvisoryOfAnotherPackageNames",
                    [](TouchedFeeds& f) {
                      f.records.emplace("GHSA-9", Unfixed("GHSA-9", "npm", "other")
                                                      .Names("aliases", {"CVE-2021-1001"})
                                                      .Word("HIGH"));
                    },
                    {"minimist", "node-minimist"}},
        TouchedCase{"EveryoneWhoseVulnerabilityIsExploitedNow",
                    [](TouchedFeeds& f) { f.files["kev/kev.json"] = Kev("CVE-2021-3003"); },
                    {"jinja2"}},
        TouchedCase{"AllWhereExploitationIsNotKnownAnyMore",
                    [](TouchedFeeds& f) { f.files.erase("kev/kev.json"); },
                    {"all"}},
        TouchedCase{"AllWhereNoFeedOfItsKindIsLeft",
                    [](TouchedFeeds& f) { f.files.erase("endoflife/debian.json"); },
                    {"all"}},
        TouchedCase{"AllWhereAFeedListsWhatHasNoFixOfAnotherRelease",
                    [](TouchedFeeds& f) {
                      f.files["debian/tracker.json"] =
                          R"({"x":{"CVE-2021-9":{"releases":{"bookworm":{"status":"open"}}}}})";
                    },
                    {"all"}},
        TouchedCase{
            "AllWithANewEcosystem",
            [](TouchedFeeds& f) { f.records.emplace("R", Unfixed("R", "RubyGems", "rails")); },
            {"all"}},
        TouchedCase{"AllOfAReleaseThatHasEndedSince",
                    [](TouchedFeeds& f) { f.built = "2028-07-01T00:00:00Z"; },
                    {"jinja2", "left-pad", "minimist", "node-minimist", "not-spoken-of",
                     "not-spoken-of", "quiet-1"}},
        TouchedCase{"AllOfAReleaseThatEndsOnAnotherDay",
                    [](TouchedFeeds& f) {
                      f.files["endoflife/debian.json"] =
                          R"({"releases":{"12":{"eol":"2025-06-10","eoes":"2025-06-30"}}})";
                    },
                    {"jinja2", "left-pad", "minimist", "node-minimist", "not-spoken-of",
                     "not-spoken-of", "quiet-1"}},
        TouchedCase{"EveryoneWhoseVulnerabilityHasAnotherScore",
                    [](TouchedFeeds& f) {
                      f.files["epss/epss.csv"] =
                          "cve,epss,percentile\nCVE-2021-3003,0.2,0.9\nCVE-1999-1001,0.1,0.5\n";
                    },
                    {"jinja2"}},
        TouchedCase{"NobodyByARepositoryThatNoImageNames",
                    [](TouchedFeeds& f) {
                      f.files["redhat-cpe/r.json"] =
                          R"({"data":{"one":{"cpes":["cpe:/o:redhat:enterprise_linux:9"]}}})";
                    },
                    {}}),
    [](const auto& info) { return info.param.name; });

TEST_F(MatchTest, WhatABinaryIsSaidToBeBuiltFromTouchesItsImageAlone) {
  Package slice = FromSource(APackage("deb", "libssl3t64", "1-1"), "libssl3t64", "1-1");
  slice.source_assumed = true;
  const Inventory image = AnInventory("ubuntu", "24.04", {slice});
  const Inventory other = AnInventory(
      "ubuntu", "24.04", {FromSource(APackage("deb", "libssl3t64", "1-1"), "openssl", "1-1")});
  const auto build = [&](const std::string& binary) {
    return advisories::DatabaseOf(
        folder_,
        {Fixed("USN-1", "Ubuntu:24.04:LTS", "openssl", "2-1").Binaries({{binary, "2-1"}})});
  };
  const auto before = build("libcrypto");
  const auto after = build("libssl3t64");
  ASSERT_TRUE(before && after);
  EXPECT_NE(before->Info().id, after->Info().id);
  const auto touched = advisories::TouchedBetween(*before, *after);
  ASSERT_TRUE(touched && *touched);
  const auto is_touched = [&](const Inventory& inventory) {
    const auto asked = MatchOrFail(inventory, *before).asked;
    return std::any_of(asked.begin(), asked.end(),
                       [&](auto word) { return (*touched)->contains(word); });
  };
  EXPECT_TRUE(is_touched(image));
  EXPECT_FALSE(is_touched(other));
  EXPECT_TRUE(MatchOrFail(image, *before).findings.empty());
  EXPECT_EQ(MatchOrFail(image, *after).findings.size(), 1u);
}

}  // namespace
}  // namespace landwaiter::matching
