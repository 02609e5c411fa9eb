#include "lib/store/sqlite_store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "lib/store/compress.h"
#include "tests/unit/lib/store/records.h"

namespace landwaiter::store {
namespace {

using testing::Findings, testing::Inventory, testing::kOne, testing::kThen, testing::kTwo;

class SqliteFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path().string() + "/landwaiter-sqlite-" +
              std::to_string(::getpid());
    std::filesystem::remove_all(folder_);
    auto opened = OpenSqliteStore(folder_);
    ASSERT_TRUE(opened);
    ASSERT_TRUE(opened->store->PutInventory(kOne, Inventory(std::string(50'000, 'x')),
                                            {{"deb", "a", "1"}}));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string File() const { return folder_ + "/landwaiter.db"; }
  void Run(const char* sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(File().c_str(), &handle), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(handle);
  }

  std::string folder_;
};

TEST_F(SqliteFileTest, MovesAFileAsideThatIsNoDatabaseAndSaysSo) {
  std::ofstream(File(), std::ios::trunc) << "this is no database, it is a text of some length";
  auto opened = OpenSqliteStore(folder_);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->moved_aside, File() + ".corrupt-1");
  EXPECT_FALSE(opened->reason.empty());
  EXPECT_TRUE(std::filesystem::exists(opened->moved_aside));
  EXPECT_TRUE(opened->store->Digests().value().empty());
  ASSERT_TRUE(opened->store->PutInventory(kOne, Inventory("1"), {}));
}

TEST_F(SqliteFileTest, MovesAFileAsideWhosePagesAreOverwritten) {
  {
    std::fstream file(File(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    const std::string noise(8192, '\xa5');
    file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
  }
  auto opened = OpenSqliteStore(folder_);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_FALSE(opened->moved_aside.empty());
}

TEST_F(SqliteFileTest, OpensOrMovesAsideAFileCutAnywhere) {
  const auto size = std::filesystem::file_size(File());
  const std::string copy = folder_ + "/copy";
  std::filesystem::copy_file(File(), copy);
  for (std::uintmax_t at = 0; at <= size; at += size / 16) {
    std::filesystem::copy_file(copy, File(), std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(File(), at);
    auto opened = OpenSqliteStore(folder_);
    ASSERT_TRUE(opened) << at << ": " << opened.error().message;
    ASSERT_TRUE(opened->store->PutInventory(kTwo, Inventory("1"), {}));
  }
}

TEST_F(SqliteFileTest, RefusesAFileOfANewerVersionAndLeavesItAlone) {
  Run("PRAGMA user_version = 99");
  auto opened = OpenSqliteStore(folder_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kUnsupported);
  EXPECT_NE(opened.error().message.find("schema 99"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(File()));
}

TEST_F(SqliteFileTest, TakesOverAFileOfTheFirstVersion) {
  {
    auto opened = OpenSqliteStore(folder_);
    ASSERT_TRUE(opened);
    FindingsRecord findings = Findings("[1]");
    findings.asked = "asked";
    ASSERT_TRUE(opened->store->PutFindings(kOne, findings));
    ASSERT_TRUE(opened->store->PutInventory(kTwo, Inventory("not matched"), {}));
  }
  Run("DROP TABLE basis; DROP TABLE first_seen; PRAGMA user_version = 1");
  auto opened = OpenSqliteStore(folder_);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->moved_aside, "");
  Store& store = *opened->store;
  EXPECT_EQ(store.GetInventory(kOne).value()->document, std::string(50'000, 'x'));
  EXPECT_EQ(store.GetFindings(kOne).value()->json, "[1]");
  const FindingsRecord of_then = Findings("");
  EXPECT_EQ(store.GetFindingsBasis(kOne).value(),
            (FindingsBasis{of_then.database_id, of_then.database_built_at, of_then.matched_at, ""}))
      << "not known what was asked, so that it is matched again";
  EXPECT_EQ(store.GetFindingsBasis(kTwo).value(), std::nullopt);
  EXPECT_TRUE(store.PutFindings(kOne, Findings("[2]")));
  EXPECT_EQ(store.GetFindings(kOne).value()->json, "[2]");
  EXPECT_EQ(store.NoteFirst({"a"}, kThen).value().front(), kThen);
}

TEST_F(SqliteFileTest, TellsOfARowThatCannotBeReadBack) {
  Run("UPDATE image SET inventory = x'0102030405'");
  auto opened = OpenSqliteStore(folder_);
  ASSERT_TRUE(opened);
  auto inventory = opened->store->GetInventory(kOne);
  ASSERT_FALSE(inventory);
  EXPECT_EQ(inventory.error().code, Code::kDataLoss);
}

/// Text that does not compress to nothing.
std::string Noise(int seed, int lines) {
  std::string noise;
  for (int i = 0; i < lines; ++i) noise += Sha256::Of(std::to_string(seed * lines + i)).Hex();
  return noise;
}

TEST_F(SqliteFileTest, BeginsAnewWhenTheFileTurnsOutDamagedWhileInUse) {
  std::vector<Digest> images;
  auto opened = OpenSqliteStore(folder_);
  ASSERT_TRUE(opened);
  // Far more than SQLite keeps of a file in memory.
  for (int i = 0; i < 12; ++i) {
    images.push_back(Sha256::Of("image" + std::to_string(i)));
    ASSERT_TRUE(opened->store->PutInventory(images.back(), Inventory(Noise(i, 16'000)), {}));
  }
  opened->store.reset();  // everything is in the file itself
  opened = OpenSqliteStore(folder_);
  ASSERT_TRUE(opened);
  {
    std::fstream file(File(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    const std::string noise(std::filesystem::file_size(File()) - 4096, '\xa5');
    file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
  }
  bool lost = false;
  for (const Digest& image : images) {
    auto inventory = opened->store->GetInventory(image);
    if (!inventory) {
      lost = true;
      EXPECT_EQ(inventory.error().code, Code::kDataLoss) << inventory.error().message;
      break;
    }
  }
  ASSERT_TRUE(lost);
  EXPECT_TRUE(std::filesystem::exists(File() + ".corrupt-1"));
  EXPECT_TRUE(opened->store->Delete(images[0]));
  EXPECT_TRUE(opened->store->Digests().value().empty());
  ASSERT_TRUE(opened->store->PutInventory(kTwo, Inventory("1"), {}));
  EXPECT_TRUE(opened->store->GetInventory(kTwo).value().has_value());
}

TEST_F(SqliteFileTest, SaysThatTheDiskIsFull) {
  auto opened = OpenSqliteStore(folder_);
  ASSERT_TRUE(opened);
  // A file that may not grow is how a full disk looks from here.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = before;
  small.rlim_cur = 64 * 1024;
  setrlimit(RLIMIT_FSIZE, &small);
  std::string noise;
  for (int i = 0; i < 40'000; ++i) noise += Sha256::Of(std::to_string(i)).Hex().substr(0, 16);
  const Status status = opened->store->PutInventory(kTwo, Inventory(noise), {});
  setrlimit(RLIMIT_FSIZE, &before);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().reason, kReasonStoreFull) << status.error().message;
  EXPECT_NE(status.error().message.find("store: "), std::string::npos);
  EXPECT_TRUE(opened->store->GetInventory(kOne).value().has_value())
      << "what was there is still there";
  EXPECT_TRUE(opened->store->PutInventory(kTwo, Inventory(noise), {})) << "and it goes on";
}

TEST(Compress, RefusesWhatItDidNotMake) {
  auto blob = Compress(std::string(10'000, 'a'), 1 << 20);
  ASSERT_TRUE(blob);
  for (std::size_t size = 0; size < blob->size(); ++size) {
    EXPECT_FALSE(Decompress(blob->substr(0, size), 1 << 20)) << size;
  }
  std::string flipped = *blob;
  flipped.back() ^= 1;
  EXPECT_FALSE(Decompress(flipped, 1 << 20)) << "the checksum";
  EXPECT_FALSE(Decompress(*blob, 100)) << "larger than allowed";
  EXPECT_EQ(Compress(std::string(101, 'a'), 100).error().code, Code::kResourceExhausted);
}

}  // namespace
}  // namespace landwaiter::store
