// What the commands over the report API print: nothing that an image's author wrote reaches a
// terminal raw.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/report_client.h"

namespace landwaiter::cli {
namespace {

using nlohmann::json;

TEST(ReportTables, ColumnsAreAsWideAsTheirWidestCell) {
  ::testing::internal::CaptureStdout();
  PrintTable({{"IMAGE", "VERDICT", "PODS"}, {"shop/cart:1", "Fail", "2"}, {"wäb", "Pass", "10"}});
  EXPECT_EQ(::testing::internal::GetCapturedStdout(),
            "IMAGE        VERDICT  PODS\n"
            "shop/cart:1  Fail     2\n"
            "wäb          Pass     10\n");
}

TEST(ReportTables, ControlCharactersAreShownAndNotObeyed) {
  ::testing::internal::CaptureStdout();
  PrintTable({{"a\x1b[2J", "b\r\nc", "d\xe2\x80\xae"}});
  const std::string shown = ::testing::internal::GetCapturedStdout();
  EXPECT_EQ(shown, "a?[2J  b??c  d?\n");
}

TEST(ReportJson, IsAsciiAlone) {
  ::testing::internal::CaptureStdout();
  PrintJson({{"name", "a\x1b[2J\xe2\x80\xae\xff"}});
  const std::string shown = ::testing::internal::GetCapturedStdout();
  for (const char c : shown) EXPECT_TRUE(c == '\n' || (c >= ' ' && c < 0x7f)) << shown;
  EXPECT_TRUE(json::accept(shown));
}

TEST(ReportFields, AreTextWhateverStandsThere) {
  const json object = {{"text", "a\x1b"}, {"null", nullptr}, {"empty", ""}, {"number", 7}};
  EXPECT_EQ(Field(object, "text"), "a?");
  EXPECT_EQ(Field(object, "null"), "-");
  EXPECT_EQ(Field(object, "empty"), "-");
  EXPECT_EQ(Field(object, "number"), "7");
  EXPECT_EQ(Field(object, "absent"), "-");
  EXPECT_EQ(Field(json::array(), "text"), "-");
}

TEST(ReportFields, CountsAndNamespacesInWords) {
  EXPECT_EQ(CountsOf({{"critical", 2}, {"high", 0}, {"low", 1}, {"fixable", 3}}),
            "2 critical, 1 low");
  EXPECT_EQ(CountsOf({{"critical", 0}}), "none");
  EXPECT_EQ(CountsOf(nullptr), "-");
  EXPECT_EQ(NamespacesOf({{"namespaces", {"shop", "web"}}, {"more", true}}), "shop, web, …");
  EXPECT_EQ(NamespacesOf({{"namespaces", json::array()}, {"more", false}}), "-");
}

struct ExitCase {
  const char* name;
  json image;
  int code;
};

TEST(CheckExitCodes, AreThoseOfAScan) {
  const json some = json::array({{{"name", "p"}}});
  const auto image = [](const char* verdict, const char* action, const char* judged,
                        json policies) {
    return json{{"verdict", verdict},
                {"admission",
                 {{"action", action}, {"verdict", judged}, {"policies", std::move(policies)}}}};
  };
  const ExitCase cases[] = {
      {"passes", image("Pass", "Allow", "Pass", some), kExitOk},
      {"fails and is denied", image("Fail", "Deny", "Fail", some), kExitPolicyFailed},
      {"fails and is only audited", image("Fail", "Allow", "Fail", some), kExitOk},
      {"is warned about", image("Fail", "Warn", "Fail", some), kExitOk},
      {"cannot be decided and is denied", image("Unknown", "Deny", "Unknown", some),
       kExitIncomplete},
      {"cannot be decided and is let in", image("Unknown", "Warn", "Unknown", some), kExitOk},
      {"no policy is about it", image("Pass", "Allow", "Pass", json::array()), kExitOk},
      {"no policy is about it and it is not known whole",
       image("Unknown", "Allow", "Pass", json::array()), kExitIncomplete},
      {"is not scanned", image("Pending", "Deny", "Unknown", some), kExitIncomplete},
      {"an answer without a word about it", json::object(), kExitIncomplete},
  };
  for (const auto& c : cases) EXPECT_EQ(ExitCodeOfImage(c.image), c.code) << c.name;
}

}  // namespace
}  // namespace landwaiter::cli
