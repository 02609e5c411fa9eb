// What every Store must do. A new engine adds its factory to the list of its own test file.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>

#include "lib/store/store.h"

namespace landwaiter::store {

struct StoreFactory {
  const char* name;
  std::function<std::unique_ptr<Store>(const std::string& folder)> open;
};

class StoreContract : public ::testing::TestWithParam<StoreFactory> {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path().string() + "/landwaiter-contract-" +
              std::to_string(::getpid());
    std::filesystem::remove_all(folder_);
    store_ = GetParam().open(folder_);
    ASSERT_NE(store_, nullptr);
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Reopen() {
    store_.reset();
    store_ = GetParam().open(folder_);
    ASSERT_NE(store_, nullptr);
  }

  std::string folder_;
  std::unique_ptr<Store> store_;
};

}  // namespace landwaiter::store
