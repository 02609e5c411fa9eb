#include <gtest/gtest.h>

#include "tests/unit/scanner/advisories/collected.h"

namespace landwaiter::advisories {
namespace {

TEST(KevTest, EntriesAreRead) {
  Collected collected;
  const Status status =
      ReadFeed("kev", "kev.json",
               R"({"dateReleased":"2025-08-25T17:04:19Z","count":1,)"
               R"("vulnerabilities":[{"cveID":"CVE-2023-4911","dateAdded":"2023-11-21"}]})",
               collected);
  ASSERT_TRUE(status.has_value()) << status.error().message;
  EXPECT_EQ(collected.facts.at("CVE-2023-4911").exploited_since, "2023-11-21");
  EXPECT_EQ(collected.released, "2025-08-25T17:04:19Z");
}

TEST(KevTest, TheDayByWhichItIsToBeMendedIsReadWhereItIsADay) {
  const std::pair<std::string, std::string> cases[] = {
      {R"("dueDate":"2023-12-12")", "2023-12-12"},
      {R"("dueDate":"soon")", ""},
      {R"("dueDate":"")", ""},
      {R"("notes":"")", ""},
  };
  for (const auto& [field, due] : cases) {
    Collected collected;
    const Status status = ReadFeed(
        "kev", "kev.json",
        R"({"vulnerabilities":[{"cveID":"CVE-2023-4911","dateAdded":"2023-11-21",)" + field + "}]}",
        collected);
    ASSERT_TRUE(status.has_value()) << field << status.error().message;
    EXPECT_EQ(collected.facts.at("CVE-2023-4911").exploited_due, due) << field;
    EXPECT_EQ(collected.facts.at("CVE-2023-4911").exploited_since, "2023-11-21") << field;
  }
}

TEST(KevTest, BrokenCataloguesFailTheFeedEvenWithKeepGoing) {
  const std::pair<std::string, std::string> cases[] = {
      {"{}", "vulnerabilities: is missing"},
      {R"({"vulnerabilities":[]})", "vulnerabilities: is empty"},
      {R"({"count":2,"vulnerabilities":[{"cveID":"CVE-1"}]})", "is not whole"},
      {R"({"vulnerabilities":[{"id":"CVE-1"}]})", "vulnerabilities[0].cveID: is missing"},
      {R"({"vulnerabilities":[{"cveID":"CVE-1","dueDate":20231212}]})",
       "vulnerabilities[0].dueDate"},
  };
  for (const auto& [json, message] : cases) {
    Collected collected;
    collected.keep_going = true;
    const Status status = ReadFeed("kev", "kev.json", json, collected);
    ASSERT_FALSE(status.has_value()) << json;
    EXPECT_NE(status.error().message.find(message), std::string::npos) << status.error().message;
  }
}

}  // namespace
}  // namespace landwaiter::advisories
