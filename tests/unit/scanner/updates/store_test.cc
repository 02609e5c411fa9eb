// What is kept between two updates.
#include "scanner/updates/store.h"

#include "tests/unit/scanner/updates/feed_server.h"
#include "tests/unit/scanner/updates/fetching.h"

namespace landwaiter::updates {
namespace {

TEST(StoreTest, WhatIsWrittenIsReadAndWhatIsBrokenIsForgotten) {
  StoreState state;
  state.files["osv.zip"] = {"https://x.example/a", {"\"a\"", "date"}, 7};
  state.parts["kev.json"] = {"https://x.example/b", {"W/\"b\"", ""}, 0};
  state.hosts["x.example:443"] = *ParseTime("2026-01-01T00:00:00Z");
  const auto read = StateFromJson(ToJson(state));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, state);
  const TemporaryFolder folder;
  for (const std::string& broken :
       {std::string("{"), std::string("[]"), std::string(5u << 20, ' '),
        std::string(R"({"hosts":[{"host":"a","notBefore":"x"}]})"), std::string(100'000, '[')}) {
    EXPECT_FALSE(StateFromJson(broken));
    folder.Write("store/state.json", broken);
    const auto store = Store::Open(folder.Path("store"));
    ASSERT_TRUE(store);
    EXPECT_EQ(store->state, StoreState());
  }
}

// Admission pitfall 73.
// Pitfall 146.
TEST(StoreTest, OneUpdateAtATime) {
  const TemporaryFolder folder;
  const auto first = Store::Open(folder.Path("store"));
  ASSERT_TRUE(first);
  EXPECT_EQ(Store::Open(folder.Path("store")).error().code, Code::kConflict);
}

}  // namespace
}  // namespace landwaiter::updates
