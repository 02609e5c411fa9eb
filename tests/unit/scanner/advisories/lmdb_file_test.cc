#include "scanner/advisories/lmdb_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "lib/base/file.h"
#include "scanner/advisories/lmdb.h"
#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::advisories {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kMapBytes = 64u << 20;
using Rows = std::map<std::string, std::string>;

/// Keys of several prefixes, values that fill half a page, none, or several pages.
Rows SomeRows(int count) {
  Rows rows;
  for (int i = 0; i < count; ++i) {
    const std::string key = (i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "bb") + std::to_string(i);
    const std::size_t size = i % 50 == 0 ? 9000 : static_cast<std::size_t>(i % 7) * 40;
    rows[key] = std::string(size, static_cast<char>('a' + i % 26));
  }
  return rows;
}

/// As LMDB itself writes it: tables "rows", "one" and "empty".
std::string FileOf(const TemporaryFolder& folder, const Rows& rows) {
  const std::string path = folder.Path("file.mdb");
  {
    const auto environment = LmdbEnvironment::OpenForWriting(path, kMapBytes);
    EXPECT_TRUE(environment.has_value());
    auto transaction = (*environment)->Begin();
    EXPECT_TRUE(transaction.has_value());
    const auto table = transaction->Table("rows");
    const auto one = transaction->Table("one");
    EXPECT_TRUE(table && one && transaction->Table("empty"));
    for (const auto& [key, value] : rows) {
      EXPECT_TRUE(transaction->Put(*table, key, value).has_value());
    }
    EXPECT_TRUE(transaction->Put(*one, "only", "row").has_value());
    EXPECT_TRUE(transaction->Commit().has_value());
    EXPECT_TRUE((*environment)->Sync().has_value());
  }
  auto bytes = ReadFile(path, kMapBytes);
  EXPECT_TRUE(bytes.has_value());
  return bytes ? *std::move(bytes) : "";
}

Rows ScanOf(const LmdbFile& file, const std::string& table, const std::string& prefix) {
  Rows rows;
  const auto root = file.Table(table);
  EXPECT_TRUE(root.has_value());
  const Status scanned = file.Scan(*root, prefix, [&](auto key, auto value) {
    rows.emplace(key, value);
    return true;
  });
  EXPECT_TRUE(scanned.has_value()) << (scanned ? "" : scanned.error().message);
  return rows;
}

TEST(LmdbFileTest, ReadsWhatLmdbWrote) {
  for (const int count : {0, 1, 60, 5000}) {
    const TemporaryFolder folder;
    const Rows rows = SomeRows(count);
    const std::string bytes = FileOf(folder, rows);
    const auto file = LmdbFile::Over(bytes, "memory");
    ASSERT_TRUE(file.has_value()) << file.error().message;
    const auto root = (*file)->Table("rows");
    ASSERT_TRUE(root.has_value()) << root.error().message;
    for (const auto& [key, value] : rows) {
      const auto found = (*file)->Get(*root, key);
      ASSERT_TRUE(found && *found) << key;
      EXPECT_EQ(**found, value);
    }
    for (const std::string key : {"", "a", "0", "zzz", "b1x", "\xff"}) {
      EXPECT_EQ((*file)->Get(*root, key)->has_value(), rows.contains(key)) << key;
    }
    EXPECT_EQ(ScanOf(**file, "rows", ""), rows);
    EXPECT_EQ(ScanOf(**file, "one", ""), (Rows{{"only", "row"}}));
    EXPECT_EQ(ScanOf(**file, "empty", ""), Rows{});
    Rows of_prefix;
    for (const auto& [key, value] : rows) {
      if (key.starts_with("bb")) of_prefix[key] = value;
    }
    EXPECT_EQ(ScanOf(**file, "rows", "bb"), of_prefix);
    EXPECT_EQ((*file)->Table("other").error().code, Code::kDataLoss);
    EXPECT_FALSE((*file)->FindTable("other").value());
  }
}

/// Everything there is to ask; false where something is an error.
bool AskAll(std::string_view bytes) {
  const auto file = LmdbFile::Over(bytes, "memory");
  if (!file) return false;
  bool sound = true;
  for (const char* const table : {"rows", "one", "empty"}) {
    const auto root = (*file)->Table(table);
    if (!root) {
      sound = false;
      continue;
    }
    for (const char* const key : {"a0", "b100", "bb182", "only"}) {
      const auto value = (*file)->Get(*root, key);
      sound = sound && value.has_value();
    }
    std::uint64_t sum = 0;
    const Status scanned = (*file)->Scan(*root, "", [&](auto key, auto value) {
      for (const char c : key) sum += static_cast<unsigned char>(c);
      for (const char c : value) sum += static_cast<unsigned char>(c);  // all of it is there
      return true;
    });
    sound = sound && scanned.has_value();
    EXPECT_TRUE(scanned || scanned.error().code == Code::kDataLoss);
  }
  return sound;
}

TEST(LmdbFileTest, NumbersThatLieAreErrorsAndNeverReadPastTheEnd) {
  const TemporaryFolder folder;
  std::string bytes = FileOf(folder, SomeRows(200));
  ASSERT_TRUE(AskAll(bytes));
  std::size_t errors = 0;
  for (std::size_t page = 0; page < bytes.size(); page += kPage) {
    // Header, offsets of nodes, and the nodes at the page's end; of the heads all that is used.
    for (std::size_t at = 0; at < kPage; at += at < 160 ? 2 : at < 3600 ? 254 : 22) {
      for (const std::uint16_t lie : {0, 0x0fff, 0x7fff, 0xffff}) {
        const std::string kept = bytes.substr(page + at, 2);
        std::memcpy(bytes.data() + page + at, &lie, 2);
        if (!AskAll(bytes)) ++errors;
        bytes.replace(page + at, 2, kept);
      }
    }
  }
  EXPECT_GT(errors, 100u);
  EXPECT_TRUE(AskAll(bytes)) << "all was put back";
}

TEST(LmdbFileTest, EveryTruncationIsAnError) {
  const TemporaryFolder folder;
  const std::string bytes = FileOf(folder, SomeRows(600));
  for (std::size_t size = 0; size < bytes.size(); size += size < 400 ? 1 : 1021) {
    const std::string cut = bytes.substr(0, size);
    EXPECT_FALSE(LmdbFile::Over(cut, "memory").has_value()) << size;
  }
}

TEST(LmdbFileTest, ATreeThatLeadsBackIntoItselfEnds) {
  const TemporaryFolder folder;
  std::string bytes = FileOf(folder, SomeRows(5000));
  std::size_t branches = 0;
  for (std::size_t page = 2 * kPage; page < bytes.size(); page += kPage) {
    std::uint64_t number = 0;
    std::uint16_t flags = 0, lower = 0;
    std::memcpy(&number, bytes.data() + page, 8);
    std::memcpy(&flags, bytes.data() + page + 10, 2);
    std::memcpy(&lower, bytes.data() + page + 12, 2);
    if (number != page / kPage || flags != 0x01) continue;
    ++branches;
    for (std::size_t slot = 16; slot < lower; slot += 2) {
      std::uint16_t node = 0;
      std::memcpy(&node, bytes.data() + page + slot, 2);
      std::memcpy(bytes.data() + page + node, &number, 6);  // its child: itself
    }
  }
  EXPECT_GE(branches, 1u);
  EXPECT_FALSE(AskAll(bytes));
}

}  // namespace
}  // namespace landwaiter::advisories
