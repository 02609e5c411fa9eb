#include "lib/kube/answer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace landwaiter::kube {
namespace {

struct ErrorCase {
  const char* name;
  int status;
  const char* body;
  Code code;
  const char* reason;
};

TEST(ErrorOfAnswer, MapsStatusObjectsToCodes) {
  const ErrorCase cases[] = {
      {"not found", 404, R"({"kind":"Status","reason":"NotFound","message":"no"})", Code::kNotFound,
       "NotFound"},
      {"already exists", 409, R"({"reason":"AlreadyExists","message":"there"})", Code::kConflict,
       "AlreadyExists"},
      {"conflict", 409, R"({"reason":"Conflict","message":"modified"})", Code::kConflict,
       "Conflict"},
      {"expired version", 410, R"({"reason":"Expired","message":"too old"})", Code::kUnavailable,
       "Gone"},
      {"unauthorised", 401, "Unauthorized", Code::kUnauthenticated, ""},
      {"forbidden", 403, R"({"reason":"Forbidden","message":"no"})", Code::kPermissionDenied,
       "Forbidden"},
      {"invalid", 422, R"({"reason":"Invalid","message":"spec"})", Code::kInvalidArgument,
       "Invalid"},
      {"too large", 413, "", Code::kResourceExhausted, ""},
      {"throttled", 429, "{}", Code::kUnavailable, ""},
      {"server error", 500, "panic", Code::kUnavailable, ""},
      {"bad gateway with HTML", 502, "<html>", Code::kUnavailable, ""},
      {"a Status of other types", 500, R"({"reason":3,"message":[1]})", Code::kUnavailable, ""},
  };
  for (const auto& c : cases) {
    const Error error = ErrorOfAnswer(c.status, c.body, "get pods \"a/b\"");
    EXPECT_EQ(error.code, c.code) << c.name;
    EXPECT_EQ(error.reason, c.reason) << c.name;
    EXPECT_TRUE(error.message.starts_with("get pods \"a/b\": ")) << error.message;
  }
}

TEST(ErrorOfAnswer, MakesHostileMessagesHarmless) {
  const Error error =
      ErrorOfAnswer(500, "{\"message\":\"\\u001b[31m" + std::string(10'000, 'x') + "\"}", "get");
  EXPECT_LT(error.message.size(), 2100u);
  EXPECT_EQ(error.message.find('\x1b'), std::string::npos);
}

std::string Event(const std::string& type, const std::string& name) {
  return R"({"type":")" + type + R"(","object":{"metadata":{"name":")" + name +
         R"(","resourceVersion":"7"}}})" + "\n";
}

struct Seen {
  std::vector<std::string> events;
  Api::EventHandler Handler() {
    return [this](WatchEventType type, const nlohmann::json& object) {
      events.push_back(std::to_string(static_cast<int>(type)) + KeyOf(object).name);
      return true;
    };
  }
};

TEST(WatchDecoder, ReadsEventsHoweverTheBytesAreCut) {
  const std::string bytes = Event("ADDED", "a") + "\n" + Event("MODIFIED", "b") +
                            Event("DELETED", "c") + Event("BOOKMARK", "");
  for (std::size_t piece = 1; piece <= bytes.size(); piece += 7) {
    WatchDecoder decoder(1 << 20);
    Seen seen;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      ASSERT_TRUE(decoder.Feed(std::string_view(bytes).substr(at, piece), seen.Handler()));
    }
    EXPECT_EQ(seen.events, (std::vector<std::string>{"0a", "1b", "2c", "3"}));
    EXPECT_FALSE(decoder.HasPartialLine());
  }
}

struct BadLine {
  const char* name;
  std::string bytes;
  Code code;
};

TEST(WatchDecoder, RefusesWhatIsNoEvent) {
  const BadLine cases[] = {
      {"garbage", "\x01\x02garbage\n", Code::kDataLoss},
      {"an array", "[1]\n", Code::kDataLoss},
      {"a number", "7\n", Code::kDataLoss},
      {"no object",
       R"({"type":"ADDED"})"
       "\n",
       Code::kDataLoss},
      {"an object of another type",
       R"({"type":"ADDED","object":[]})"
       "\n",
       Code::kDataLoss},
      {"an unknown type",
       R"({"type":"MOVED","object":{}})"
       "\n",
       Code::kDataLoss},
      {"a type of another type",
       R"({"type":3,"object":{}})"
       "\n",
       Code::kDataLoss},
      {"nested without end", std::string(5000, '[') + "\n", Code::kDataLoss},
      {"a line without end", std::string(100'000, 'x'), Code::kResourceExhausted},
      {"an error event",
       R"({"type":"ERROR","object":{"code":500,"message":"boom"}})"
       "\n",
       Code::kUnavailable},
  };
  for (const auto& c : cases) {
    WatchDecoder decoder(10'000);
    Seen seen;
    const Status status = decoder.Feed(c.bytes, seen.Handler());
    ASSERT_FALSE(status) << c.name;
    EXPECT_EQ(status.error().code, c.code) << c.name;
    EXPECT_TRUE(seen.events.empty()) << c.name;
  }
}

TEST(WatchDecoder, TellsThatTheVersionIsGone) {
  WatchDecoder decoder(10'000);
  Seen seen;
  const Status status =
      decoder.Feed(R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}})"
                   "\n",
                   seen.Handler());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().reason, kReasonGone);
}

TEST(WatchDecoder, KnowsAHalfLine) {
  WatchDecoder decoder(10'000);
  Seen seen;
  ASSERT_TRUE(decoder.Feed(R"({"type":"ADD)", seen.Handler()));
  EXPECT_TRUE(decoder.HasPartialLine());
}

}  // namespace
}  // namespace landwaiter::kube
