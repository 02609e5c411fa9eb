// What policies want of an image, put together: the sum, what it covers, its one text.
#include "model/collection.h"

#include <gtest/gtest.h>

namespace landwaiter {
namespace {

Collection Files(std::vector<FileWish> wishes) {
  Collection sum;
  for (FileWish& wish : wishes) EXPECT_TRUE(sum.Add({.files = {std::move(wish)}}));
  return sum;
}

struct CoverCase {
  const char* name;
  Collection have;
  Collection want;
  bool covers;
};

class CoverTest : public testing::TestWithParam<CoverCase> {};

TEST_P(CoverTest, SaysWhetherAllThatIsWantedWasCollected) {
  EXPECT_EQ(GetParam().have.Covers(GetParam().want), GetParam().covers);
}

INSTANTIATE_TEST_SUITE_P(
    Table, CoverTest,
    testing::Values(
        CoverCase{"NothingCoversNothing", {}, {}, true},
        CoverCase{"NothingDoesNotCoverAFile", {}, Files({{"etc/shadow"}}), false},
        CoverCase{"MoreCoversLess", Files({{"a"}, {"b"}}), Files({{"b"}}), true},
        CoverCase{"AnotherPatternIsNotEnough", Files({{"etc/*"}}), Files({{"etc/shadow"}}), false},
        CoverCase{"AllFilesCoverTheSpecialOnes", Files({{"**"}}), Files({{"**", true}}), true},
        CoverCase{"SpecialOnesDoNotCoverAll", Files({{"**", true}}), Files({{"**"}}), false},
        CoverCase{"WithoutItsHash", Files({{"a"}}), Files({{"a", false, true}}), false},
        CoverCase{"WithoutItsExpression", Files({{"a", false, false, {"x"}}}),
                  Files({{"a", false, false, {"y"}}}), false},
        CoverCase{"PasswdIsNotSecrets", {.passwd = true}, {.secrets = 1}, false},
        CoverCase{"OlderRulesForSecrets", {.secrets = 1}, {.secrets = 2}, false},
        // Others may have found what these do not look for any more.
        CoverCase{"NewerRulesForSecrets", {.secrets = 2}, {.secrets = 1}, false}),
    [](const auto& info) { return info.param.name; });

TEST(Collection, IsTheSameInWhateverOrderItWasPutTogether) {
  const auto one = Files({{"a", false, true},
                          {"b"},
                          {"a", false, false, {"y"}},
                          {"a", false, false, {"x"}},
                          {"a", true}});
  const auto other =
      Files({{"a", false, false, {"x", "y"}}, {"a", true}, {"a", false, true}, {"b"}});
  EXPECT_EQ(one, other);
  EXPECT_EQ(ToJson(one), ToJson(other));
  EXPECT_EQ(one.Expressions(), (std::vector<std::string>{"x", "y"}));
  const auto back = CollectionFromJson(ToJson(one));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, one);
}

TEST(Collection, OfNothingIsNoText) {
  EXPECT_EQ(ToJson(Collection()), "");
  EXPECT_EQ(*CollectionFromJson(""), Collection());
}

TEST(Collection, ThatGrowsBeyondItsBoundStaysAsItWas) {
  Collection sum;
  std::size_t added = 0;
  while (sum.Add({.files = {{std::string(400, 'x') + std::to_string(added)}}})) ++added;
  EXPECT_GT(added, 50u);
  EXPECT_LE(ToJson(sum).size(), kMaxCollectionBytes);
  EXPECT_EQ(sum.files.size(), added);
  EXPECT_TRUE(sum.Add({.passwd = true}));  // what still has room
}

TEST(Collection, OfBrokenTextIsRefused) {
  for (const char* text : {"{", "[]", R"({"files":[{}]})", R"({"files":[{"pattern":""}]})",
                           R"({"secrets":-1})", R"({"files":[{"pattern":"a","content":[1]}]})"}) {
    EXPECT_FALSE(CollectionFromJson(text)) << text;
  }
  EXPECT_FALSE(
      CollectionFromJson(R"({"files":[{"pattern":")" + std::string(40'000, 'x') + "\"}]}"));
}

}  // namespace
}  // namespace landwaiter
