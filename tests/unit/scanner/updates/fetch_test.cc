// One file from a server that does well, and from servers that do not.
#include "scanner/updates/fetch.h"

#include "tests/unit/scanner/updates/feed_server.h"

namespace landwaiter::updates {
namespace {

using advisories::TemporaryFolder;
using std::chrono::milliseconds;
using std::chrono::seconds;

class FetchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.Hold("/all.zip", bytes_);
    Open();
  }
  /// As the next run does.
  void Open() {
    store_.reset();
    auto store = Store::Open(folder_.Path("store"));
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::make_unique<Store>(*std::move(store));
  }
  Result<Fetcher::Outcome> Fetch(const std::string& path = "/all.zip") {
    options_.stall_timeout = milliseconds(500);
    Fetcher fetcher(*client_, *store_, clock_, options_,
                    [this](milliseconds time, const std::string&, const Cancellation&) {
                      waited_.push_back(time);
                      clock_.now += time;
                      return may_wait_;
                    },
                    {});
    return fetcher.Fetch(server_.File(path), {});
  }
  /// Fetches and keeps, as an update does whose build succeeds.
  void FetchAndKeep() {
    const auto fetched = Fetch();
    ASSERT_TRUE(fetched) << fetched.error().message;
    ASSERT_TRUE(fetched->changed);
    ASSERT_TRUE(store_->Promote("osv.zip", fetched->known));
    ASSERT_TRUE(store_->Save());
  }
  std::string NewBytes() {
    auto bytes = ReadFile(store_->NewPath("osv.zip"), 64u << 20);
    return bytes ? *bytes : "";
  }

  const std::string bytes_ = [] {
    std::string bytes;
    for (int i = 0; i < 40'000; ++i) bytes += std::to_string(i);
    return bytes;
  }();
  TemporaryFolder folder_;
  FeedServer server_;
  std::unique_ptr<http::Client> client_ = *http::Client::Create({});
  std::unique_ptr<Store> store_;
  TurnedClock clock_;
  FetchOptions options_;
  std::vector<milliseconds> waited_;
  bool may_wait_ = true;
};

TEST_F(FetchTest, FetchesOnceAndThenAsksWhetherItChanged) {
  FetchAndKeep();
  Open();
  const auto same = Fetch();
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_FALSE(same->changed);
  EXPECT_EQ(server_.Seen().back().Header("if-none-match"), "\"v1\"");
  EXPECT_EQ(*ReadFile(store_->GoodPath("osv.zip"), 64u << 20), bytes_);
  server_.Hold("/all.zip", bytes_ + "more", "\"v2\"");
  const auto other = Fetch();
  ASSERT_TRUE(other);
  EXPECT_TRUE(other->changed);
  EXPECT_EQ(NewBytes(), bytes_ + "more");
  EXPECT_EQ(*ReadFile(store_->GoodPath("osv.zip"), 64u << 20), bytes_) << "until it is built from";
  EXPECT_TRUE(waited_.empty());
}

TEST_F(FetchTest, AsksByDateWhereThereIsNoEtag) {
  constexpr const char* kDate = "Wed, 31 Dec 2025 10:00:00 GMT";
  server_.SetHook([&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    if (r.Header("if-modified-since") == kDate) return c.Send("HTTP/1.1 304 X\r\n\r\n");
    return c.Reply(200, {{"Last-Modified", kDate}}, bytes_);
  });
  FetchAndKeep();
  const auto same = Fetch();
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_FALSE(same->changed);
}

TEST_F(FetchTest, AsksWithoutAConditionWhereTheFileIsGoneOrOfAnotherAddress) {
  FetchAndKeep();
  std::filesystem::remove(store_->GoodPath("osv.zip"));
  ASSERT_TRUE(Fetch()->changed);
  EXPECT_EQ(server_.Seen().back().Header("if-none-match"), "");
  FetchAndKeep();
  server_.Hold("/mirror/all.zip", bytes_);
  EXPECT_TRUE(Fetch("/mirror/all.zip")->changed);
  EXPECT_EQ(server_.Seen().back().Header("if-none-match"), "");
}

TEST_F(FetchTest, TakesUpAgainWhatBrokeOff) {
  server_.SetHook(BreakOff(bytes_, 1));
  const auto fetched = Fetch();
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_EQ(NewBytes(), bytes_);
  const SeenRequest last = server_.Seen().back();
  EXPECT_EQ(last.Header("range"), "bytes=" + std::to_string(bytes_.size() / 2) + "-");
  EXPECT_EQ(last.Header("if-range"), "\"v1\"");
  EXPECT_EQ(waited_, std::vector<milliseconds>{seconds(60)}) << "the floor";
}

TEST_F(FetchTest, TakesUpAgainWhatAnEarlierRunBegan) {
  server_.SetHook(BreakOff(bytes_, 1));
  options_.max_tries = 1;
  ASSERT_FALSE(Fetch());
  Open();
  const auto fetched = Fetch();
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_EQ(NewBytes(), bytes_);
  EXPECT_NE(server_.Seen().back().Header("range"), "");
  EXPECT_EQ(waited_, std::vector<milliseconds>{seconds(60)}) << "the host's pause is remembered";
}

TEST_F(FetchTest, BeginsAnewWhereTheFileIsAnotherByThen) {
  server_.SetHook(BreakOff(bytes_, 1));
  options_.max_tries = 1;
  ASSERT_FALSE(Fetch());
  const std::string other(bytes_.size() * 2, 'n');
  server_.Hold("/all.zip", other, "\"v2\"");
  ASSERT_TRUE(Fetch());
  EXPECT_EQ(NewBytes(), other);
}

TEST_F(FetchTest, BeginsAnewWhereThePartIsNoLongerThere) {
  server_.SetHook(BreakOff(bytes_, 1));
  options_.max_tries = 1;
  ASSERT_FALSE(Fetch());
  server_.SetHook([&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    if (!r.Header("range").empty()) return c.Reply(416, {}, "");
    return std::nullopt;
  });
  options_.max_tries = 2;
  ASSERT_TRUE(Fetch());
  EXPECT_EQ(NewBytes(), bytes_);
}

TEST_F(FetchTest, NeverJoinsTheHalvesOfTwoFiles) {
  constexpr const char* kDated = "ETag: \"v1\"\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n";
  const auto rest = [&](std::size_t length) {
    return "bytes " + std::to_string(bytes_.size() / 2) + "-" + std::to_string(length - 1) + "/" +
           std::to_string(length);
  };
  struct Row {
    const char* name;
    FeedServer::Hook hook;
  };
  const std::string half = std::to_string(bytes_.size() / 2);
  for (const Row& row :
       {Row{"another range than was asked for",
            [&](const SeenRequest&r, Connection&c) -> std::optional<bool> {
              if (r.Header("range").empty()) return std::nullopt;
              return c.Reply(206, {{"Content-Range", "bytes 5-9/10"}}, "xxxxx");
            }},
        Row{"the rest of another file",
            [&](const SeenRequest&r, Connection&c) -> std::optional<bool> {
              if (r.Header("range").empty()) return std::nullopt;
              return c.Reply(
                  206,
                  {{"Content-Range", "bytes " + half + "-99999999/100000000"}, {"ETag", "\"v2\""}},
                  "xxxxx");
            }},
        Row{"the rest of a file of another date",
            [&](const SeenRequest&r, Connection&c) -> std::optional<bool> {
              if (r.Header("range").empty()) return std::nullopt;
              return c.Reply(206,
                             {{"Content-Range", rest(bytes_.size())},
                              {"Last-Modified", "Fri, 02 Jan 2026 00:00:00 GMT"}},
                             std::string(bytes_.size() - bytes_.size() / 2, 'n'));
            }},
        Row{"the rest of a file of another length",
            [&](const SeenRequest&r, Connection&c) -> std::optional<bool> {
              if (r.Header("range").empty()) return std::nullopt;
              return c.Reply(206, {{"Content-Range", rest(bytes_.size() + 1)}},
                             std::string(bytes_.size() + 1 - bytes_.size() / 2, 'n'));
            }},
        Row{"a part of the rest",
            [&](const SeenRequest&r, Connection&c) -> std::
                                                       optional<bool> {
                                                         if (r.Header("range").empty())
                                                           return std::nullopt;
                                                         return c.Reply(
                                                             206,
                                                             {{"Content-Range",
                                                               "bytes " + half + "-" + half + "/" +
                                                                   std::to_string(bytes_.size())}},
                                                             "x");
                                                       }},
        Row{"a rest of unknown length",
            [&](const SeenRequest&r, Connection&c) -> std::optional<bool> {
              if (r.Header("range").empty()) return std::nullopt;
              return c.Reply(206, {{"Content-Range", "bytes " + half + "-" + half + "/*"}}, "x");
            }},
        Row{"a range that nobody asked for",
            [&](const SeenRequest&r, Connection&c) -> std::optional<bool> {
              if (!r.Header("range").empty()) return std::nullopt;
              return c.Reply(206, {{"Content-Range", "bytes 0-4/10"}}, "xxxxx");
            }}}) {
    server_.SetHook(BreakOff(bytes_, 1, kDated));
    options_.max_tries = 1;
    EXPECT_FALSE(Fetch()) << row.name;
    server_.SetHook(row.hook);
    options_.max_tries = 2;
    const auto fetched = Fetch();
    if (fetched) {
      EXPECT_EQ(NewBytes(), bytes_) << row.name;
    }
    std::filesystem::remove(store_->NewPath("osv.zip"));
  }
}

TEST_F(FetchTest, AWeakEtagIsGoodForConditionsAndNotForRanges) {
  server_.SetHook(BreakOff(bytes_, 1, "ETag: W/\"v1\"\r\n"));
  ASSERT_TRUE(Fetch());
  EXPECT_EQ(NewBytes(), bytes_);
  EXPECT_EQ(server_.Seen().back().Header("range"), "");
}

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
  for (const char* value : {"200000", "99999999999999999999999", "Fri, 01 Jan 2027 00:00:00 GMT"}) {
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

TEST_F(FetchTest, KeepsWhatMayBeACredentialOutOfMessages) {
  const auto fetched = Fetch("/signed.zip?token=secret");
  ASSERT_FALSE(fetched);
  EXPECT_EQ(server_.Seen().back().target, "/signed.zip?token=secret");
  EXPECT_EQ(fetched.error().message.find("secret"), std::string::npos) << fetched.error().message;
}

TEST_F(FetchTest, FollowsWithinBounds) {
  server_.SetHook([&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    if (r.target == "/moved.zip") return c.Reply(302, {{"Location", "/all.zip"}}, "");
    if (r.target == "/loop.zip") return c.Reply(301, {{"Location", "/loop.zip"}}, "");
    if (r.target == "/odd.zip") return c.Reply(301, {{"Location", "file:///etc/passwd"}}, "");
    return std::nullopt;
  });
  EXPECT_TRUE(Fetch("/moved.zip"));
  EXPECT_EQ(NewBytes(), bytes_);
  EXPECT_EQ(Fetch("/loop.zip").error().code, Code::kUnsupported);
  EXPECT_EQ(Fetch("/odd.zip").error().code, Code::kInvalidArgument);
}

TEST_F(FetchTest, RefusesWhatIsTooLargeOrEncoded) {
  options_.max_file_bytes = 1000;
  EXPECT_EQ(Fetch().error().code, Code::kResourceExhausted);
  EXPECT_EQ(server_.Seen().size(), 1u);
  options_.max_file_bytes = 1u << 30;
  server_.SetHook([&](const SeenRequest&, Connection& c) -> std::optional<bool> {
    return c.Reply(200, {{"Content-Encoding", "gzip"}}, "xxx");
  });
  EXPECT_EQ(Fetch().error().code, Code::kUnsupported);
  EXPECT_FALSE(std::filesystem::exists(store_->NewPath("osv.zip")));
}

TEST_F(FetchTest, AStallIsABodyThatBreaksOff) {
  options_.max_tries = 1;
  server_.SetHook([&](const SeenRequest&, Connection& c) -> std::optional<bool> {
    c.Send("HTTP/1.1 200 X\r\nETag: \"v1\"\r\nContent-Length: 10\r\n\r\nfive.");
    c.WaitForClose();
    return false;
  });
  const auto fetched = Fetch();
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, Code::kUnavailable) << fetched.error().message;
  EXPECT_EQ(SizeOf(store_->PartPath("osv.zip")), 5u);
}

TEST_F(FetchTest, StopsWhileItWaits) {
  may_wait_ = false;
  server_.SetHook([&](const SeenRequest&, Connection& c) -> std::optional<bool> {
    return c.Reply(429, {}, "");
  });
  EXPECT_EQ(Fetch().error().code, Code::kCancelled);
  EXPECT_EQ(server_.Seen().size(), 1u);
}

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
