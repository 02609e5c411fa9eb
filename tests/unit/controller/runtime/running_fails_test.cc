#include "controller/runtime/running_fails.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace landwaiter::controller {
namespace {

TEST(RunningFails, WhatIsWrittenIntoAStatusIsReadFromIt) {
  const RunningFails running = {2,
                                5,
                                {{"shop", "Deployment", "cart", "shop/cart:1.4", "sha256-1", 3},
                                 {"shop", "Pod", "by-hand", "shop/cart:1.3", "sha256-2", 2}}};
  const auto read = ProjectPolicy({{"apiVersion", "landwaiter.io/v1alpha1"},
                                   {"kind", "ScanPolicy"},
                                   {"metadata", {{"name", "strict"}}},
                                   {"status", {{"runningFails", RunningFailsToJson(running)}}}});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->running, running);
}

}  // namespace
}  // namespace landwaiter::controller
