// What PostgreSQL adds to the contract: a server that goes and comes, others that share it, errors
// that name what to do and no password.
#include "lib/store/postgres_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "lib/store/postgres.h"
#include "tests/unit/lib/store/postgres_server.h"
#include "tests/unit/lib/store/records.h"

namespace landwaiter::store {
namespace {

using testing::Findings, testing::Inventory, testing::kOne, testing::kTwo, testing::SharedPostgres;
using ::testing::HasSubstr;
using ::testing::Not;

std::unique_ptr<Store> Open(const std::string& dsn_file) {
  auto opened = OpenPostgresStore(dsn_file);
  EXPECT_TRUE(opened) << opened.error().message;
  return opened ? *std::move(opened) : nullptr;
}

TEST(PostgresStore, SharesWhatIsWrittenWithWhoeverOpensTheSameDatabase) {
  const std::string dsn = SharedPostgres().NewDatabase();
  auto one = Open(dsn);
  auto other = Open(dsn);
  ASSERT_TRUE(one->PutInventory(kOne, Inventory("1"), {{"deb", "a", "1"}}));
  EXPECT_EQ(other->GetInventory(kOne).value()->document, "1");
  ASSERT_TRUE(other->Delete(kOne));
  EXPECT_FALSE(one->GetInventory(kOne).value().has_value());
}

TEST(PostgresStore, IsMadeOnceByManyWhoOpenItAtOnce) {
  const std::string dsn = SharedPostgres().NewDatabase();
  std::vector<std::jthread> threads;
  std::atomic<int> opened = 0;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      auto store = OpenPostgresStore(dsn);
      EXPECT_TRUE(store) << store.error().message;
      opened += store ? 1 : 0;
    });
  }
  threads.clear();
  EXPECT_EQ(opened, 6);
  EXPECT_EQ(SharedPostgres().Ask(dsn, "SELECT count(*) FROM landwaiter_schema"), "1");
}

TEST(PostgresStore, LetsTwoControllersWriteTheSamePackagesInAnyOrder) {
  const std::string dsn = SharedPostgres().NewDatabase();
  auto one = Open(dsn);
  auto other = Open(dsn);
  std::vector<PackageKey> packages;
  for (int i = 0; i < 300; ++i) packages.push_back({"deb", "package" + std::to_string(i), "1"});
  std::vector<PackageKey> reversed(packages.rbegin(), packages.rend());
  const auto write = [](Store& store, const Digest& digest, const std::vector<PackageKey>& all) {
    for (int round = 0; round < 20; ++round) {
      const Status status = store.PutInventory(digest, Inventory(std::to_string(round)), all);
      EXPECT_TRUE(status) << status.error().message;
    }
  };
  {
    const std::jthread first([&] { write(*one, kOne, packages); });
    const std::jthread second([&] { write(*other, kTwo, reversed); });
    const std::jthread third([&] { write(*other, kOne, reversed); });
  }
  EXPECT_EQ(one->ImagesWith({"deb", "package299", "1"}, 10).value().size(), 2u);
  EXPECT_EQ(SharedPostgres().Ask(dsn, "SELECT count(*) FROM landwaiter_image_package"), "600");
}

TEST(PostgresStore, ForgetsPackagesThatNoImageHoldsWhenItIsOpened) {
  const std::string dsn = SharedPostgres().NewDatabase();
  auto store = Open(dsn);
  ASSERT_TRUE(store->PutInventory(kOne, Inventory("1"), {{"deb", "old", "1"}, {"deb", "a", "1"}}));
  ASSERT_TRUE(store->PutInventory(kOne, Inventory("1"), {{"deb", "a", "1"}}));
  EXPECT_EQ(SharedPostgres().Ask(dsn, "SELECT count(*) FROM landwaiter_package"), "2");
  Open(dsn);
  EXPECT_EQ(SharedPostgres().Ask(dsn, "SELECT count(*) FROM landwaiter_package"), "1");
}

TEST(PostgresStore, IsOpenedAllTheSameWhereWhatLiesThereCannotBeTidied) {
  const std::string dsn = SharedPostgres().NewDatabase();
  auto store = Open(dsn);
  ASSERT_TRUE(store->PutInventory(kOne, Inventory("1"), {{"deb", "old", "1"}, {"deb", "a", "1"}}));
  ASSERT_TRUE(store->PutInventory(kOne, Inventory("1"), {{"deb", "a", "1"}}));
  store.reset();
  SharedPostgres().Ask(dsn,
                       "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                       " $$ BEGIN RAISE EXCEPTION 'no time for that'; END $$");
  SharedPostgres().Ask(dsn,
                       "CREATE TRIGGER refuse BEFORE DELETE ON landwaiter_package"
                       " FOR EACH ROW EXECUTE FUNCTION refuse()");
  store = Open(dsn);
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(SharedPostgres().Ask(dsn, "SELECT count(*) FROM landwaiter_package"), "2")
      << "nothing was tidied";
  EXPECT_EQ(store->GetInventory(kOne).value()->document, "1");
  EXPECT_TRUE(store->PutInventory(kTwo, Inventory("2"), {{"deb", "b", "1"}}));
  EXPECT_EQ(store->ImagesWith({"deb", "a", "1"}, 10).value(), std::vector<Digest>{kOne});
}

TEST(PostgresStore, KeepsANameThatIsLongerThanAnIndexEntryMayBe) {
  auto store = Open(SharedPostgres().NewDatabase());
  std::string name;
  for (int i = 0; i < 2'000; ++i) name += Sha256::Of(std::to_string(i)).Hex();
  ASSERT_TRUE(store->PutInventory(kOne, Inventory("1"), {{"npm", name, "1"}}));
  EXPECT_EQ(store->ImagesWith({"npm", name, ""}, 10).value(), std::vector<Digest>{kOne});
}

TEST(PostgresStore, RefusesADatabaseOfANewerVersionAndLeavesItAlone) {
  const std::string dsn = SharedPostgres().NewDatabase();
  Open(dsn);
  SharedPostgres().Ask(dsn, "UPDATE landwaiter_schema SET version = 99");
  auto opened = OpenPostgresStore(dsn);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kUnsupported);
  EXPECT_THAT(opened.error().message, HasSubstr("schema 99"));
}

TEST(PostgresStore, TakesOverADatabaseOfTheFirstVersion) {
  const std::string dsn = SharedPostgres().NewDatabase();
  FindingsRecord findings = Findings("[1]");
  findings.asked = "asked";
  {
    auto store = Open(dsn);
    ASSERT_TRUE(store->PutInventory(kOne, Inventory("1"), {{"deb", "a", "1"}}));
    ASSERT_TRUE(store->PutFindings(kOne, findings));
  }
  SharedPostgres().Ask(dsn, "ALTER TABLE landwaiter_findings DROP COLUMN asked");
  SharedPostgres().Ask(dsn, "DROP TABLE landwaiter_first_seen");
  SharedPostgres().Ask(dsn, "UPDATE landwaiter_schema SET version = 1");
  auto store = Open(dsn);
  EXPECT_EQ(store->GetInventory(kOne).value()->document, "1");
  EXPECT_EQ(store->GetFindings(kOne).value()->json, "[1]");
  EXPECT_EQ(
      store->GetFindingsBasis(kOne).value(),
      (FindingsBasis{findings.database_id, findings.database_built_at, findings.matched_at, ""}))
      << "not known what was asked, so that it is matched again";
  ASSERT_TRUE(store->PutFindings(kOne, findings));
  EXPECT_EQ(store->GetFindingsBasis(kOne).value()->asked, "asked");
}

// While replicas are replaced one by one, an earlier version may still lead.
TEST(PostgresStore, IsWrittenByTheFirstVersionBesideThisOne) {
  const std::string dsn = SharedPostgres().NewDatabase();
  auto store = Open(dsn);
  ASSERT_TRUE(store->PutInventory(kOne, Inventory("1"), {}));
  SharedPostgres().Ask(dsn,
                       "INSERT INTO landwaiter_findings"
                       " (image, database_id, database_built_at, matched_at, document)"
                       " SELECT id, 'db-0', '2025-01-01', 7, '' FROM landwaiter_image");
  const FindingsBasis expected{"db-0", "2025-01-01", TimePoint(std::chrono::milliseconds(7)), ""};
  EXPECT_EQ(store->GetFindingsBasis(kOne).value(), expected);
}

TEST(PostgresStore, TellsOfARowThatCannotBeReadBack) {
  const std::string dsn = SharedPostgres().NewDatabase();
  auto store = Open(dsn);
  ASSERT_TRUE(store->PutInventory(kOne, Inventory("1"), {}));
  SharedPostgres().Ask(dsn, "UPDATE landwaiter_image SET inventory = '\\x0102030405'");
  auto inventory = store->GetInventory(kOne);
  ASSERT_FALSE(inventory);
  EXPECT_EQ(inventory.error().code, Code::kDataLoss);
  SharedPostgres().Ask(dsn, "UPDATE landwaiter_image SET digest = 'no digest'");
  auto digests = store->Digests();
  ASSERT_FALSE(digests);
  EXPECT_EQ(digests.error().code, Code::kDataLoss);
}

TEST(PostgresStore, GoesOnAfterTheServerEndedItsConnections) {
  const std::string dsn = SharedPostgres().NewDatabase();
  auto store = Open(dsn);
  ASSERT_TRUE(store->PutInventory(kOne, Inventory("1"), {}));
  SharedPostgres().Ask(dsn,
                       "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                       " WHERE pid <> pg_backend_pid() AND datname = current_database()");
  EXPECT_EQ(store->GetInventory(kOne).value()->document, "1");
  EXPECT_TRUE(store->PutFindings(kOne, Findings("[]")));
}

TEST(PostgresStore, KeepsWhatItAcknowledgedWhenTheServerIsKilledInTheMiddle) {
  testing::PostgresServer server;
  const std::string dsn = server.NewDatabase();
  auto store = Open(dsn);
  std::atomic<int> acknowledged = 0;
  std::atomic<bool> stop = false;
  std::string problem;
  {
    const std::jthread writer([&] {
      for (int i = 0; !stop; ++i) {
        const Status status =
            store->PutInventory(Sha256::Of(std::to_string(i)), Inventory("x"), {{"deb", "a", "1"}});
        if (!status) {
          problem = status.error().message + " " + status.error().reason;
          return;
        }
        acknowledged = i + 1;
      }
    });
    while (acknowledged < 20) std::this_thread::yield();
    server.Kill();
    stop = true;
  }
  auto refused = store->Digests();
  ASSERT_FALSE(refused) << "no server, no answer";
  EXPECT_EQ(refused.error().code, Code::kUnavailable) << refused.error().message;
  EXPECT_EQ(refused.error().reason, kReasonStoreUnreachable);
  server.Start();
  for (int i = 0; i < acknowledged; ++i) {
    EXPECT_TRUE(store->GetInventory(Sha256::Of(std::to_string(i))).value().has_value()) << i;
  }
  EXPECT_EQ(store->ImagesWith({"deb", "a", "1"}, 100'000).value().size(),
            store->Digests().value().size())
      << "an image and its packages are written together or not at all; then: " << problem;
}

struct BadDsn {
  const char* name;
  const char* text;
  Code code;
  const char* says;
};

class RefusedDsn : public ::testing::TestWithParam<BadDsn> {};

TEST_P(RefusedDsn, IsNamedWithoutItsPassword) {
  const std::string file = SharedPostgres().folder() + "/bad.dsn";
  std::ofstream(file) << GetParam().text;
  auto opened = OpenPostgresStore(file);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, GetParam().code) << opened.error().message;
  EXPECT_THAT(opened.error().message, HasSubstr(GetParam().says));
  EXPECT_THAT(opened.error().message, Not(HasSubstr("sesame")));
}

INSTANTIATE_TEST_SUITE_P(
    Dsns, RefusedDsn,
    ::testing::Values(
        BadDsn{"NoConnectionString", "open sesame", Code::kInvalidArgument,
               "not a PostgreSQL connection string"},
        BadDsn{"AnOptionThatThereIsNot", "postgresql://lw:sesame@localhost/db?sesame=1",
               Code::kInvalidArgument, "not a PostgreSQL connection string"},
        BadDsn{"NobodyListens", "postgresql://lw:sesame@127.0.0.1:1/db", Code::kUnavailable,
               "cannot connect to PostgreSQL"},
        BadDsn{"NoSuchSocket", "host=/nowhere password=sesame", Code::kUnavailable, "/nowhere"}),
    [](const auto& info) { return info.param.name; });

TEST(PostgresStore, NamesTheFileThatIsNotThere) {
  auto opened = OpenPostgresStore("/nowhere/dsn");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kNotFound);
  EXPECT_THAT(opened.error().message, HasSubstr("/nowhere/dsn"));
}

TEST(PostgresStore, ReadsTheFileAgainForANewConnection) {
  const std::string dsn = SharedPostgres().NewDatabase();
  const std::string second = SharedPostgres().NewDatabase();
  auto store = Open(dsn);
  Open(second);
  ASSERT_TRUE(store->PutInventory(kOne, Inventory("1"), {}));
  std::ifstream from(second);
  std::ofstream(dsn) << from.rdbuf();
  SharedPostgres().Ask(second,
                       "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                       " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
  EXPECT_FALSE(store->GetInventory(kOne).value().has_value()) << "the other database";
}

TEST(PostgresStore, SaysThatARoleMayNotMakeItsTables) {
  const std::string dsn = SharedPostgres().NewDatabase();
  SharedPostgres().Ask(dsn, "CREATE ROLE guest LOGIN");
  std::string text;
  {
    std::ifstream in(dsn);
    std::getline(in, text);
  }
  text.replace(text.find("user=landwaiter"), 15, "user=guest");
  std::ofstream(dsn) << text;
  auto opened = OpenPostgresStore(dsn);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kPermissionDenied) << opened.error().message;
  EXPECT_THAT(opened.error().message, HasSubstr("needs CREATE on the schema"));
}

}  // namespace
}  // namespace landwaiter::store
