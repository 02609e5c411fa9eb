// Feeds that are broken, packed oddly or cut short.
#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>

#include "scanner/advisories/builder.h"
#include "tests/unit/scanner/advisories/feed_archives.h"
#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::advisories {
namespace {

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

TEST(BuilderTest, AFeedOfOtherEcosystemsOnlyIsAnErrorAndNotAnEmptyDatabase) {
  const TemporaryFolder folder;
  const auto info =
      BuildDatabase(BuildFrom(folder, {OsvRecord("X-1", "Nonesuch", "p").Introduced("0")}), {});
  ASSERT_FALSE(info.has_value());
  EXPECT_NE(info.error().message.find("none of them"), std::string::npos) << info.error().message;
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

}  // namespace
}  // namespace landwaiter::advisories
