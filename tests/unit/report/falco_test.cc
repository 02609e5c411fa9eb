// That Falco loads what is written, and what fires, is asked of its grammar in
// tests/e2e/test_falco.py.
#include "report/falco.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace landwaiter::report {
namespace {

Digest DigestOf(const std::string& text) { return Sha256::Of(text); }

FalcoImage AnImage(const std::string& name) {
  return {
      {DigestOf(name), DigestOf(name + " manifest"), DigestOf(name + " config")}, false, {}, {}};
}
FalcoImage Failing(const std::string& name, FalcoNamespaces where = {true, {}},
                   std::uint64_t criticals = 0) {
  FalcoImage image = AnImage(name);
  image.fails = true;
  image.where = std::move(where);
  image.badness = {0, criticals, 0};
  return image;
}

std::string TextOf(const FalcoRules& rules) {
  std::string text;
  for (const auto& part : rules.parts) {
    for (const auto& file : part) text += file.text;
  }
  return text;
}

std::string LineAfter(const std::string& text, const std::string& head) {
  const auto at = text.find(head);
  if (at == std::string::npos) return "";
  const auto begin = at + head.size();
  return text.substr(begin, text.find('\n', begin) - begin);
}

std::string MacroOf(const FalcoRules& rules, const std::string& name) {
  return LineAfter(TextOf(rules), "- macro: " + name + "\n  condition: ");
}

bool Lists(const FalcoRules& rules, const std::string& item) {
  return TextOf(rules).find("\"" + item + "\"") != std::string::npos;
}

TEST(RenderFalcoRules, NamesAnImageThatFailsByEachDigestAndIdAndOneThatIsGoodByDigestsAlone) {
  const auto rules = RenderFalcoRules({{Failing("bad"), AnImage("good")}, {true, {}}});
  ASSERT_TRUE(rules);
  for (const auto& digest : Failing("bad").digests) {
    EXPECT_TRUE(Lists(*rules, digest.ToString()));
    EXPECT_TRUE(Lists(*rules, std::string(digest.Hex())));
  }
  for (const auto& digest : AnImage("good").digests) {
    EXPECT_TRUE(Lists(*rules, digest.ToString()));
    EXPECT_FALSE(Lists(*rules, std::string(digest.Hex())));
  }
  EXPECT_EQ(rules->failing, 1);
  EXPECT_EQ(rules->known, 1);
  EXPECT_EQ(rules->left_out, 0);
  EXPECT_EQ(MacroOf(*rules, "landwaiter_lists_complete"), "(evt.num >= 0)");
}

TEST(RenderFalcoRules, GivesTheSameBytesInWhateverOrderImagesCome) {
  FalcoInput input{{Failing("a"), Failing("b", {false, {"shop"}}), AnImage("c"), AnImage("d")},
                   {false, {"bank", "shop"}}};
  const std::string text = TextOf(*RenderFalcoRules(input));
  std::reverse(input.images.begin(), input.images.end());
  EXPECT_EQ(TextOf(*RenderFalcoRules(input)), text);
}

TEST(RenderFalcoRules, FiresOnlyWhereAPolicyIsInForce) {
  const struct {
    const char* name;
    std::vector<FalcoImage> images;
    FalcoNamespaces watched;
    std::string failing;  // part of the macro landwaiter_failing_image
    std::string watched_condition;
  } cases[] = {
      {"nothing at all", {}, {}, "(evt.num = 0)", "(evt.num = 0)"},
      {"an image that fails everywhere",
       {Failing("a")},
       {true, {}},
       "container.image.digest in (",
       "(container.id != host)"},
      {"an image that fails in two namespaces",
       {Failing("a", {false, {"bank", "shop"}})},
       {false, {"shop"}},
       " and k8s.ns.name in (landwaiter_namespaces_",
       "(k8s.ns.name in (landwaiter_watched_namespaces))"},
      {"an image that fails where no namespace is",
       {Failing("a", {})},
       {},
       "(evt.num = 0)",
       "(evt.num = 0)"},
  };
  for (const auto& c : cases) {
    const auto rules = RenderFalcoRules({c.images, c.watched});
    ASSERT_TRUE(rules) << c.name;
    EXPECT_NE(MacroOf(*rules, "landwaiter_failing_image").find(c.failing), std::string::npos)
        << c.name << ": " << MacroOf(*rules, "landwaiter_failing_image");
    EXPECT_EQ(MacroOf(*rules, "landwaiter_watched_namespace"), c.watched_condition) << c.name;
  }
  // Somebody else's list of the same name as a namespace is not put in its place.
  const auto rules = RenderFalcoRules({{Failing("a", {false, {"bank", "shop"}})}, {}});
  EXPECT_NE(TextOf(*rules).find("items: ['\"bank\"', '\"shop\"']"), std::string::npos);
}

TEST(RenderFalcoRules, RefusesWhatIsNoNamespace) {
  for (const std::string& name :
       {std::string("a\") or (evt.num >= 0"), std::string("Shop"), std::string(""),
        std::string("-a"), std::string(64, 'a'), std::string("a\nb"), std::string("a b")}) {
    const auto of_image = RenderFalcoRules({{Failing("a", {false, {name}})}, {}});
    ASSERT_FALSE(of_image) << name;
    EXPECT_EQ(of_image.error().code, Code::kInvalidArgument);
    EXPECT_FALSE(RenderFalcoRules({{}, {false, {name}}})) << name;
  }
}

TEST(RenderFalcoRules, SplitsListsAndPartsBelowTheirBounds) {
  FalcoInput input{{}, {true, {}}};
  for (int i = 0; i < 5000; ++i) input.images.push_back(Failing("bad " + std::to_string(i)));
  for (int i = 0; i < 3000; ++i) input.images.push_back(AnImage("good " + std::to_string(i)));
  const auto rules = RenderFalcoRules(input, kConfigMapLimits);
  ASSERT_TRUE(rules);
  EXPECT_EQ(rules->failing, 5000);
  EXPECT_EQ(rules->known, 3000);
  EXPECT_EQ(rules->left_out, 0);
  EXPECT_GT(rules->parts.size(), 1);
  EXPECT_LE(rules->parts.size(), kMaxFalcoParts);
  for (const auto& part : rules->parts) {
    std::size_t bytes = 0;
    for (const auto& file : part) bytes += file.text.size();
    EXPECT_LE(bytes, kMaxFalcoPartBytes);
  }
  const std::string text = TextOf(*rules);
  std::size_t at = 0;
  while ((at = text.find("  items: [", at)) != std::string::npos) {
    const auto end = text.find('\n', at);
    const auto commas = std::count(text.begin() + static_cast<std::ptrdiff_t>(at),
                                   text.begin() + static_cast<std::ptrdiff_t>(end), ',');
    EXPECT_LT(commas, static_cast<std::ptrdiff_t>(kMaxFalcoListItems));
    at = end;
  }
  // Every list is named where it counts.
  for (at = 0; (at = text.find("- list: ", at)) != std::string::npos; ++at) {
    const std::string name = text.substr(at + 8, text.find('\n', at) - at - 8);
    const bool named =
        MacroOf(*rules, "landwaiter_failing_image").find(name) != std::string::npos ||
        MacroOf(*rules, "landwaiter_known_image").find(name) != std::string::npos;
    EXPECT_TRUE(named) << name;
  }
}

TEST(RenderFalcoRules, ListsTheWorstWhereNotAllFindRoomAndSaysSo) {
  FalcoInput input{{AnImage("good")}, {true, {}}};
  for (std::uint64_t i = 0; i < 30'000; ++i) {
    input.images.push_back(Failing("bad " + std::to_string(i), {true, {}}, i));
  }
  const auto rules = RenderFalcoRules(input, kConfigMapLimits);
  ASSERT_TRUE(rules);
  EXPECT_GT(rules->failing_left_out, 0);
  EXPECT_EQ(rules->failing + rules->failing_left_out, 30'000);
  EXPECT_EQ(rules->left_out, rules->failing_left_out + 1) << "what is good is not listed either";
  EXPECT_LE(rules->parts.size(), kMaxFalcoParts);
  for (const auto& part : rules->parts) {
    std::size_t bytes = 0;
    for (const auto& file : part) bytes += file.text.size();
    EXPECT_LE(bytes, kMaxFalcoPartBytes);
  }
  EXPECT_TRUE(Lists(*rules, DigestOf("bad 29999").ToString()));
  EXPECT_FALSE(Lists(*rules, DigestOf("bad 0").ToString()));
  EXPECT_EQ(MacroOf(*rules, "landwaiter_lists_complete"), "(evt.num = 0)");
  EXPECT_NE(TextOf(*rules).find("# INCOMPLETE: "), std::string::npos);
}

TEST(RenderFalcoRules, LeavesOutWhatIsGoodBeforeAnythingThatFails) {
  FalcoInput input{{Failing("bad")}, {true, {}}};
  for (int i = 0; i < 40'000; ++i) input.images.push_back(AnImage("good " + std::to_string(i)));
  const auto rules = RenderFalcoRules(input, kConfigMapLimits);
  ASSERT_TRUE(rules);
  EXPECT_EQ(rules->failing, 1);
  EXPECT_EQ(rules->failing_left_out, 0);
  EXPECT_EQ(rules->left_out, 40'000);
  EXPECT_EQ(MacroOf(*rules, "landwaiter_lists_complete"), "(evt.num = 0)");
}

TEST(RenderFalcoRules, HasFewGroupsHoweverManyPoliciesThereAre) {
  FalcoInput input{{}, {}};
  for (int i = 0; i < 200; ++i) {
    input.images.push_back(
        Failing("bad " + std::to_string(i), {false, {"team-" + std::to_string(i)}}));
  }
  const auto rules = RenderFalcoRules(input);
  ASSERT_TRUE(rules);
  const std::string text = TextOf(*rules);
  std::size_t groups = 0;
  for (std::size_t at = 0;
       (at = text.find("- list: landwaiter_namespaces_", at)) != std::string::npos; ++at) {
    ++groups;
  }
  EXPECT_EQ(groups, kMaxFalcoGroups);
  EXPECT_EQ(rules->failing, 200) << "none is lost";
  EXPECT_NE(text.find("\"team-199\""), std::string::npos);
}

}  // namespace
}  // namespace landwaiter::report
