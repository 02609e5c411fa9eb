// A database that is carried: what comes out is what went in, and whatever goes wrong leaves the
// database as it was.
#include "scanner/advisories/database_archive.h"

#include <archive.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include <filesystem>
#include <fstream>

#include "lib/base/file.h"
#include "scanner/advisories/database_signature.h"
#include "tests/unit/scanner/advisories/carried_database.h"
#include "tests/unit/scanner/advisories/signing_keys.h"

namespace landwaiter::advisories {
namespace {

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
