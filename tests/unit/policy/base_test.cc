// The `base` rule and image.maxLayersFromUnknownBase: a letter is a layer, "abc" an image of three.
#include <gtest/gtest.h>

#include "tests/unit/policy/rule_case.h"

namespace landwaiter::policy {
namespace {

constexpr const char* kOfDigest1 =
    "base: {allowed: "
    "[\"sha256:1111111111111111111111111111111111111111111111111111111111111111\"]}";
constexpr const char* kOfIndex =
    "base: {allowed: "
    "[\"shop/base:7@sha256:eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee\"]}";
constexpr const char* kDebian = "docker.io/library/debian:12";
constexpr const char* kTeam = "registry.example.com/team/base:7";

AnImage App() { return AnImage().BuiltOf("abcd"); }
/// On debian ("a") and the team's base ("ab").
AnImage OnBoth() { return App().KnowsBase(kDebian, "a", '1').KnowsBase(kTeam, "ab", '2'); }
AnImage OnDebian() { return App().KnowsBase(kDebian, "a", '1').KnowsBase(kTeam, "ax", '2'); }

INSTANTIATE_TEST_SUITE_P(
    Bases, ContentRuleTest,
    testing::Values(
        RuleCase{"BuiltOnAnAllowedOneItPasses", "base: {allowed: [\"**/team/base\"]}", OnBoth(),
                 kPass, ""},
        RuleCase{"AnAllowedOneFurtherBelowWillDo", "base: {allowed: [\"debian:12\"]}", OnBoth(),
                 kPass, ""},
        RuleCase{"BuiltOnAnotherItFires", "base: {allowed: [\"**/team/base\"]}", OnDebian(), kFail,
                 "is built on docker.io/library/debian:12, which is not among the base images "
                 "allowed (**/team/base)"},
        RuleCase{"AnotherTagIsAnother", "base: {allowed: [\"debian:13\", \"debian:12-*\"]}",
                 OnDebian()
                     .KnowsBase("docker.io/library/debian:13", "z", '3')
                     .KnowsBase("docker.io/library/debian:12-slim", "y", '4'),
                 kFail, "debian:12, which is not among"},
        RuleCase{"BuiltOnNothingKnownItFires", "base: {allowed: [\"debian:12\"]}",
                 AnImage().BuiltOf("xyz").KnowsBase(kDebian, "a", '1'), kFail,
                 "is not built on one among the base images allowed (debian:12)"},
        RuleCase{"SquashedItIsBuiltOnNothing", "base: {allowed: [\"debian:12\"]}",
                 AnImage().BuiltOf("s").KnowsBase(kDebian, "a", '1'), kFail, "is not built on"},
        RuleCase{"WhatIsAllowedButNotKnownIsOpen", "base: {allowed: [\"debian:13\"]}", OnBoth(),
                 kOpen, "allowed: no image is known by debian:13"},
        RuleCase{"OneKnownOneThatIsMetIsEnough", "base: {allowed: [\"debian:13\", \"debian\"]}",
                 OnBoth(), kPass, ""},
        RuleCase{"TheAllowedOneItselfPasses", "base: {allowed: [\"**/app\"]}",
                 App().KnowsBase("registry.example.com/app:1", "abcd", '9'), kPass, ""},
        RuleCase{"AnImageWithTheSameLayersIsBuiltOnIt", "base: {allowed: [\"**/app\"]}",
                 App().KnowsBase("registry.example.com/app:1", "abcd", '8'), kPass, ""},
        RuleCase{"ADigestWillDo", kOfDigest1, OnBoth(), kPass, ""},
        RuleCase{"OfANameWithADigestTheDigestCounts", kOfIndex, OnBoth(), kPass, ""},
        RuleCase{"ADigestThatNobodyKnowsIsOpen", kOfDigest1, App().KnowsBase(kTeam, "ab", '2'),
                 kOpen, "no image is known by sha256:1111"},
        RuleCase{"AnUnnamedOneMeetsNoPattern", "base: {allowed: [\"**\"]}",
                 App().KnowsBase("", "a", '1').KnowsBase(kTeam, "x", '2'), kFail,
                 "is not built on one"},
        RuleCase{"BuiltOnADeniedOneItFires", "base: {denied: [\"debian\"]}", OnBoth(), kFail,
                 "is built on docker.io/library/debian:12, which is denied as a base image"},
        RuleCase{"TheDeniedOneItselfFires", "base: {denied: [\"**/app\"]}",
                 App().KnowsBase("registry.example.com/app:1", "abcd", '9'), kFail,
                 "is registry.example.com/app:1, which is denied"},
        RuleCase{"NotBuiltOnADeniedOneItPasses", "base: {denied: [\"**/team/base\"]}", OnDebian(),
                 kPass, ""},
        RuleCase{"WhatIsDeniedButNotKnownIsOpen", "base: {denied: [\"alpine\"]}", OnBoth(), kOpen,
                 "denied: no image is known by alpine, so what is built on it cannot be told"},
        RuleCase{"AnUnknownBaseCountsWhenAsked", "base: {unknown: Count}",
                 AnImage().BuiltOf("xyz").KnowsBase(kDebian, "a", '1'), kFail,
                 "its base image is not known"},
        RuleCase{"AKnownOneDoesNot", "base: {unknown: Count}", OnDebian(), kPass, ""},
        RuleCase{"ItselfIsNoBaseOfItsOwn", "base: {unknown: Count}",
                 App().KnowsBase("registry.example.com/app:1", "abcd", '9'), kFail, "not known"},
        RuleCase{"ADigestThatAnybodyMadeKnownIsNotKnown", "base: {unknown: Count}",
                 App().KnowsBase("", "ab", '2'), kFail, "not known"},
        RuleCase{"ADigestThatTheRuleNamesIs",
                 "base: {unknown: Count, allowed: "
                 "[\"sha256:2222222222222222222222222222222222222222222222222222222222222222\"]}",
                 App().KnowsBase("", "ab", '2'), kPass, ""},
        RuleCase{"AnUnknownOneIsNeverAllowed", "base: {unknown: Ignore, allowed: [\"debian\"]}",
                 AnImage().BuiltOf("xyz").KnowsBase(kDebian, "a", '1'), kFail, "is not built on"},
        RuleCase{"WhereNobodyWasAskedItIsOpen", "base: {unknown: Count}", App(), kOpen,
                 "no base images are known here"},
        RuleCase{"AnUnreadConfigurationIsOpen", "base: {allowed: [\"debian\"]}",
                 OnBoth().NotRead("config", CoverageState::kFailed, "is no JSON"), kOpen,
                 "coverage config is Failed"},
        RuleCase{"WhatItsLabelsSayIsNobodysWord", "base: {allowed: [\"debian:12\"]}",
                 AnImage()
                     .BuiltOf("xyz")
                     .KnowsBase(kDebian, "a", '1')
                     .Label("org.opencontainers.image.base.name", kDebian)
                     .Label("org.opencontainers.image.base.digest", DigestOf('1').ToString()),
                 kFail, "is not built on one"}),
    CaseName);

INSTANTIATE_TEST_SUITE_P(
    LayersFromUnknownBases, ContentRuleTest,
    testing::Values(
        RuleCase{"ManyLayersOnAnUnknownBaseFire", "image: {maxLayersFromUnknownBase: 3}",
                 App().KnowsBase(kTeam, "x", '2'), kFail,
                 "has 4 layers and its base image is not known, at most 3 are allowed then"},
        RuleCase{"FewDoNot", "image: {maxLayersFromUnknownBase: 4}",
                 App().KnowsBase(kTeam, "x", '2'), kPass, ""},
        RuleCase{"OnAKnownBaseThereMayBeMore", "image: {maxLayersFromUnknownBase: 0}", OnDebian(),
                 kPass, ""},
        RuleCase{"AnUnnamedBaseIsNotKnown", "image: {maxLayersFromUnknownBase: 3}",
                 App().KnowsBase("", "ab", '2'), kFail, "not known"},
        RuleCase{"WhereNobodyWasAskedManyAreOpen", "image: {maxLayersFromUnknownBase: 3}", App(),
                 kOpen, "maxLayersFromUnknownBase: no base images are known here"},
        RuleCase{"AndFewPassAllTheSame", "image: {maxLayersFromUnknownBase: 4}", App(), kPass, ""}),
    CaseName);

TEST(BaseRule, WhatAsksNothingOrCanNeverMatchIsRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {"{unknown: Ignore}", "asks nothing"},
      {"{}", "base"},
      {"{allowed: []}", "allowed"},
      {"{allowed: [\"https://registry.example.com/base\"]}", "allowed[0]"},
      {"{denied: [\"debian@sha256:12\"]}", "denied[0]"},
      {"{denied: [\"a b\"]}", "denied[0]"},
  };
  for (const auto& [rule, says] : cases) {
    const auto policies = ParsePolicyYaml(
        "apiVersion: landwaiter.io/v1alpha1\nkind: ScanPolicy\nmetadata: {name: test}\nspec:\n"
        "  rules:\n  - {name: rule, base: " +
        std::string(rule) + "}\n");
    ASSERT_FALSE(policies) << rule;
    EXPECT_NE(policies.error().message.find(says), std::string::npos) << policies.error().message;
  }
}

}  // namespace
}  // namespace landwaiter::policy
