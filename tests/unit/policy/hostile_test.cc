// Policies made to hurt: depth, size, aliases. Each must end in an error, soon and without a crash.
#include <gtest/gtest.h>

#include "policy/policy.h"
#include "policy/text_input.h"

namespace landwaiter::policy {
namespace {

constexpr std::size_t kDeep = 100'000;

std::string Repeat(std::string_view text, std::size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

std::string Json(const std::string& spec) {
  return R"({"apiVersion":"landwaiter.io/v1alpha1","kind":"ScanPolicy","metadata":{"name":"a"},)"
         R"("spec":)" +
         spec + "}";
}

TEST(HostileJson, DeepObjectsAreRefused) {
  const auto policy = ParsePolicyJson(Json(Repeat("{\"a\":", kDeep) + "1" + Repeat("}", kDeep)));
  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error().code, Code::kResourceExhausted);
}

TEST(HostileJson, DeepListsThatNeverEndAreRefused) {
  const auto policy = ParsePolicyJson(Repeat("[", kDeep));
  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error().code, Code::kResourceExhausted);
}

TEST(HostileJson, BracketsWithinTextAreText) {
  const auto policy = ParsePolicyJson(
      Json(R"({"rules":[{"name":"r","vulnerabilities":{}}],"exceptions":[{"ids":["CVE-1"],)"
           R"("until":"2027-01-31","reason":")" +
           Repeat("[", 200) + R"("}]})"));
  EXPECT_TRUE(policy) << policy.error().message;
}

TEST(HostileJson, TooLargeIsRefusedUnread) {
  const auto policy = ParsePolicyJson(std::string(kMaxPolicyBytes + 1, ' '));
  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error().code, Code::kResourceExhausted);
}

TEST(HostileJson, HugeListsAreOneComplaint) {
  const auto policy = ParsePolicyJson(Json(R"({"rules":[{"name":"r","vulnerabilities":{"ids":[)" +
                                           Repeat("\"CVE-1\",", 200'000) + R"("CVE-1"]}}]})"));
  ASSERT_FALSE(policy);
  EXPECT_NE(policy.error().message.find("has 200001 entries, at most 256"), std::string::npos);
}

TEST(HostileJson, ManyRulesAreOneComplaint) {
  const auto policy = ParsePolicyJson(Json("{\"rules\":[" + Repeat("{},", 500'000) + "{}]}"));
  ASSERT_FALSE(policy);
  EXPECT_NE(policy.error().message.find("spec.rules: has 500001 entries"), std::string::npos);
}

TEST(HostileJson, ManyUnknownFieldsMakeAShortMessage) {
  std::string spec = "{";
  for (int i = 0; i < 50'000; ++i) spec += "\"f" + std::to_string(i) + "\":1,";
  const auto policy = ParsePolicyJson(Json(spec + "\"rules\":[]}"));
  ASSERT_FALSE(policy);
  EXPECT_LT(policy.error().message.size(), 8192u);
}

TEST(HostileJson, EveryTruncationIsAnError) {
  const std::string whole =
      Json(R"({"rules":[{"name":"r","image":{"deniedPorts":[22,"53/udp"]}}]})");
  ASSERT_TRUE(ParsePolicyJson(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ParsePolicyJson(std::string_view(whole).substr(0, size))) << size;
  }
}

TEST(HostileJson, InvalidUtf8IsAnError) {
  EXPECT_FALSE(ParsePolicyJson(Json("{\"rules\":[{\"name\":\"\xff\xfe\"}]}")));
}

struct YamlCase {
  const char* name;
  std::string yaml;
};
class HostileYamlTest : public testing::TestWithParam<YamlCase> {};
TEST_P(HostileYamlTest, IsAnError) { EXPECT_FALSE(ParsePolicyYaml(GetParam().yaml)); }

INSTANTIATE_TEST_SUITE_P(
    Table, HostileYamlTest,
    testing::Values(
        YamlCase{"DeepFlowLists", Repeat("[", kDeep)},
        YamlCase{"DeepFlowMaps", Repeat("{a: ", kDeep)},
        YamlCase{"DeepClosedFlowLists", Repeat("[", kDeep) + Repeat("]", kDeep)},
        YamlCase{"DeepBlockListsOnOneLine", Repeat("- ", kDeep) + "a"},
        YamlCase{"DeepQuestionMarks", Repeat("? ", kDeep) + "a"},
        YamlCase{"AnAliasBomb",
                 "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                 "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                 "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"},
        YamlCase{"AnAliasToItself", "&a [*a]\n"},
        YamlCase{"AMergeKey", "base: {a: 1}\nx:\n  <<: {a: 1}\n"},
        YamlCase{"TooLarge", std::string(kMaxYamlBytes + 1, ' ')},
        YamlCase{"ZeroBytes", std::string(1000, '\0')},
        YamlCase{"AHugeScalar", "kind: " + std::string(1'000'000, 'a')},
        YamlCase{"ManyDocuments", Repeat("--- a\n", 100'000)},
        YamlCase{"ManyKeys",
                 [] {
                   std::string yaml;
                   for (int i = 0; i < 60'000; ++i) yaml += "k" + std::to_string(i) + ": 1\n";
                   return yaml;
                 }()}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace landwaiter::policy
