#include "scanner/image/challenge.h"

#include <gtest/gtest.h>

namespace landwaiter::image {
namespace {

/// "scheme{a=b;c=d}" for each challenge.
std::string Show(std::string_view header) {
  std::string out;
  for (const Challenge& challenge : ParseChallenges(header)) {
    out += challenge.scheme + "{";
    for (const auto& [name, value] : challenge.parameters) out += name + "=" + value + ";";
    out += "}";
  }
  return out;
}

// Pitfall 43.
TEST(Challenge, ReadsWhatRegistriesSend) {
  const struct {
    const char* name;
    std::string header;
    const char* shown;
  } cases[] = {
      {"Docker Hub",
       R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull")",
       "bearer{realm=https://auth.docker.io/token;scope=repository:library/nginx:pull;"
       "service=registry.docker.io;}"},
      {"other order, spaces, capitals", R"(BEARER Service = "s" ,  REALM="r")",
       "bearer{realm=r;service=s;}"},
      {"commas inside quotes", R"(Bearer realm="r",scope="repository:a:pull,push")",
       "bearer{realm=r;scope=repository:a:pull,push;}"},
      {"escapes", R"(Basic realm="a \"b\" \\c")", "basic{realm=a \"b\" \\c;}"},
      {"tokens without quotes", "Bearer realm=r,error=insufficient_scope",
       "bearer{error=insufficient_scope;realm=r;}"},
      {"two challenges", R"(Basic realm="b", Bearer realm="t",service="s")",
       "basic{realm=b;}bearer{realm=t;service=s;}"},
      {"a scheme alone", "Negotiate", "negotiate{}"},
      {"a scheme alone before another", R"(Negotiate, Basic realm="x")",
       "negotiate{}basic{realm=x;}"},
      {"a bare token68", R"(NTLM TlRMTVNTUAAB==, Basic realm="x")", "ntlm{}basic{realm=x;}"},
      {"the first of a name counts", R"(Bearer realm="one",realm="two")", "bearer{realm=one;}"},
      {"an empty value", R"(Bearer realm="",service="")", "bearer{realm=;service=;}"},
      {"empty list items", R"(,, Basic realm="x",,)", "basic{realm=x;}"},
      {"nothing", "", ""},
      {"only commas", ", ,", ""},
      {"an open quote", R"(Bearer realm="https://)", "bearer{}"},
      {"an escape at the end", "Bearer realm=\"a\\", "bearer{}"},
      {"no value", "Bearer realm=", "bearer{}"},
      {"no letters", "@@@", ""},
  };
  for (const auto& c : cases) EXPECT_EQ(Show(c.header), c.shown) << c.name;
}

TEST(Challenge, IsBounded) {
  std::string schemes;
  for (int i = 0; i < 10'000; ++i) schemes += "S" + std::to_string(i) + ",";
  EXPECT_EQ(ParseChallenges(schemes).size(), kMaxChallenges);
  std::string parameters = "Bearer a=b";
  for (int i = 0; i < 10'000; ++i) parameters += ",p" + std::to_string(i) + "=v";
  const auto challenges = ParseChallenges(parameters);
  ASSERT_EQ(challenges.size(), 1u);
  EXPECT_EQ(challenges[0].parameters.size(), kMaxChallengeParameters);
}

}  // namespace
}  // namespace landwaiter::image
