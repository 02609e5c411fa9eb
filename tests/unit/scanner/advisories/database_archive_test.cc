// A database that is carried: what comes out is what went in, and an archive that lies about
// anything leaves the database as it was.
#include "scanner/advisories/database_archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include "lib/base/file.h"
#include "scanner/advisories/database_signature.h"
#include "tests/unit/scanner/advisories/feed_folder.h"
#include "tests/unit/scanner/advisories/signing_keys.h"

namespace landwaiter::advisories {
namespace {

constexpr std::size_t kAnySize = 64u << 20;

std::string Bytes(const std::string& path) {
  auto bytes = ReadFile(path, kAnySize);
  return bytes ? *bytes : "";
}

std::vector<std::string> NamesIn(const std::string& dir) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(dir)) {
    const std::string name = entry.path().filename().string();
    if (name != ".lock") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

struct Member {
  std::string name;
  std::string bytes;
  unsigned type = AE_IFREG;
  std::string link = {};
};

/// An archive of any members, as a liar writes it.
std::string WriteArchive(const std::string& path, const std::vector<Member>& members) {
  archive* const out = archive_write_new();
  archive_write_add_filter_zstd(out);
  archive_write_set_format_pax_restricted(out);
  archive_write_open_filename(out, path.c_str());
  for (const Member& member : members) {
    archive_entry* const entry = archive_entry_new();
    archive_entry_set_pathname(entry, member.name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(member.bytes.size()));
    archive_entry_set_filetype(entry, member.type);
    if (member.type == AE_IFLNK) archive_entry_set_symlink(entry, member.link.c_str());
    if (member.type == AE_IFREG && !member.link.empty()) {
      archive_entry_set_hardlink(entry, member.link.c_str());
    }
    archive_entry_set_perm(entry, 0644);
    archive_write_header(out, entry);
    archive_write_data(out, member.bytes.data(), member.bytes.size());
    archive_entry_free(entry);
  }
  archive_write_close(out);
  archive_write_free(out);
  return path;
}

/// Two databases: the one in place in "db", the one that is carried in "new".
class DatabaseArchiveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Build("db", "minimist");
    Build("new", "lodash");
    old_ = ReadManifest(folder_.Path("db"))->bytes;
    const auto manifest = ReadManifest(folder_.Path("new"));
    manifest_ = manifest->bytes;
    info_ = manifest->info;
    database_ = Bytes(folder_.Path("new/" + info_.file));
  }
  void Build(const std::string& name, const std::string& package) {
    BuildOptions options =
        BuildFrom(folder_, {OsvRecord("GHSA-1", "npm", package).Introduced("0")});
    options.output = folder_.Path(name);
    options.now = *ParseTime("2026-01-01T00:00:00Z");
    const auto built = BuildDatabase(options, {});
    ASSERT_TRUE(built) << built.error().message;
  }
  Result<ExportedDatabase> Export(const SigningKey* key = nullptr) {
    return ExportDatabase(folder_.Path("new"), folder_.Path("a.tar.zst"), key, {});
  }
  Result<DatabaseInfo> Import(const std::string& archive, const std::string& signature = "",
                              std::vector<VerifyingKey> keys = {}) {
    return ImportDatabase({archive, folder_.Path("db"), signature, std::move(keys)}, {});
  }
  /// The old database answers, and nothing else is left in its folder.
  void ExpectOldInPlace(const std::string& name) {
    EXPECT_EQ(Bytes(folder_.Path("db/manifest.json")), old_) << name;
    EXPECT_TRUE(AdvisoryDatabase::Verify(folder_.Path("db"))) << name;
    EXPECT_EQ(NamesIn(folder_.Path("db")).size(), 2u) << name;
  }
  std::string ManifestWith(const std::function<void(DatabaseInfo*)>& change) {
    DatabaseInfo info = info_;
    change(&info);
    return ToJson(info);
  }

  TemporaryFolder folder_;
  std::string old_, manifest_, database_;
  DatabaseInfo info_;
};

TEST_F(DatabaseArchiveTest, WhatIsImportedIsWhatWasExported) {
  ASSERT_TRUE(Export());
  const auto info = Import(folder_.Path("a.tar.zst"));
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(*info, info_);
  EXPECT_EQ(Bytes(folder_.Path("db/manifest.json")), manifest_);
  EXPECT_EQ(Bytes(folder_.Path("db/" + info_.file)), database_);
  EXPECT_EQ(NamesIn(folder_.Path("db")), (std::vector<std::string>{info_.file, "manifest.json"}))
      << "the old one is gone";
  EXPECT_EQ((*AdvisoryDatabase::Open(folder_.Path("db")))->Lookup("npm", "lodash")->size(), 1u);
}

TEST_F(DatabaseArchiveTest, TheSameDatabaseGivesTheSameArchive) {
  ASSERT_TRUE(Export());
  const std::string first = Bytes(folder_.Path("a.tar.zst"));
  std::filesystem::last_write_time(folder_.Path("new/" + info_.file), {});
  ASSERT_TRUE(Export());
  EXPECT_EQ(Bytes(folder_.Path("a.tar.zst")), first);
  ASSERT_FALSE(first.empty());
}

TEST_F(DatabaseArchiveTest, AReaderKeepsTheDatabaseThatItHasOpen) {
  const auto reader = AdvisoryDatabase::Open(folder_.Path("db"));
  ASSERT_TRUE(reader);
  ASSERT_TRUE(Export());
  ASSERT_TRUE(Import(folder_.Path("a.tar.zst")));
  EXPECT_EQ((*reader)->Lookup("npm", "minimist")->size(), 1u);
}

TEST_F(DatabaseArchiveTest, AnArchiveThatIsCutAnywhereLeavesTheOldDatabase) {
  ASSERT_TRUE(Export());
  const std::string whole = Bytes(folder_.Path("a.tar.zst"));
  for (const std::size_t size : {std::size_t{0}, std::size_t{3}, std::size_t{20}, whole.size() / 4,
                                 whole.size() / 2, whole.size() - 1}) {
    const std::string cut = folder_.Write("cut.tar.zst", whole.substr(0, size));
    const auto info = Import(cut);
    ASSERT_FALSE(info) << size;
    EXPECT_EQ(info.error().code, Code::kDataLoss) << size << ": " << info.error().message;
    EXPECT_NE(info.error().message.find(cut), std::string::npos) << "names the archive";
    ExpectOldInPlace(std::to_string(size));
  }
}

TEST_F(DatabaseArchiveTest, AnArchiveWithAChangedByteLeavesTheOldDatabase) {
  ASSERT_TRUE(Export());
  const std::string whole = Bytes(folder_.Path("a.tar.zst"));
  for (std::size_t at = 0; at < whole.size(); at += whole.size() / 40) {
    std::string bent = whole;
    bent[at] = static_cast<char>(bent[at] ^ 0x20);
    const auto info = Import(folder_.Write("bent.tar.zst", bent));
    if (info) {  // a byte that says nothing: what was taken in is the whole database all the same
      EXPECT_EQ(Bytes(folder_.Path("db/" + info->file)), database_) << at;
      Build("db", "minimist");
      continue;
    }
    ExpectOldInPlace(std::to_string(at));
  }
}

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

TEST_F(DatabaseArchiveTest, AFileThatIsNoArchiveIsRefused) {
  EXPECT_EQ(Import(folder_.Path("absent")).error().code, Code::kNotFound);
  for (const std::string& bytes : {std::string("hello"), std::string(1u << 20, '\0'), manifest_}) {
    const auto info = Import(folder_.Write("x", bytes));
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().code, Code::kDataLoss) << info.error().message;
  }
  ExpectOldInPlace("no archive");
}

TEST_F(DatabaseArchiveTest, ASignatureIsAskedForWithAKey) {
  ASSERT_TRUE(Export());
  const std::string archive = folder_.Path("a.tar.zst");
  const TestKeys keys;
  const std::string good = *SignManifest(manifest_, keys.signing);
  std::string bent = good;
  bent[10] = static_cast<char>(bent[10] ^ 1);
  struct Row {
    const char* name;
    std::string signature;
    std::vector<VerifyingKey> keys;
    bool accepted;
  };
  const Row rows[] = {
      {"no signature", "", {keys.verifying}, false},
      {"a changed signature", bent, {keys.verifying}, false},
      {"a signature by another key", good, {keys.other}, false},
      {"a signature of another manifest",
       *SignManifest(old_, keys.signing),
       {keys.verifying},
       false},
      {"the manifest alone, without what it is for",
       *keys.signing.Sign(manifest_),
       {keys.verifying},
       false},
      {"a short signature", good.substr(1), {keys.verifying}, false},
      {"a short signature and no key", good.substr(1), {}, false},
      {"the right one", good, {keys.verifying}, true},
      {"the right one, of several keys", good, {keys.other, keys.verifying}, true},
      {"a signature and no key", good, {}, true},
  };
  for (const Row& row : rows) {
    const auto info = Import(archive, row.signature, row.keys);
    EXPECT_EQ(info.has_value(), row.accepted) << row.name;
    if (!row.accepted) {
      ExpectOldInPlace(row.name);
      continue;
    }
    EXPECT_EQ(*VerifyFolder(folder_.Path("db"), {keys.verifying}), SignatureState::kVerified);
    EXPECT_EQ(*VerifyFolder(folder_.Path("db"), {}), SignatureState::kUnchecked);
    EXPECT_EQ(VerifyFolder(folder_.Path("db"), {keys.other}).error().code, Code::kUnauthenticated);
    Build("db", "minimist");
    EXPECT_EQ(NamesIn(folder_.Path("db")).size(), 2u) << "a build takes the old signature away";
  }
}

TEST_F(DatabaseArchiveTest, AnUnsignedManifestIsRefusedBeforeItIsRead) {
  const TestKeys keys;
  const auto info =
      Import(WriteArchive(folder_.Path("x"), {{"manifest.json", "{"}}), "", {keys.verifying});
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, Code::kUnauthenticated) << info.error().message;
}

TEST_F(DatabaseArchiveTest, ASignatureGoesOnWithItsDatabase) {
  const TestKeys keys;
  const auto signed_one = Export(&keys.signing);
  ASSERT_TRUE(signed_one) << signed_one.error().message;
  ASSERT_TRUE(Import(folder_.Path("a.tar.zst"), signed_one->signature, {keys.verifying}));
  const auto again = ExportDatabase(folder_.Path("db"), folder_.Path("b.tar.zst"), nullptr, {});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->signature, signed_one->signature);
  EXPECT_EQ(Bytes(folder_.Path("a.tar.zst")), Bytes(folder_.Path("b.tar.zst")));
}

TEST_F(DatabaseArchiveTest, VerifyFindsWhatIsWrongOnDisk) {
  const TestKeys keys;
  const std::string dir = folder_.Path("new");
  EXPECT_EQ(*VerifyFolder(dir, {}), SignatureState::kNone);
  EXPECT_EQ(VerifyFolder(dir, {keys.verifying}).error().code, Code::kUnauthenticated);
  ASSERT_TRUE(Export(&keys.signing));
  {
    std::fstream file(dir + "/" + info_.file, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(database_.size() - 100));
    file << "x";
  }
  EXPECT_EQ(VerifyFolder(dir, {}).error().code, Code::kDataLoss);
  const auto damaged = ExportDatabase(dir, folder_.Path("c.tar.zst"), nullptr, {});
  ASSERT_FALSE(damaged) << "a damaged database is not carried on";
  EXPECT_EQ(damaged.error().code, Code::kDataLoss);
  EXPECT_FALSE(std::filesystem::exists(folder_.Path("c.tar.zst")));
  EXPECT_EQ(VerifyFolder(folder_.Path("absent"), {}).error().code, Code::kNotFound);
}

// Admission pitfall 73.
// Pitfall 146: two at once.
TEST_F(DatabaseArchiveTest, OneCommandAtATimeChangesAFolder) {
  ASSERT_TRUE(Export());
  std::ofstream(folder_.Path("db/.lock")).close();
  const FileDescriptor lock(::open(folder_.Path("db/.lock").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);
  EXPECT_EQ(Import(folder_.Path("a.tar.zst")).error().code, Code::kConflict);
  ExpectOldInPlace("locked");
}

TEST_F(DatabaseArchiveTest, StoppedInTheMiddleLeavesTheOldDatabase) {
  ASSERT_TRUE(Export());
  std::stop_source stop;
  stop.request_stop();
  const auto info = ImportDatabase({folder_.Path("a.tar.zst"), folder_.Path("db")},
                                   Cancellation{stop.get_token()});
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, Code::kCancelled);
  ExpectOldInPlace("stopped");
}

}  // namespace
}  // namespace landwaiter::advisories
