#include "lib/store/sqlite_store.h"

#include <sqlite3.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "lib/store/compress.h"
#include "tests/unit/lib/store/store_contract.h"

namespace landwaiter::store {
namespace {

const Digest kOne = Sha256::Of("one");
const Digest kTwo = Sha256::Of("two");
const TimePoint kThen{std::chrono::milliseconds(1'700'000'000'123)};

InventoryRecord Inventory(const std::string& json) { return {json, kThen}; }
FindingsRecord Findings(const std::string& json) { return {"db-1", "2026-01-01", json, kThen}; }

TEST_P(StoreContract, KeepsAnInventoryAndItsFindings) {
  ASSERT_TRUE(store_->PutInventory(kOne, Inventory("{\"a\":1}"), {{"deb", "openssl", "3.0"}}));
  ASSERT_TRUE(store_->PutFindings(kOne, Findings("[]")));
  Reopen();
  auto inventory = store_->GetInventory(kOne);
  ASSERT_TRUE(inventory && *inventory);
  EXPECT_EQ((*inventory)->json, "{\"a\":1}");
  EXPECT_EQ((*inventory)->scanned_at, kThen);
  auto findings = store_->GetFindings(kOne);
  ASSERT_TRUE(findings && *findings);
  EXPECT_EQ((*findings)->json, "[]");
  EXPECT_EQ((*findings)->database_id, "db-1");
  EXPECT_EQ((*findings)->matched_at, kThen);
}

TEST_P(StoreContract, TellsThatItHasNothing) {
  auto inventory = store_->GetInventory(kOne);
  ASSERT_TRUE(inventory);
  EXPECT_FALSE(*inventory);
  auto findings = store_->GetFindings(kOne);
  ASSERT_TRUE(findings);
  EXPECT_FALSE(*findings);
  EXPECT_TRUE(store_->Delete(kOne));
}

TEST_P(StoreContract, RefusesFindingsWithoutAnInventory) {
  const Status status = store_->PutFindings(kOne, Findings("[]"));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kNotFound);
}

TEST_P(StoreContract, DropsFindingsOfAnOlderInventory) {
  ASSERT_TRUE(store_->PutInventory(kOne, Inventory("1"), {{"deb", "a", "1"}}));
  ASSERT_TRUE(store_->PutFindings(kOne, Findings("[]")));
  ASSERT_TRUE(store_->PutInventory(kOne, Inventory("2"), {{"deb", "b", "1"}}));
  EXPECT_FALSE(store_->GetFindings(kOne).value().has_value());
  EXPECT_TRUE(store_->ImagesWith({"deb", "a", ""}, 10).value().empty());
  EXPECT_EQ(store_->ImagesWith({"deb", "b", ""}, 10).value().size(), 1u);
}

TEST_P(StoreContract, FindsImagesByPackage) {
  ASSERT_TRUE(store_->PutInventory(kOne, Inventory("1"),
                                   {{"deb", "openssl", "3.0"}, {"npm", "openssl", "1"}}));
  ASSERT_TRUE(store_->PutInventory(kTwo, Inventory("2"), {{"deb", "openssl", "3.1"}}));
  EXPECT_EQ(store_->ImagesWith({"deb", "openssl", ""}, 10).value().size(), 2u);
  EXPECT_EQ(store_->ImagesWith({"deb", "openssl", "3.1"}, 10).value(), std::vector<Digest>{kTwo});
  EXPECT_EQ(store_->ImagesWith({"deb", "openssl", ""}, 1).value().size(), 1u);
  EXPECT_TRUE(store_->ImagesWith({"deb", "openssl' OR '1'='1", ""}, 10).value().empty());
}

TEST_P(StoreContract, ForgetsAnImageWhole) {
  ASSERT_TRUE(store_->PutInventory(kOne, Inventory("1"), {{"deb", "a", "1"}}));
  ASSERT_TRUE(store_->PutInventory(kTwo, Inventory("2"), {{"deb", "a", "1"}}));
  ASSERT_TRUE(store_->PutFindings(kOne, Findings("[]")));
  ASSERT_TRUE(store_->Delete(kOne));
  EXPECT_FALSE(store_->GetInventory(kOne).value().has_value());
  EXPECT_FALSE(store_->GetFindings(kOne).value().has_value());
  EXPECT_EQ(store_->ImagesWith({"deb", "a", "1"}, 10).value(), std::vector<Digest>{kTwo});
  EXPECT_EQ(store_->Digests().value(), std::vector<Digest>{kTwo});
}

TEST_P(StoreContract, KeepsBytesOfAnyKind) {
  std::string odd("\0\xff'\";--\n", 8);
  odd += std::string(300'000, 'x');
  ASSERT_TRUE(store_->PutInventory(kOne, Inventory(odd), {{odd.substr(0, 8), "n", "v"}}));
  EXPECT_EQ(store_->GetInventory(kOne).value()->json, odd);
}

TEST_P(StoreContract, RefusesWhatIsTooLarge) {
  const std::vector<PackageKey> many(kMaxIndexedPackages + 1);
  const Status status = store_->PutInventory(kOne, Inventory("1"), many);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kResourceExhausted);
}

TEST_P(StoreContract, ServesManyThreads) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const Digest mine = Sha256::Of(std::to_string(i));
      for (int round = 0; round < 10; ++round) {
        EXPECT_TRUE(
            store_->PutInventory(mine, Inventory(std::to_string(round)), {{"deb", "shared", "1"}}));
        EXPECT_TRUE(store_->PutFindings(mine, Findings("[]")));
        EXPECT_TRUE(store_->Digests());
      }
    });
  }
  threads.clear();
  EXPECT_EQ(store_->Digests().value().size(), 4u);
}

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract,
                         ::testing::Values(StoreFactory{"sqlite", [](const std::string& folder) {
                                                          auto opened = OpenSqliteStore(folder);
                                                          EXPECT_TRUE(opened)
                                                              << opened.error().message;
                                                          return opened ? std::move(opened->store)
                                                                        : nullptr;
                                                        }}));

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
