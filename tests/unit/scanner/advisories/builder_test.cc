#include "scanner/advisories/builder.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>

#include "lib/base/file.h"
#include "scanner/advisories/archive_reader.h"
#include "scanner/advisories/feed.h"
#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::advisories {
namespace {

constexpr std::size_t kAnySize = 64u << 20;

OsvRecord Minimist(const std::string& id = "GHSA-1") {
  return OsvRecord(id, "npm", "minimist").Introduced("0").Fixed("1.2.6");
}

std::string Bytes(const std::string& path) {
  auto bytes = ReadFile(path, kAnySize);
  EXPECT_TRUE(bytes.has_value()) << path;
  return bytes ? *bytes : "";
}

/// Writes records as an archive; the format follows from the name.
std::string WriteArchive(const TemporaryFolder& folder, const std::string& name,
                         const std::vector<OsvRecord>& records) {
  archive* const out = archive_write_new();
  if (name.ends_with(".zip")) {
    archive_write_set_format_zip(out);
  } else {
    archive_write_set_format_pax_restricted(out);
  }
  if (name.ends_with(".gz")) archive_write_add_filter_gzip(out);
  if (name.ends_with(".zst")) archive_write_add_filter_zstd(out);
  const std::string path = folder.Path(name);
  EXPECT_EQ(archive_write_open_filename(out, path.c_str()), ARCHIVE_OK);
  for (const OsvRecord& record : records) {
    const std::string json = record.Json();
    archive_entry* const entry = archive_entry_new();
    archive_entry_set_pathname(entry, ("folder/" + FileNameOf(record)).c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(json.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_write_header(out, entry);
    archive_write_data(out, json.data(), json.size());
    archive_entry_free(entry);
  }
  archive_write_close(out);
  archive_write_free(out);
  return path;
}

/// One file's bytes without an archive around them.
std::string Compressed(const TemporaryFolder& folder, const std::string& bytes,
                       const std::string& suffix) {
  archive* const out = archive_write_new();
  archive_write_set_format_raw(out);
  if (suffix == ".gz") archive_write_add_filter_gzip(out);
  if (suffix == ".bz2") archive_write_add_filter_bzip2(out);
  if (suffix == ".xz") archive_write_add_filter_xz(out);
  if (suffix == ".zst") archive_write_add_filter_zstd(out);
  const std::string path = folder.Path("compressed" + suffix);
  EXPECT_EQ(archive_write_open_filename(out, path.c_str()), ARCHIVE_OK);
  archive_entry* const entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_write_header(out, entry);
  archive_write_data(out, bytes.data(), bytes.size());
  archive_entry_free(entry);
  archive_write_close(out);
  archive_write_free(out);
  return Bytes(path);
}

Result<DatabaseInfo> BuildFeed(const TemporaryFolder& folder, const std::string& path,
                               bool keep_going = false) {
  BuildOptions options;
  options.feeds = {{"osv", path}};
  options.output = folder.Path("db");
  options.keep_going = keep_going;
  return BuildDatabase(options, {});
}

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

TEST(BuilderTest, ABrokenRecordFailsTheBuildAndNamesArchiveMemberAndField) {
  const TemporaryFolder folder;
  OsvRecord broken = OsvRecord("GHSA-2", "npm", "p").Introduced("0").Fixed(std::string(5000, '1'));
  const std::string path = WriteArchive(folder, "a.zip", {Minimist(), broken});
  const auto info = BuildFeed(folder, path);
  ASSERT_FALSE(info.has_value());
  for (const char* part :
       {"a.zip", "folder/GHSA-2.json", "affected[0].ranges[0].events[1].fixed"}) {
    EXPECT_NE(info.error().message.find(part), std::string::npos) << info.error().message;
  }
  EXPECT_EQ(AdvisoryDatabase::Open(folder.Path("db")).error().code, Code::kNotFound);
}

TEST(BuilderTest, KeepGoingLeavesBrokenRecordsOutAndCountsThem) {
  const TemporaryFolder folder;
  folder.Write("feed/a.json", Minimist().Json());
  folder.Write("feed/b.json", "{");
  folder.Write("feed/c.json", R"({"id":3})");
  const auto info = BuildFeed(folder, folder.Path("feed"), true);
  ASSERT_TRUE(info.has_value()) << info.error().message;
  EXPECT_EQ(info->feeds[0].broken, 2u);
  EXPECT_EQ(info->feeds[0].records, 1u);
}

struct BadFeed {
  std::string name;
  std::string file;
  std::string bytes;
  Code code;
  std::string message;
};

// Pitfall 147: part of a feed is no feed.
TEST(BuilderTest, FeedsThatCannotBeReadWholeFailEvenWithKeepGoing) {
  const TemporaryFolder folder;
  std::vector<OsvRecord> records;
  for (int i = 0; i < 200; ++i) records.push_back(Minimist("GHSA-" + std::to_string(i)));
  const std::string zip = Bytes(WriteArchive(folder, "good.zip", records));
  const std::string zst = Bytes(WriteArchive(folder, "good.tar.zst", records));
  const std::string gz = Bytes(WriteArchive(folder, "good.tar.gz", records));
  const BadFeed cases[] = {
      {"half a zip", "bad.zip", zip.substr(0, zip.size() / 2), Code::kDataLoss, "whole"},
      {"half a tar.zst", "bad.tar.zst", zst.substr(0, zst.size() / 2), Code::kInvalidArgument,
       "archive"},
      {"half a tar.gz", "bad.tar.gz", gz.substr(0, gz.size() / 2), Code::kDataLoss, "whole"},
      {"no archive", "bad.bin", "hello, this is no archive", Code::kInvalidArgument,
       "cannot be read as an archive"},
      {"an empty file", "empty.zip", "", Code::kInvalidArgument, ""},
      {"an archive without records", "none.tar", Bytes(WriteArchive(folder, "none.tar", {})),
       Code::kInvalidArgument, "no .json member"},
  };
  for (const BadFeed& c : cases) {
    const auto info = BuildFeed(folder, folder.Write(c.file, c.bytes), true);
    ASSERT_FALSE(info.has_value()) << c.name;
    EXPECT_EQ(info.error().code, c.code) << c.name << ": " << info.error().message;
    EXPECT_NE(info.error().message.find(c.message), std::string::npos)
        << c.name << ": " << info.error().message;
  }
  EXPECT_EQ(BuildFeed(folder, folder.Path("missing.zip")).error().code, Code::kNotFound);
}

TEST(BuilderTest, ArchivesCutBetweenTwoMembersAreErrors) {
  const TemporaryFolder folder;
  const std::vector<OsvRecord> records{Minimist("GHSA-1"), Minimist("GHSA-2"), Minimist("GHSA-3")};
  const std::string zip = Bytes(WriteArchive(folder, "good.zip", records));
  for (std::size_t at = zip.find("PK\3\4", 1); at != std::string::npos;
       at = zip.find("PK\3\4", at + 1)) {
    EXPECT_FALSE(BuildFeed(folder, folder.Write("cut.zip", zip.substr(0, at))).has_value()) << at;
  }
  const std::string tar = Bytes(WriteArchive(folder, "good.tar", records));
  const std::size_t end = tar.find_last_not_of('\0') + 1;
  for (std::size_t at = 512; at < end; at += 512) {
    EXPECT_FALSE(BuildFeed(folder, folder.Write("cut.tar", tar.substr(0, at))).has_value()) << at;
  }
}

TEST(BuilderTest, WhatIsPackedWithinAFeedIsNotPassedOver) {
  const TemporaryFolder folder;
  folder.Write("feed/a.json", Minimist().Json());
  folder.Write("feed/README.md", "of no interest");
  ASSERT_TRUE(BuildFeed(folder, folder.Path("feed")).has_value());
  const std::string zip = Bytes(WriteArchive(folder, "good.zip", {Minimist("GHSA-2")}));
  folder.Write("feed/PyPI/all.zip", zip);
  const auto both = BuildFeed(folder, folder.Path("feed"));
  ASSERT_TRUE(both.has_value()) << both.error().message;
  EXPECT_EQ(both->feeds[0].records, 2u) << "an archive in a folder is read";
  folder.Write("feed/PyPI/all.zip", zip.substr(0, zip.size() / 2));
  EXPECT_FALSE(BuildFeed(folder, folder.Path("feed")).has_value()) << "and read whole";
}

TEST(BuilderTest, AnArchiveWithinAnArchiveIsRefused) {
  const TemporaryFolder folder;
  const std::string tar = Bytes(WriteArchive(folder, "good.tar", {Minimist()}));
  std::string named = tar;  // the one member under another name of the same length
  const std::size_t at = named.find(".json");
  ASSERT_NE(at, std::string::npos);
  named.replace(at, 5, ".j.gz");
  int sum = 0;  // of the header, its own field as blanks (POSIX pax, "ustar Interchange Format")
  for (int i = 0; i < 512; ++i) {
    sum +=
        i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(named[static_cast<std::size_t>(i)]);
  }
  std::snprintf(named.data() + 148, 8, "%06o", static_cast<unsigned>(sum));
  const auto info = BuildFeed(folder, folder.Write("inner.tar", named));
  ASSERT_FALSE(info.has_value());
  EXPECT_NE(info.error().message.find(".j.gz: is packed itself"), std::string::npos)
      << info.error().message;
}

TEST(BuilderTest, APipeIsNoFeedAndIsNotWaitedFor) {
  const TemporaryFolder folder;
  folder.Write("feed/a.json", Minimist().Json());
  ASSERT_EQ(mkfifo(folder.Path("feed/p.json").c_str(), 0600), 0);
  const auto info = BuildFeed(folder, folder.Path("feed"));
  ASSERT_FALSE(info.has_value());
  EXPECT_NE(info.error().message.find("p.json: it is no regular file"), std::string::npos)
      << info.error().message;
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

TEST(BuilderTest, AFeedOfOtherEcosystemsOnlyIsAnErrorAndNotAnEmptyDatabase) {
  const TemporaryFolder folder;
  const auto info =
      BuildDatabase(BuildFrom(folder, {OsvRecord("X-1", "Nonesuch", "p").Introduced("0")}), {});
  ASSERT_FALSE(info.has_value());
  EXPECT_NE(info.error().message.find("none of them"), std::string::npos) << info.error().message;
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

TEST(BuilderTest, AFileMayBeCompressedAloneOrInAFolder) {
  const TemporaryFolder folder;
  const std::string json = Minimist().Json();
  const auto plain = BuildFeed(folder, folder.Write("plain.json", json));
  ASSERT_TRUE(plain.has_value()) << plain.error().message;
  for (const char* suffix : {".gz", ".bz2", ".xz", ".zst"}) {
    const std::string name = std::string("one/record.json") + suffix;
    const std::string bytes = Compressed(folder, json, suffix);
    for (const std::string& path : {folder.Write(name, bytes), folder.Path("one")}) {
      const auto info = BuildFeed(folder, path);
      ASSERT_TRUE(info.has_value()) << path << ": " << info.error().message;
      EXPECT_EQ(info->id, plain->id) << path;
    }
    const auto cut = BuildFeed(folder, folder.Write(name, bytes.substr(0, bytes.size() - 9)), true);
    EXPECT_FALSE(cut.has_value()) << suffix << ": a file that breaks off is not a shorter one";
    std::filesystem::remove_all(folder.Path("one"));
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
