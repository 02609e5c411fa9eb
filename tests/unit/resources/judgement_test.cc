// Which of a policy's judgements holds for a name in a namespace, where some rest on
// ScanExceptions.
#include "resources/judgement.h"

#include <gtest/gtest.h>

#include "policy/scan_exception.h"

namespace landwaiter::resources {
namespace {

const TimePoint kNow = *ParseTime("2026-11-24T12:00:00Z");
constexpr const char* kKey = "shop/e/u/1";

policy::ScanPolicy Holding(const std::string& key, const std::string& until = "2027-01-31") {
  policy::ScanPolicy policy;
  policy::PolicyException exception;
  exception.ids = {"CVE-1"};
  exception.ns = "shop";
  exception.key = key;
  exception.until = *ParseTime(until + "T00:00:00Z");
  policy.exceptions.push_back(exception);
  return policy;
}

PolicyStatus Row() {
  PolicyStatus row;
  row.verdict = "Fail";
  PolicyStatus excused;
  excused.verdict = "Pass";
  excused.rests_on_objects = {kKey};
  row.excused.push_back(excused);
  return row;
}

struct Case {
  const char* name;
  policy::ScanPolicy policy;
  const char* ns;
  const char* verdict;
};

TEST(JudgementFor, OneThatRestsOnAScanExceptionHoldsWhileItStandsInItsNamespace) {
  const auto reference = ImageReference::Parse("r.io/shop/cart:1");
  ASSERT_TRUE(reference);
  const Case cases[] = {
      {"in its namespace", Holding(kKey), "shop", "Pass"},
      {"in another namespace", Holding(kKey), "bank", "Fail"},
      {"where nobody knows the namespace", Holding(kKey), "", "Fail"},
      {"edited since it was judged by", Holding("shop/e/u/2"), "shop", "Fail"},
      {"made anew under its name", Holding("shop/e/v/1"), "shop", "Fail"},
      {"deleted since", policy::ScanPolicy(), "shop", "Fail"},
      {"ended since", Holding(kKey, "2026-11-24"), "shop", "Fail"},
  };
  for (const Case& one : cases) {
    const PolicyStatus row = Row();
    const PolicyStatus* judged = JudgementFor(row, one.policy, *reference, one.ns, kNow);
    ASSERT_NE(judged, nullptr) << one.name;
    EXPECT_EQ(judged->verdict, one.verdict) << one.name;
  }
}

}  // namespace
}  // namespace landwaiter::resources
