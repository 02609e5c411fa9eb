// The engines of the store, each with places for them. A new engine is one line of kEngines.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "lib/store/metered_store.h"
#include "lib/store/postgres_store.h"
#include "lib/store/sqlite_store.h"
#include "tests/unit/lib/store/postgres_server.h"

namespace landwaiter::store::testing {

/// Where a store is: opened as often as the test likes, and empty at first.
class Place {
 public:
  virtual ~Place() = default;
  virtual std::unique_ptr<Store> Open() = 0;
  /// Returns when nothing is under way any more of what a process that was killed had begun.
  virtual void AwaitRest() {}
};

class SqlitePlace final : public Place {
 public:
  SqlitePlace()
      : folder_(std::filesystem::temp_directory_path().string() + "/landwaiter-contract-" +
                std::to_string(::getpid())) {
    std::filesystem::remove_all(folder_);
  }
  ~SqlitePlace() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<Store> Open() override {
    auto opened = OpenSqliteStore(folder_);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(opened->store) : nullptr;
  }

 private:
  const std::string folder_;
};

class PostgresPlace final : public Place {
 public:
  PostgresPlace() : server_(SharedPostgres()), dsn_file_(server_.NewDatabase()) {}
  std::unique_ptr<Store> Open() override {
    auto opened = OpenPostgresStore(dsn_file_);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? *std::move(opened) : nullptr;
  }
  void AwaitRest() override {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (server_.Ask(dsn_file_,
                       "SELECT count(*) FROM pg_stat_activity"
                       " WHERE pid <> pg_backend_pid() AND datname = current_database()") != "0") {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "a connection of nobody's is left";
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

 private:
  PostgresServer& server_;
  const std::string dsn_file_;
};

class MeteredPlace final : public Place {
 public:
  std::unique_ptr<Store> Open() override {
    auto store = inner_.Open();
    return store ? MeterStore(std::move(store), metrics_) : nullptr;
  }

 private:
  SqlitePlace inner_;
  metrics::Registry metrics_;
};

struct Engine {
  const char* name;
  std::function<std::unique_ptr<Place>()> place;
};

inline const Engine kEngines[] = {{"Sqlite", [] { return std::make_unique<SqlitePlace>(); }},
                                  {"Metered", [] { return std::make_unique<MeteredPlace>(); }},
                                  {"Postgres", [] { return std::make_unique<PostgresPlace>(); }}};

}  // namespace landwaiter::store::testing
