// How long a server that is in trouble is waited for.
#include "scanner/updates/fetch.h"
#include "tests/unit/scanner/updates/feed_server.h"
#include "tests/unit/scanner/updates/fetching.h"

namespace landwaiter::updates {
namespace {

// Admission pitfall 72.
TEST_F(FetchTest, WaitsAsLongAsItIsAskedToAndNeverLessThanTheFloor) {
  struct Row {
    const char* name;
    const char* retry_after;
    milliseconds wait;
  };
  for (const Row& row :
       {Row{"no word", "", seconds(60)}, Row{"less than the floor", "1", seconds(60)},
        Row{"zero", "0", seconds(60)}, Row{"negative", "-5", seconds(60)},
        Row{"no number", "soon", seconds(60)}, Row{"more than the floor", "300", seconds(300)},
        Row{"a date", "Thu, 01 Jan 2026 00:05:00 GMT", seconds(300)},
        Row{"a date that is past", "Thu, 01 Jan 2015 00:05:00 GMT", seconds(60)}}) {
    clock_ = TurnedClock();
    waited_.clear();
    int asked = 0;
    server_.SetHook([&](const SeenRequest&, Connection& c) -> std::optional<bool> {
      if (++asked > 1) return std::nullopt;
      return c.Reply(429, {{"Retry-After", row.retry_after}}, "");
    });
    const auto fetched = Fetch();
    ASSERT_TRUE(fetched) << row.name << ": " << fetched.error().message;
    EXPECT_EQ(waited_, std::vector<milliseconds>{row.wait}) << row.name;
  }
}

TEST_F(FetchTest, AHostThatAsksForALongWaitIsLeftAloneInThisRunAndTheNext) {
  server_.SetHook([&](const SeenRequest&, Connection& c) -> std::optional<bool> {
    return c.Reply(503, {{"Retry-After", "7200"}}, "");
  });
  const auto first = Fetch();
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, Code::kResourceExhausted) << first.error().message;
  EXPECT_NE(first.error().message.find("2026-01-01T02:00:00Z"), std::string::npos);
  const std::size_t asked = server_.Seen().size();
  EXPECT_EQ(asked, 1u);
  Open();
  server_.SetHook({});
  EXPECT_FALSE(Fetch());
  EXPECT_FALSE(Fetch("/other.zip")) << "it is the host that asked";
  EXPECT_EQ(server_.Seen().size(), asked);
  clock_.now += std::chrono::hours(2);
  EXPECT_TRUE(Fetch());
  EXPECT_TRUE(waited_.empty());
}

TEST_F(FetchTest, APauseThatAWrongClockNotedIsForgotten) {
  store_->state.hosts[http::Url::Parse(server_.File("/all.zip").url)->HostPort()] =
      *ParseTime("2099-01-01T00:00:00Z");
  EXPECT_TRUE(Fetch());
  EXPECT_TRUE(waited_.empty());
}

TEST(PauseAfterTest, IsADayAtMost) {
  const TimePoint now = *ParseTime("2026-01-01T00:00:00Z");
  for (const char* value : {"200000", "99999999999999999999999", "Fri, 01 Jan 2027 00:00:00 GMT",
                            "Fri, 31 Dec 9999 23:59:59 GMT"}) {
    EXPECT_EQ(PauseAfter(value, now, seconds(60)), std::chrono::hours(24)) << value;
  }
}

TEST_F(FetchTest, GivesUpAfterAllTries) {
  server_.SetHook([&](const SeenRequest&, Connection& c) -> std::optional<bool> {
    return c.Reply(500, {}, "");
  });
  const auto fetched = Fetch();
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, Code::kUnavailable);
  EXPECT_EQ(server_.Seen().size(), 4u);
  EXPECT_EQ(waited_.size(), 3u);
}

TEST_F(FetchTest, DoesNotAskAgainWhereTheAnswerWillBeTheSame) {
  struct Row {
    const char* name;
    int status;
    Code code;
  };
  for (const Row& row :
       {Row{"401", 401, Code::kUnauthenticated}, Row{"403", 403, Code::kPermissionDenied},
        Row{"404", 404, Code::kNotFound}, Row{"410", 410, Code::kNotFound},
        Row{"400", 400, Code::kUnsupported}, Row{"204", 204, Code::kUnsupported},
        Row{"304 unasked", 304, Code::kUnsupported}}) {
    const std::size_t before = server_.Seen().size();
    server_.SetHook([&](const SeenRequest&, Connection& c) -> std::optional<bool> {
      if (row.status == 304) return c.Send("HTTP/1.1 304 X\r\n\r\n");
      return c.Reply(row.status, {}, "");
    });
    const auto fetched = Fetch();
    ASSERT_FALSE(fetched) << row.name;
    EXPECT_EQ(fetched.error().code, row.code) << row.name << ": " << fetched.error().message;
    EXPECT_EQ(server_.Seen().size(), before + 1) << row.name;
  }
  EXPECT_TRUE(waited_.empty());
}

TEST_F(FetchTest, StopsWhileItWaits) {
  may_wait_ = false;
  server_.SetHook([&](const SeenRequest&, Connection& c) -> std::optional<bool> {
    return c.Reply(429, {}, "");
  });
  EXPECT_EQ(Fetch().error().code, Code::kCancelled);
  EXPECT_EQ(server_.Seen().size(), 1u);
}

}  // namespace
}  // namespace landwaiter::updates
