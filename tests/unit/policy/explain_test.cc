#include "policy/explain.h"

#include <gtest/gtest.h>

#include "policy/kinds.h"

namespace landwaiter::policy {
namespace {

TEST(Explain, NamesEveryKind) {
  const auto text = ExplainPolicy("");
  ASSERT_TRUE(text);
  for (const RuleKind* kind : RuleKinds()) {
    EXPECT_NE(text->find("\n  " + std::string(kind->name) + "  <object>\n"), std::string::npos)
        << kind->name;
  }
}

TEST(Explain, GoesDownAPath) {
  const auto text = ExplainPolicy("spec.rules.vulnerabilities.severityAtLeast");
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(*text,
            "severityAtLeast  <Critical | High | Medium | Low | Negligible>\n"
            "    Findings of this severity or worse.\n");
}

TEST(Explain, SaysWhatElseStandsThere) {
  const auto text = ExplainPolicy("rules.vulnerability");
  ASSERT_FALSE(text);
  EXPECT_TRUE(text.error().message.starts_with(
      "field 'vulnerability' is unknown, expected one of name, action, controls, vulnerabilities"))
      << text.error().message;
}

TEST(Explain, StopsBelowALeaf) {
  const auto text = ExplainPolicy("enforcement.x");
  ASSERT_FALSE(text);
  EXPECT_NE(text.error().message.find("nothing stands below it"), std::string::npos);
}

}  // namespace
}  // namespace landwaiter::policy
