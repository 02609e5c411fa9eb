#include "controller/exception_reconciler.h"

#include <gtest/gtest.h>

namespace landwaiter::controller {
namespace {

const TimePoint kTheDay = *ParseTime("2026-11-24T12:00:00Z");

ExceptionRecord Ending(const std::string& until) {
  ExceptionRecord record;
  record.exception.ns = "shop";
  record.exception.name = "e";
  record.exception.generation = 3;
  record.exception.exception.until_text = until;
  record.exception.exception.until = *ParseTime(until + "T23:59:59Z");
  return record;
}

std::string Told(const ExceptionStatus& status, const char* type) {
  const auto* found = resources::FindCondition(status.conditions, type);
  return found == nullptr ? "" : found->status + " " + found->reason + ": " + found->message;
}

TEST(JudgeException, SaysWhoTakesItAndWhenItEnds) {
  ExceptionRecord broken = Ending("2027-01-31");
  broken.exception.error = "spec.until: expected a day";
  const struct {
    const char* name;
    ExceptionRecord record;
    std::vector<std::string> takers;
    std::vector<std::string> refusals;
    const char* accepted;
    const char* expired;
  } cases[] = {
      {"taken",
       Ending("2027-01-31"),
       {"a"},
       {},
       "True Taken: taken by a",
       "False Current: until 2027-01-31"},
      {"taken by one of two",
       Ending("2027-01-31"),
       {"a"},
       {"policy b takes none about these rules"},
       "True Taken: taken by a; not by others: policy b takes none about these rules",
       "False Current: until 2027-01-31"},
      {"taken by none",
       Ending("2027-01-31"),
       {},
       {"policy b takes at most 720h"},
       "False NotAllowed: policy b takes at most 720h",
       "False Current: until 2027-01-31"},
      {"no policy takes any",
       Ending("2027-01-31"),
       {},
       {},
       "False NotAllowed: no ScanPolicy has allowExceptions",
       "False Current: until 2027-01-31"},
      {"that ends soon",
       Ending("2026-12-01"),
       {"a"},
       {},
       "True Taken: taken by a",
       "False Ending: it ends within two weeks: until 2026-12-01"},
      {"that has ended",
       Ending("2026-11-20"),
       {"a"},
       {},
       "True Taken: taken by a",
       "True Ended: it ended: until 2026-11-20"},
      {"that cannot be read",
       broken,
       {},
       {},
       "False InvalidSpec: spec.until: expected a day",
       "Unknown InvalidSpec: when it ends cannot be read"},
  };
  for (const auto& c : cases) {
    const auto status =
        JudgeException(c.record, c.takers, c.refusals, {1, {"shop/cart:1"}}, kTheDay);
    EXPECT_EQ(Told(status, "Accepted"), c.accepted) << c.name;
    EXPECT_EQ(Told(status, "Expired"), c.expired) << c.name;
    EXPECT_EQ(status.observed_generation, 3) << c.name;
    EXPECT_EQ(status.excuses, 1u) << c.name;
  }
}

TEST(JudgeException, NamesTwentyImagesAndCountsAll) {
  const ExcusedImages images{50, std::vector<std::string>(50, "shop/cart:1")};
  const auto status = JudgeException(Ending("2027-01-31"), {"a"}, {}, images, kTheDay);
  EXPECT_EQ(status.images.size(), 20u);
  EXPECT_EQ(status.excuses, 50u);
}

TEST(IsKnownIn, TheNamespacesThatRunItAndTheOneThatAskedFirst) {
  resources::ImageScan scan;
  EXPECT_FALSE(IsKnownIn(scan, "shop")) << "what runs elsewhere is not told";
  scan.status.used_by_namespaces = {"bank", "shop"};
  EXPECT_TRUE(IsKnownIn(scan, "shop"));
  EXPECT_FALSE(IsKnownIn(scan, "team"));
  scan.annotations["landwaiter.io/namespace"] = "team";
  EXPECT_TRUE(IsKnownIn(scan, "team"));
}

TEST(EventsOf, TellsOfEachChangeOnce) {
  const auto of = [](const char* until, std::vector<std::string> takers) {
    return JudgeException(Ending(until), takers, {}, {}, kTheDay).conditions;
  };
  const struct {
    const char* name;
    std::vector<resources::Condition> before;
    std::vector<resources::Condition> after;
    std::vector<std::string> reasons;
  } cases[] = {
      {"a new one that is taken", {}, of("2027-01-31", {"a"}), {"Taken"}},
      {"a new one that is not", {}, of("2027-01-31", {}), {"NotAllowed"}},
      {"the same again", of("2027-01-31", {"a"}), of("2027-01-31", {"a"}), {}},
      {"taken no more", of("2027-01-31", {"a"}), of("2027-01-31", {}), {"NotAllowed"}},
      {"an end that comes near", of("2027-01-31", {"a"}), of("2026-12-01", {"a"}), {"Ending"}},
      {"the end", of("2026-12-01", {"a"}), of("2026-11-20", {"a"}), {"Ended"}},
      {"an end that is put off", of("2026-12-01", {"a"}), of("2027-01-31", {"a"}), {}},
  };
  for (const auto& c : cases) {
    std::vector<std::string> reasons;
    for (const auto& event : EventsOf(c.before, c.after)) reasons.push_back(event.reason);
    EXPECT_EQ(reasons, c.reasons) << c.name;
  }
}

}  // namespace
}  // namespace landwaiter::controller
