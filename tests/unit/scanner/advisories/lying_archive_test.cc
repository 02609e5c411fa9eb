// An archive that lies about anything leaves the database as it was.
#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include "scanner/advisories/database_archive.h"
#include "tests/unit/scanner/advisories/carried_database.h"

namespace landwaiter::advisories {
namespace {

// Pitfall 146: another format, another digest, a manifest without its database.
TEST_F(DatabaseArchiveTest, AnArchiveThatLiesIsRefusedWithTheReason) {
  const std::string other = std::string(database_.size(), 'x');
  const std::string huge = ManifestWith([](auto* i) { i->size_bytes = kMaxDatabaseBytes + 1; });
  const std::string future = [&] {
    std::string text = manifest_;
    const std::string version = "\"formatVersion\": " + std::to_string(kFormatVersion);
    return text.replace(text.find(version), version.size(), "\"formatVersion\": 99");
  }();
  const std::string climbing = ManifestWith([](auto* i) { i->file = "../../x.mdb"; });
  const std::string lock = ManifestWith([](auto* i) { i->file = ".lock"; });
  const std::string itself = ManifestWith([](auto* i) { i->file = "manifest.json"; });
  const std::string id = ManifestWith([](auto* i) {
    i->id = "../../0123456789";
    i->file = "advisories-../../0123456789.mdb";
  });
  const std::string larger = ManifestWith([](auto* i) { i->size_bytes += 4096; });
  const std::string sha512 =
      ManifestWith([](auto* i) { i->digest = *Digest::Parse("sha512:" + std::string(128, 'a')); });
  const std::string not_one = ManifestWith([&](auto* i) { i->digest = Sha256::Of(other); });
  const std::string& file = info_.file;
  struct Row {
    const char* name;
    std::vector<Member> members;
    Code code;
    const char* says;
  };
  const Row rows[] = {
      {"no members", {}, Code::kDataLoss, "ends before its member manifest.json"},
      {"no database", {{"manifest.json", manifest_}}, Code::kDataLoss, "ends before its member"},
      {"a database of another digest",
       {{"manifest.json", manifest_}, {file, other}},
       Code::kDataLoss,
       "another digest"},
      {"a database of another size",
       {{"manifest.json", manifest_}, {file, database_ + "x"}},
       Code::kDataLoss,
       "its manifest says"},
      {"a manifest of another size",
       {{"manifest.json", larger}, {file, database_}},
       Code::kDataLoss,
       "its manifest says"},
      {"a third member",
       {{"manifest.json", manifest_}, {file, database_}, {"more", "x"}},
       Code::kDataLoss,
       "more members"},
      {"the members the other way round",
       {{file, database_}, {"manifest.json", manifest_}},
       Code::kDataLoss,
       "expected manifest.json"},
      {"a format of the future",
       {{"manifest.json", future}, {file, database_}},
       Code::kUnsupported,
       "format version 99"},
      {"no JSON", {{"manifest.json", "{"}}, Code::kDataLoss, "is no manifest"},
      {"a huge manifest",
       {{"manifest.json", std::string(kMaxManifestBytes + 1, ' ')}},
       Code::kResourceExhausted,
       "at most"},
      {"a huge database",
       {{"manifest.json", huge}, {file, database_}},
       Code::kResourceExhausted,
       "at most"},
      {"a path that climbs",
       {{"manifest.json", climbing}, {"../../x.mdb", database_}},
       Code::kDataLoss,
       "is no file name"},
      {"an id that climbs",
       {{"manifest.json", id}, {"advisories-../../0123456789.mdb", database_}},
       Code::kDataLoss,
       "is no file name"},
      {"the lock's name", {{"manifest.json", lock}, {".lock", database_}}, Code::kDataLoss, "file"},
      {"the manifest's name",
       {{"manifest.json", itself}, {"manifest.json", database_}},
       Code::kDataLoss,
       "names no database file"},
      {"a member of another path",
       {{"manifest.json", manifest_}, {"../" + file, database_}},
       Code::kDataLoss,
       "expected advisories-"},
      {"an absolute path",
       {{"/manifest.json", manifest_}, {file, database_}},
       Code::kDataLoss,
       "expected manifest.json"},
      {"a symbolic link",
       {{"manifest.json", manifest_}, {file, "", AE_IFLNK, "/etc/passwd"}},
       Code::kDataLoss,
       "no regular file"},
      {"a hard link",
       {{"manifest.json", manifest_}, {file, "", AE_IFREG, "manifest.json"}},
       Code::kDataLoss,
       "no regular file"},
      {"a folder",
       {{"manifest.json", manifest_}, {file, "", AE_IFDIR}},
       Code::kDataLoss,
       "expected"},
      {"a digest that nobody computes",
       {{"manifest.json", sha512}, {file, database_}},
       Code::kDataLoss,
       "no SHA-256"},
      {"bytes that are no database",
       {{"manifest.json", not_one}, {file, other}},
       Code::kDataLoss,
       "building-"},
  };
  for (const Row& row : rows) {
    const auto info = Import(WriteArchive(folder_.Path("lie.tar.zst"), row.members));
    ASSERT_FALSE(info) << row.name;
    EXPECT_EQ(info.error().code, row.code) << row.name << ": " << info.error().message;
    EXPECT_NE(info.error().message.find(row.says), std::string::npos)
        << row.name << ": " << info.error().message;
    ExpectOldInPlace(row.name);
  }
}

}  // namespace
}  // namespace landwaiter::advisories
