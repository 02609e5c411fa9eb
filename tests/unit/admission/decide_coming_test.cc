// What is let in today and would be denied later is told, where a person sees it.
#include <gtest/gtest.h>

#include "admission/decide.h"
#include "tests/unit/admission/builders.h"

namespace landwaiter::admission {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the builders

struct ComingFailureCase {
  const char* name;
  APolicy policy;
  AScan scan;
  Action action;
  const char* text;
};

AScan Coming(const std::string& verdict) {
  return AScan().Judged(verdict).FailsFrom("2026-12-04T00:00:00Z", "in-time", "CVE-1 in a 1.0");
}

TEST(ComingFailures, AreWarnedOfWhereTheyWouldDeny) {
  const ComingFailureCase cases[] = {
      {"a pass is let in with a warning", APolicy(), Coming("Pass"), Action::kWarn,
       "would be denied from 2026-12-04: rule in-time: CVE-1 in a 1.0"},
      {"beside what is warned of already", APolicy(),
       Coming("Warn").Violating("root", 1, "runs as root", false), Action::kWarn,
       "CVE-1 in a 1.0; rule root: runs as root"},
      {"a denial stays one", APolicy(), Coming("Unknown").Unknown("coverage dpkg"), Action::kDeny,
       "coverage dpkg"},
      {"a policy that only warns will deny nothing", APolicy().With("enforcement", "Warn"),
       Coming("Pass"), Action::kAllow, ""},
      {"nor one that records", APolicy().With("enforcement", "Audit"), Coming("Pass"),
       Action::kAllow, ""},
      {"without anything to come there is no warning", APolicy(), AScan().Judged("Pass"),
       Action::kAllow, ""},
  };
  for (const ComingFailureCase& c : cases) {
    SCOPED_TRACE(c.name);
    Facts facts;
    facts.ns = "shop";
    facts.now = kNow;
    facts.policies = {c.policy.Make()};
    facts.images = {FactsOfReference(kImage, "container c0")};
    facts.images[0].digest = *Digest::Parse(kDigest);
    facts.images[0].scan = c.scan.Make();
    const Decision decision = Decide(facts);
    EXPECT_EQ(ActionName(decision.action), ActionName(c.action));
    const Judgement& worst = decision.images[0].judgements[0];
    EXPECT_NE(worst.text.find(c.text), std::string::npos) << worst.text;
    EXPECT_EQ(worst.text.find("would be denied") != std::string::npos, c.action == Action::kWarn);
  }
}

}  // namespace
}  // namespace landwaiter::admission
