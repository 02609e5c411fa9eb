#include "lib/base/text.h"

#include <gtest/gtest.h>

namespace landwaiter {
namespace {

struct GlobCase {
  const char* name;
  const char* pattern;
  const char* text;
  bool matches;
};

class GlobTest : public testing::TestWithParam<GlobCase> {};

TEST_P(GlobTest, Matches) {
  EXPECT_EQ(text::GlobMatch(GetParam().pattern, GetParam().text), GetParam().matches);
}

// Pitfall 155: patterns are globs, and no pattern is slow.
INSTANTIATE_TEST_SUITE_P(
    Table, GlobTest,
    testing::Values(GlobCase{"EverythingMatchesTwoStars", "**", "a/b/c:1", true},
                    GlobCase{"OneStarStaysWithinAPart", "registry/*", "registry/a/b", false},
                    GlobCase{"OneStarMatchesAPart", "registry/*:1", "registry/a:1", true},
                    GlobCase{"TwoStarsCrossParts", "registry/**", "registry/a/b:1", true},
                    GlobCase{"LeadingTwoStarsSlashMayBeNothing", "**/app:*", "app:1", true},
                    GlobCase{"LeadingTwoStarsSlashMayBeParts", "**/app:*", "x/y/app:1", true},
                    GlobCase{"LeadingTwoStarsSlashNeedsAWholePart", "**/app:*", "xapp:1", false},
                    GlobCase{"InnerTwoStarsSlashMayBeNothing", "a/**/b", "a/b", true},
                    GlobCase{"InnerTwoStarsSlashMayBeParts", "a/**/b", "a/x/y/b", true},
                    GlobCase{"QuestionMarkIsOneCharacter", "a?c", "abc", true},
                    GlobCase{"QuestionMarkIsNoSlash", "a?c", "a/c", false},
                    GlobCase{"EmptyPatternMatchesOnlyEmptyText", "", "a", false},
                    GlobCase{"EmptyMatchesEmpty", "", "", true},
                    GlobCase{"TrailingStarMayBeEmpty", "pause*", "pause", true},
                    GlobCase{"ManyStarsStayFast", "**/**/**/**/**/**/**/**/**/**/**/x",
                             "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/y",
                             false}),
    [](const auto& info) { return info.param.name; });

// Pitfall 157: escapes in what is printed.
TEST(Printable, ReplacesWhatATerminalWouldObey) {
  EXPECT_EQ(text::Printable("a\x1b[31mb\nc\xE2\x80\xAE"
                            "d\xff"),
            "a?[31mb?c?d?");
  EXPECT_EQ(text::Printable("zażółć"), "zażółć");
}

TEST(Truncate, CutsAtACharacterAndShowsTheCut) {
  EXPECT_EQ(text::Truncate("short", 10), "short");
  EXPECT_EQ(text::Truncate("żółwżółwżółw", 10), "żółw…");
}

TEST(JsonQuote, EscapesAndRepairs) {
  EXPECT_EQ(text::JsonQuote("a\"\\\n\xff"), "\"a\\\"\\\\\\u000a\xEF\xBF\xBD\"");
}

TEST(Base64, RoundTripsEveryLength) {
  for (std::string bytes; bytes.size() < 40; bytes += static_cast<char>(bytes.size() * 37)) {
    EXPECT_EQ(text::Base64Decode(text::Base64Encode(bytes)), bytes);
  }
  EXPECT_EQ(text::Base64Encode("any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==");
  EXPECT_FALSE(text::Base64Decode("a"));
  EXPECT_FALSE(text::Base64Decode("YW=5"));
}

}  // namespace
}  // namespace landwaiter
