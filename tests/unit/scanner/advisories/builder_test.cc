// What a build makes of records, and that a build that fails leaves what was there.
#include "scanner/advisories/builder.h"

#include <gtest/gtest.h>

#include "scanner/advisories/feed.h"
#include "tests/unit/scanner/advisories/feed_archives.h"
#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::advisories {
namespace {

TEST(BuilderTest, ArchivesOfAllKindsAndFoldersGiveTheSameDatabase) {
  const TemporaryFolder folder;
  const std::vector<OsvRecord> records{Minimist(), Minimist("GHSA-2"),
                                       OsvRecord("GHSA-3", "npm", "lodash").Introduced("0")};
  const auto from_folder = BuildDatabase(BuildFrom(folder, records), {});
  ASSERT_TRUE(from_folder.has_value()) << from_folder.error().message;
  EXPECT_EQ(from_folder->advisories, 3u);
  for (const char* name : {"a.zip", "a.tar", "a.tar.gz", "a.tar.zst"}) {
    const auto info = BuildFeed(folder, WriteArchive(folder, name, records));
    ASSERT_TRUE(info.has_value()) << name << ": " << info.error().message;
    EXPECT_EQ(info->id, from_folder->id) << name;
    EXPECT_EQ(info->feeds[0].name, name);
  }
}

TEST(BuilderTest, TheSameFeedsGiveTheSameBytes) {
  const TemporaryFolder a, b;
  std::vector<OsvRecord> records;
  for (int i = 0; i < 500; ++i) records.push_back(Minimist("GHSA-" + std::to_string(i)));
  const auto first = BuildDatabase(BuildFrom(a, records), {});
  const auto second = BuildDatabase(BuildFrom(b, records), {});
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(first->id, second->id);
  EXPECT_EQ(first->digest, second->digest);
  EXPECT_EQ(Bytes(a.Path("db/" + first->file)), Bytes(b.Path("db/" + second->file)));
}

TEST(BuilderTest, OfOneIdTheRecordModifiedLastCounts) {
  for (const bool newer_first : {true, false}) {
    const TemporaryFolder folder;
    OsvRecord older = Minimist().Modified("2024-01-01T00:00:00Z");
    OsvRecord newer =
        OsvRecord("GHSA-1", "npm", "renamed").Introduced("0").Modified("2024-01-01T00:00:00.5Z");
    folder.Write("one/a.json", (newer_first ? newer : older).Json());
    folder.Write("two/a.json", (newer_first ? older : newer).Json());
    BuildOptions options;
    options.output = folder.Path("db");
    options.feeds = {{"osv", folder.Path("one")}, {"osv", folder.Path("two")}};
    const auto info = BuildDatabase(options, {});
    ASSERT_TRUE(info.has_value()) << info.error().message;
    const auto database = AdvisoryDatabase::Open(folder.Path("db"));
    ASSERT_TRUE(database.has_value());
    EXPECT_TRUE((*database)->Lookup("npm", "minimist")->empty()) << newer_first;
    EXPECT_EQ((*database)->Lookup("npm", "renamed")->size(), 1u) << newer_first;
  }
}

TEST(BuilderTest, AWithdrawnRecordSilencesAnOlderCopyInAnotherFeed) {
  const TemporaryFolder folder;
  folder.Write("one/a.json", Minimist().Modified("2024-01-01T00:00:00Z").Json());
  folder.Write("one/b.json", OsvRecord("GHSA-2", "npm", "lodash").Introduced("0").Json());
  folder.Write("two/a.json", Minimist()
                                 .Modified("2025-01-01T00:00:00Z")
                                 .Field(R"("withdrawn":"2025-01-01T00:00:00Z")")
                                 .Json());
  folder.Write("two/b.json", OsvRecord("GHSA-3", "npm", "lodash").Introduced("0").Json());
  BuildOptions options;
  options.output = folder.Path("db");
  options.feeds = {{"osv", folder.Path("one")}, {"osv", folder.Path("two")}};
  const auto info = BuildDatabase(options, {});
  ASSERT_TRUE(info.has_value()) << info.error().message;
  EXPECT_EQ(info->feeds[1].withdrawn, 1u);
  EXPECT_EQ(info->advisories, 2u);
  const auto database = AdvisoryDatabase::Open(folder.Path("db"));
  ASSERT_TRUE(database.has_value());
  EXPECT_TRUE((*database)->Lookup("npm", "minimist")->empty());
}

TEST(BuilderTest, OnePackageNamedTwiceByARecordIsOneRowWithBothRanges) {
  const TemporaryFolder folder;
  const std::string json =
      R"({"id":"GHSA-1","modified":"2024-01-01T00:00:00Z","affected":[)"
      R"({"package":{"ecosystem":"npm","name":"p"},"ranges":[{"type":"SEMVER","events":)"
      R"([{"introduced":"0"},{"fixed":"0.2.4"}]}]},)"
      R"({"package":{"ecosystem":"npm","name":"p"},"ranges":[{"type":"SEMVER","events":)"
      R"([{"introduced":"1.0.0"},{"fixed":"1.2.6"}]}]}]})";
  ASSERT_TRUE(BuildFeed(folder, folder.Write("feed.json", json)).has_value());
  const auto database = AdvisoryDatabase::Open(folder.Path("db"));
  ASSERT_TRUE(database.has_value());
  const auto rows = (*database)->Lookup("npm", "p");
  ASSERT_TRUE(rows.has_value());
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ((*rows)[0].ranges.size(), 2u);
}

TEST(BuilderTest, FeedsOfOneFileNameAreToldApart) {
  const TemporaryFolder folder;
  const std::string zip = Bytes(WriteArchive(folder, "good.zip", {Minimist()}));
  BuildOptions options = BuildFrom(folder, {});
  options.feeds = {{"osv", folder.Write("npm/all.zip", zip)},
                   {"osv", folder.Write("PyPI/all.zip", zip)}};
  const auto info = BuildDatabase(options, {});
  ASSERT_TRUE(info.has_value()) << info.error().message;
  EXPECT_EQ(info->feeds[0].name, "npm/all.zip");
  EXPECT_EQ(info->feeds[1].name, "PyPI/all.zip");
}

// Pitfall 153: one file, and nothing of those before. Pitfall 27.
TEST(BuilderTest, AFailedBuildLeavesTheOldDatabaseAndNoLeftovers) {
  const TemporaryFolder folder;
  ASSERT_TRUE(BuildDatabase(BuildFrom(folder, {Minimist()}), {}).has_value());
  ASSERT_FALSE(BuildFeed(folder, folder.Write("bad.json", "{")).has_value());
  // What a build that was killed leaves behind.
  folder.Write("db/building-1.records", "rubbish");
  folder.Write("db/advisories-0000000000000000.mdb", "never named by a manifest");
  ASSERT_FALSE(BuildFeed(folder, folder.Path("bad.json")).has_value());
  const auto database = AdvisoryDatabase::Open(folder.Path("db"));
  ASSERT_TRUE(database.has_value()) << database.error().message;
  EXPECT_EQ((*database)->Lookup("npm", "minimist")->size(), 1u);
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator(folder.Path("db"))) {
    ++files;
  }
  EXPECT_EQ(files, 3u) << "manifest.json, the database, the lock";
}

// Admission pitfall 73.
// Pitfall 146.
TEST(BuilderDeathTest, ABuildThatDiesInTheMiddleLeavesTheOldDatabase) {
  const TemporaryFolder folder;
  ASSERT_TRUE(BuildDatabase(BuildFrom(folder, {Minimist()}), {}).has_value());
  std::vector<OsvRecord> records;
  for (int i = 0; i < 1500; ++i) records.push_back(Minimist("GHSA-X" + std::to_string(i)));
  BuildOptions options = BuildFrom(folder, records);
  options.on_progress = [](const BuildProgress& progress) {
    if (progress.records >= 1000) std::_Exit(9);
  };
  EXPECT_EXIT((void)BuildDatabase(options, {}), testing::ExitedWithCode(9), "");
  const auto database = AdvisoryDatabase::Open(folder.Path("db"));
  ASSERT_TRUE(database.has_value()) << database.error().message;
  EXPECT_EQ((*database)->Info().advisories, 1u);
  EXPECT_TRUE(AdvisoryDatabase::Verify(folder.Path("db")).has_value());
  options.on_progress = {};
  const auto again = BuildDatabase(options, {});
  ASSERT_TRUE(again.has_value()) << "the dead one's lock is gone: " << again.error().message;
  EXPECT_EQ(again->advisories, 1500u);
}

TEST(BuilderTest, AStoppedBuildIsAnErrorAndSwapsNothingIn) {
  const TemporaryFolder folder;
  std::stop_source stop;
  stop.request_stop();
  const auto info = BuildDatabase(BuildFrom(folder, {Minimist()}), {stop.get_token()});
  ASSERT_FALSE(info.has_value());
  EXPECT_EQ(info.error().code, Code::kCancelled);
  EXPECT_EQ(AdvisoryDatabase::Open(folder.Path("db")).error().code, Code::kNotFound);
}

// Pitfall 145.
TEST(BuilderTest, ADatabaseIsOfTheTimeOfItsFeedsAndOfNowWhereNobodyKnowsThat) {
  const TemporaryFolder folder;
  BuildOptions options = BuildFrom(folder, {Minimist().Modified("2026-01-20T00:00:00Z")});
  options.now = *ParseTime("2026-01-20T12:00:00Z");
  for (const char* as_of : {"", "2026-01-01T00:00:00Z"}) {
    if (const auto time = ParseTime(as_of)) options.as_of = *time;
    ASSERT_TRUE(BuildDatabase(options, {}).has_value());
    const auto info = ReadDatabaseInfo(folder.Path("db"));
    ASSERT_TRUE(info.has_value()) << info.error().message;
    EXPECT_EQ(info->built_at, options.as_of.value_or(options.now));
    EXPECT_EQ(info->newest, "2026-01-20T00:00:00Z") << "no slip of a pen: it is not after now";
  }
}

TEST(BuilderTest, FeedsAreNamedByKindAndPath) {
  EXPECT_EQ(ParseFeedSource("osv=a/b=c.zip")->path, "a/b=c.zip");
  for (const char* text : {"", "osv", "osv=", "nonesuch=x.json", "a.zip"}) {
    EXPECT_FALSE(ParseFeedSource(text).has_value()) << text;
  }
}

TEST(BuilderTest, EveryFeedOfTheTableIsDescribedAndMakesAReader) {
  for (const Feed& feed : Feeds()) {
    EXPECT_EQ(FindFeed(feed.kind), &feed) << "kinds are unique";
    EXPECT_EQ(feed.ecosystems.empty(), feed.scope == FeedScope::kSideData) << feed.kind;
    EXPECT_FALSE(feed.says.empty() || feed.address.empty()) << feed.kind;
    EXPECT_GT(feed.max_member_bytes, 0u) << feed.kind;
    for (const std::string_view suffix : feed.suffixes) EXPECT_EQ(suffix[0], '.') << feed.kind;
    EXPECT_NE(feed.make(), nullptr) << feed.kind;
  }
}

TEST(BuilderTest, TheSharedFeedsBuildWithoutABrokenRecord) {
  const std::string data = SharedTestData();
  if (data.empty()) GTEST_SKIP() << "no shared test data; set LANDWAITER_TESTDATA";
  const TemporaryFolder folder;
  BuildOptions options;
  options.output = folder.Path("db");
  for (const char* feed : {"osv/Go/all.zip", "osv/PyPI/all.zip", "osv/AlmaLinux/advisories.tar.zst",
                           "debian/debian12-osv-all.zip"}) {
    options.feeds.push_back({"osv", data + "/feeds/" + feed});
  }
  options.feeds.push_back({"kev", data + "/feeds/kev/known_exploited_vulnerabilities.json"});
  const auto info = BuildDatabase(options, {});
  ASSERT_TRUE(info.has_value()) << info.error().message;
  EXPECT_EQ(info->feeds[0].records + info->feeds[0].withdrawn, 4291u);
  EXPECT_EQ(info->feeds[1].records + info->feeds[1].withdrawn, 2661u);
  EXPECT_EQ(info->feeds[2].records + info->feeds[2].unsupported, 5680u);
  EXPECT_EQ(info->feeds[3].records, 3225u);
  EXPECT_EQ(info->feeds[4].records, 1404u);
  EXPECT_TRUE(AdvisoryDatabase::Verify(folder.Path("db")).has_value());
}

}  // namespace
}  // namespace landwaiter::advisories
