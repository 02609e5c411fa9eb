#include "report/licenses.h"

#include <gtest/gtest.h>

namespace landwaiter::report {
namespace {

struct Case {
  const char* text;
  const char* expected;  // null: no expression
};

TEST(Licenses, ExpressionsAreReadAsTheListSpellsThem) {
  const Case cases[] = {
      {"MIT", "MIT"},
      {"mit", "MIT"},
      {"apache-2.0 OR mit", "Apache-2.0 OR MIT"},
      {"(MIT and Apache-2.0)", "(MIT AND Apache-2.0)"},
      {"GPL-2.0-or-later WITH Classpath-exception-2.0",
       "GPL-2.0-or-later WITH Classpath-exception-2.0"},
      {"GPL-2.0+", "GPL-2.0+"},
      {"0BSD", "0BSD"},
      {"ZPL-2.1", "ZPL-2.1"},
      {"MIT AND (Zlib OR (Apache-2.0))", "MIT AND (Zlib OR (Apache-2.0))"},
      {"", nullptr},
      {" ", nullptr},
      {"GPLv2+", nullptr},
      {"MIT OR", nullptr},
      {"OR MIT", nullptr},
      {"MIT MIT", nullptr},
      {"(MIT", nullptr},
      {"MIT)", nullptr},
      {"MIT Or Zlib", nullptr},
      {"MIT WITH nonesuch", nullptr},
      {"MIT/Apache-2.0", nullptr},
      {"BSD (see COPYING)", nullptr},
  };
  for (const Case& one : cases) {
    const auto read = SpdxExpression(one.text);
    EXPECT_EQ(read.has_value(), one.expected != nullptr) << one.text;
    if (read && one.expected != nullptr) EXPECT_EQ(*read, one.expected);
  }
}

TEST(Licenses, NestingIsBounded) {
  const auto nested = [](std::size_t depth) {
    return SpdxExpression(std::string(depth, '(') + "MIT" + std::string(depth, ')'));
  };
  EXPECT_TRUE(nested(20));
  EXPECT_FALSE(nested(21));
  EXPECT_FALSE(nested(100'000));
}

TEST(Licenses, AllThatIsRecordedHoldsTogether) {
  std::map<std::string, std::string> texts;
  EXPECT_EQ(LicenseExpressionOf({"MIT", "Apache-2.0 OR Zlib", "MIT"}, texts),
            "MIT AND (Apache-2.0 OR Zlib)");
  EXPECT_TRUE(texts.empty());
  EXPECT_EQ(LicenseExpressionOf({}, texts), "");
  EXPECT_EQ(LicenseExpressionOf({"  "}, texts), "");
}

TEST(Licenses, OtherTextsAreReferencesThatCannotCollide) {
  std::map<std::string, std::string> texts;
  const std::string first = LicenseExpressionOf({"See <COPYING>"}, texts);
  const std::string second = LicenseExpressionOf({"See (COPYING)"}, texts);
  EXPECT_NE(first, second);
  EXPECT_EQ(texts.size(), 2u);
  EXPECT_EQ(
      first.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."),
      std::string::npos);
}

}  // namespace
}  // namespace landwaiter::report
