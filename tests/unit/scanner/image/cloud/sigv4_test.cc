// Signature Version 4 against Amazon's published test suite ("aws-sig-v4-test-suite").
#include "scanner/image/cloud/sigv4.h"

#include <gtest/gtest.h>

namespace landwaiter::image::cloud {
namespace {

struct Vector {
  const char* name;
  http::Request request;
  std::string session_token;
  const char* signed_headers;
  const char* signature;
};

constexpr const char* kSuiteToken =
    "AQoDYXdzEPT//////////"
    "wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIe"
    "oIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0w"
    "q5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDry"
    "pNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
constexpr const char* kRoot = "https://example.amazonaws.com/";

std::vector<Vector> Suite() {
  return {
      {"get-vanilla",
       {.url = kRoot},
       "",
       "host;x-amz-date",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"post-vanilla",
       {.method = "POST", .url = kRoot},
       "",
       "host;x-amz-date",
       "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
      {"get-vanilla-query-order-key-case",
       {.url = "https://example.amazonaws.com/?Param2=value2&Param1=value1"},
       "",
       "host;x-amz-date",
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"get-header-value-trim",
       {.url = kRoot, .headers = {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}}},
       "",
       "host;my-header1;my-header2;x-amz-date",
       "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
      {"post-header-key-case",
       {.method = "POST", .url = kRoot, .headers = {{"MY-HEADER1", "value1"}}},
       "",
       "host;my-header1;x-amz-date",
       "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
      {"post-header-value-case",
       {.method = "POST", .url = kRoot, .headers = {{"My-Header1", "VALUE1"}}},
       "",
       "host;my-header1;x-amz-date",
       "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
      {"post-x-www-form-urlencoded",
       {.method = "POST",
        .url = kRoot,
        .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
        .body = "Param1=value1"},
       "",
       "content-type;host;x-amz-date",
       "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
      {"post-vanilla-query",
       {.method = "POST", .url = "https://example.amazonaws.com/?Param1=value1"},
       "",
       "host;x-amz-date",
       "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
      {"post-sts-header-before",
       {.method = "POST", .url = kRoot},
       kSuiteToken,
       "host;x-amz-date;x-amz-security-token",
       "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
  };
}

std::string ValueOf(const http::Request& request, const std::string& name) {
  for (const auto& header : request.headers) {
    if (header.name == name) return header.value;
  }
  return "";
}

TEST(SigV4, SignsAmazonsTestSuite) {
  for (Vector vector : Suite()) {
    AwsKeys keys;
    keys.id = "AKIDEXAMPLE";
    keys.secret = Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    keys.session_token = Secret(vector.session_token);
    const TimePoint then = *ParseTime("2015-08-30T12:36:00Z");
    ASSERT_TRUE(Sign(vector.request, keys, {"us-east-1", "service"}, then)) << vector.name;
    EXPECT_EQ(ValueOf(vector.request, "Authorization"),
              std::string("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/"
                          "aws4_request, SignedHeaders=") +
                  vector.signed_headers + ", Signature=" + vector.signature)
        << vector.name;
    EXPECT_EQ(ValueOf(vector.request, "X-Amz-Date"), "20150830T123600Z") << vector.name;
    EXPECT_EQ(ValueOf(vector.request, "X-Amz-Security-Token"), vector.session_token) << vector.name;
  }
}

TEST(SigV4, SignsNoUrlThatIsNone) {
  http::Request request{.url = "example"};
  EXPECT_FALSE(Sign(request, {}, {"us-east-1", "service"}, TimePoint{}));
}

}  // namespace
}  // namespace landwaiter::image::cloud
