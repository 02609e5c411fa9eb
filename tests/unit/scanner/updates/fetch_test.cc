// One file from a server that does well, and from one that breaks off.
#include "scanner/updates/fetch.h"

#include "tests/unit/scanner/updates/feed_server.h"
#include "tests/unit/scanner/updates/fetching.h"

namespace landwaiter::updates {
namespace {

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

TEST_F(FetchTest, KeepsWhatMayBeACredentialOutOfMessages) {
  const auto fetched = Fetch("/signed.zip?token=secret");
  ASSERT_FALSE(fetched);
  EXPECT_EQ(server_.Seen().back().target, "/signed.zip?token=secret");
  EXPECT_EQ(fetched.error().message.find("secret"), std::string::npos) << fetched.error().message;
}

}  // namespace
}  // namespace landwaiter::updates
