// What is kept between two updates.
#include "scanner/updates/store.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "tests/unit/scanner/updates/feed_server.h"
#include "tests/unit/scanner/updates/fetching.h"

namespace landwaiter::updates {
namespace {

TEST(StoreTest, WhatIsWrittenIsReadAndWhatIsBrokenIsForgotten) {
  StoreState state;
  state.files["osv.zip"] = {"https://x.example/a",
                            {"\"a\"", "date"},
                            7,
                            *ParseTime("2026-01-01T06:00:00Z"),
                            12,
                            "a program"};
  state.parts["kev.json"] = {"https://x.example/b", {"W/\"b\"", ""}, 0};
  state.hosts["x.example:443"] = *ParseTime("2026-01-01T00:00:00Z");
  const auto read = StateFromJson(ToJson(state));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, state);
  const TemporaryFolder folder;
  for (const std::string& broken :
       {std::string("{"), std::string("[]"), std::string(5u << 20, ' '),
        std::string(R"({"hosts":[{"host":"a","notBefore":"x"}]})"),
        std::string(R"({"files":[{"name":"a","checkedAt":"x"}]})"), std::string(100'000, '[')}) {
    EXPECT_FALSE(StateFromJson(broken));
    folder.Write("store/state.json", broken);
    const auto store = Store::Open(folder.Path("store"));
    ASSERT_TRUE(store);
    EXPECT_EQ(store->state, StoreState());
  }
}

// Pitfall 145.
TEST(StoreTest, AFileWasLookedAtWhenThatWasNotedElseWhenItWasWrittenAndNeverInTheFuture) {
  struct Row {
    const char* name;
    const char* noted;
    const char* written;
    const char* expected;
  };
  constexpr const char* kNow = "2026-01-10T12:00:00Z";
  constexpr const char* kNever = "1970-01-01T00:00:00Z";
  for (const Row& row :
       {Row{"noted", "2026-01-09T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-09T00:00:00Z"},
        Row{"not noted", "", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"},
        Row{"noted a little ahead", "2026-01-10T13:00:00Z", "2026-01-01T00:00:00Z", kNow},
        Row{"noted far ahead", "2027-01-01T00:00:00Z", "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00Z"},
        Row{"both far ahead", "2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z", kNever},
        Row{"neither noted nor there", "", "", kNever}}) {
    const TemporaryFolder folder;
    auto store = Store::Open(folder.Path("store"));
    ASSERT_TRUE(store) << row.name;
    if (const auto noted = ParseTime(row.noted)) store->state.files["a"].checked_at = *noted;
    if (const auto written = ParseTime(row.written)) {
      folder.Write("store/files/a", "x");
      const auto seconds =
          std::chrono::duration_cast<std::chrono::seconds>(written->time_since_epoch());
      const timespec time{.tv_sec = seconds.count(), .tv_nsec = 0};
      const timespec times[] = {time, time};
      ASSERT_EQ(::utimensat(AT_FDCWD, store->GoodPath("a").c_str(), times, 0), 0) << row.name;
    }
    EXPECT_EQ(FormatTime(store->CheckedAt("a", *ParseTime(kNow))), row.expected) << row.name;
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
