#include <gtest/gtest.h>

#include "scanner/advisories/evaluate.h"
#include "tests/unit/scanner/advisories/collected.h"
#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::advisories {
namespace {

/// One vulnerability of one package with these releases.
std::string Tracker(const std::string& releases) {
  return R"({"zlib":{"CVE-2023-45853":{"description":"MiniZip overflows","releases":{)" + releases +
         "}}}}";
}
std::string Release(const std::string& codename, const std::string& fields) {
  return "\"" + codename + "\":{" + fields + "}";
}

// Pitfalls 62, 69, 70, 71: the tracker's states, its end of life, "unimportant", urgency by
// package.
TEST(DebianTrackerTest, PitfallStatesAreWhatTheTrackerMeansByThem) {
  const std::string row = "DEBIAN-CVE-2023-45853 Debian:12 zlib";
  CheckFeed(
      "debian",
      {{"resolved with a version is mended there",
        "d.json",
        Tracker(Release("bookworm", R"("status":"resolved","fixed_version":"1:1.2.13-2")")),
        {row + " <1:1.2.13-2"}},
       {"resolved with version 0 was never affected",
        "d.json",
        Tracker(Release("bookworm", R"("status":"resolved","fixed_version":"0","urgency":"low")")),
        {row + " not affected *"}},
       {"open is affected without a fix",
        "d.json",
        Tracker(Release("bookworm", R"("status":"open","urgency":"not yet assigned")")),
        {row + " *"}},
       {"no DSA is planned, but a fix may come",
        "d.json",
        Tracker(Release("bookworm", R"("status":"open","nodsa":"Minor issue","nodsa_reason":"")")),
        {row + " *"}},
       {"postponed is not refused",
        "d.json",
        Tracker(Release("bookworm", R"("status":"open","nodsa":"x","nodsa_reason":"postponed")")),
        {row + " *"}},
       {"ignored will not be fixed",
        "d.json",
        Tracker(Release("bookworm", R"("status":"open","nodsa":"x","nodsa_reason":"ignored")")),
        {row + " * WillNotFix"}},
       {"undetermined says nothing",
        "d.json",
        Tracker(Release("bookworm", R"("status":"undetermined","urgency":"not yet assigned")")),
        {}},
       {"unimportant is Negligible and not Low",
        "d.json",
        Tracker(Release("bookworm", R"("status":"open","urgency":"unimportant")")),
        {row + " * Negligible"}},
       {"a guessed urgency counts as it stands",
        "d.json",
        Tracker(Release("bookworm", R"("status":"open","urgency":"high**")")),
        {row + " * High"}},
       {"end of life is a state and lowers no severity",
        "d.json",
        Tracker(Release("bookworm", R"("status":"open","urgency":"end-of-life")")),
        {row + " * EndOfLife"}},
       {"releases are told by their numbers, testing too",
        "d.json",
        Tracker(Release("buster", R"("status":"open")") + "," +
                Release("forky", R"("status":"open")") + "," +
                Release("sid", R"("status":"open")")),
        {"DEBIAN-CVE-2023-45853 Debian:10 zlib *", "DEBIAN-CVE-2023-45853 Debian:14 zlib *"}},
       {"PITFALL: what sid has mended is open in testing up to sid's version, which is no fix "
        "there",
        "d.json",
        Tracker(Release("forky", R"("status":"open","repositories":{"forky":"1.2-1"})") + "," +
                Release("sid", R"("status":"resolved","fixed_version":"1.3-1")")),
        {"DEBIAN-CVE-2023-45853 Debian:14 zlib limit 1.3-1"}},
       {"a release that has a newer one and is open all the same stays open",
        "d.json",
        Tracker(Release("bookworm", R"("status":"open","repositories":{"bookworm":"1.1-1",)"
                                    R"("bookworm-security":"1.4-1"})") +
                "," + Release("sid", R"("status":"resolved","fixed_version":"1.3-1")")),
        {row + " *"}},
       {"so does one of which nobody says what it holds",
        "d.json",
        Tracker(Release("forky", R"("status":"open","repositories":{})") + "," +
                Release("sid", R"("status":"resolved","fixed_version":"1.3-1")")),
        {"DEBIAN-CVE-2023-45853 Debian:14 zlib *"}},
       {"and one that sid was never affected beside",
        "d.json",
        Tracker(Release("forky", R"("status":"open","repositories":{"forky":"1.2-1"})") + "," +
                Release("sid", R"("status":"resolved","fixed_version":"0")")),
        {"DEBIAN-CVE-2023-45853 Debian:14 zlib *"}},
       {"a broken entry is left out and named, the others are kept",
        "d.json",
        R"({"a":{"CVE-2023-0001":{"releases":{"bookworm":{"status":"odd"}}},)"
        R"("CVE-2023-0002":{"releases":{"bookworm":{"status":"open"}}}}})",
        {"DEBIAN-CVE-2023-0002 Debian:12 a *"},
        {"a.CVE-2023-0001.releases.bookworm.status"}},
       {"a fix that is no version is broken",
        "d.json",
        Tracker(Release("bookworm", R"("status":"resolved","fixed_version":"not a version")")),
        {},
        {"fixed_version"}}});
}

TEST(DebianTrackerTest, WhatIsNoTrackerIsRefusedAndACutOneToo) {
  CheckRefused("debian", "d.json",
               {{"", "breaks off"},
                {"[]", "an object"},
                {R"({"zlib":[]})", "field zlib: is JSON but no object"},
                {R"({"zlib":})", "a value is missing"}});
  CheckCuts("debian", "d.json", Tracker(Release("bookworm", R"("status":"open")")));
}

/// The two shapes of the shared facts say the same of every package and version.
TEST(DebianTrackerTest, TheTrackerAndItsOsvRecordsAgreeOnTheSharedFacts) {
  const std::string data = SharedTestData();
  if (data.empty()) GTEST_SKIP() << "no shared test data; set LANDWAITER_TESTDATA";
  const TemporaryFolder folder;
  std::vector<std::unique_ptr<AdvisoryDatabase>> databases;
  for (const FeedSource& feed :
       {FeedSource{"debian", data + "/feeds/debian/debian-tracker-bookworm.json"},
        FeedSource{"osv", data + "/feeds/debian/debian12-osv-all.zip"}}) {
    BuildOptions options;
    options.output = folder.Path(feed.kind);
    options.feeds = {feed};
    const auto info = BuildDatabase(options, {});
    ASSERT_TRUE(info.has_value()) << info.error().message;
    auto database = AdvisoryDatabase::Open(options.output);
    ASSERT_TRUE(database.has_value());
    databases.push_back(*std::move(database));
  }
  EXPECT_EQ(databases[0]->Info().feeds[0].records, 13160u);
  for (const char* package : {"openssl", "glibc", "curl", "systemd", "util-linux", "perl"}) {
    const auto tracker = databases[0]->Lookup("Debian:12", package);
    const auto osv = databases[1]->Lookup("Debian:12", package);
    ASSERT_TRUE(tracker.has_value() && osv.has_value()) << package;
    ASSERT_EQ(tracker->size(), osv->size()) << package;
    for (std::size_t i = 0; i < tracker->size(); ++i) {
      EXPECT_EQ((*tracker)[i].advisory, (*osv)[i].advisory) << package;
      EXPECT_EQ((*tracker)[i].ranges, (*osv)[i].ranges) << package << (*osv)[i].advisory;
    }
  }
}

}  // namespace
}  // namespace landwaiter::advisories
