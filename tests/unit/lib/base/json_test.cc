#include "lib/base/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace landwaiter {
namespace {

struct ValueCase {
  const char* name;
  std::string text;
  std::size_t max_values;
  bool fits;
};

std::string Repeated(const std::string& text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

const ValueCase kValueCases[] = {
    {"one scalar is one value", "7", 1, true},
    {"a list counts itself and its items", "[1,2,3]", 4, true},
    {"one item more than the bound", "[1,2,3]", 3, false},
    {"an object counts itself and its members", R"({"a":1,"b":[]})", 3, true},
    {"one member more than the bound", R"({"a":1,"b":[]})", 2, false},
    {"commas and brackets in text are text", R"(["a,b,[{,","\",,,["])", 3, true},
    {"a million zeros", "[" + Repeated("0,", 1'000'000) + "0]", 500'000, false},
    {"a million empty objects", "[" + Repeated("{},", 1'000'000) + "{}]", 500'000, false},
    {"text that breaks off is counted all the same", "[" + Repeated("0,", 100), 50, false},
};

TEST(ParseJson, CountsValuesBeforeAnyIsBuilt) {
  for (const ValueCase& c : kValueCases) {
    SCOPED_TRACE(c.name);
    const auto parsed = ParseJson(c.text, {.max_values = c.max_values});
    EXPECT_EQ(parsed.has_value(), c.fits);
    if (parsed.has_value()) continue;
    EXPECT_EQ(parsed.error().code, Code::kResourceExhausted);
    EXPECT_NE(parsed.error().message.find("more than " + std::to_string(c.max_values) + " values"),
              std::string::npos)
        << parsed.error().message;
  }
}

TEST(ParseJson, RefusesSizeAndDepth) {
  EXPECT_EQ(ParseJson("[1,2]", {.max_bytes = 4}).error().code, Code::kResourceExhausted);
  EXPECT_TRUE(ParseJson("[[1]]", {.max_depth = 2}));
  EXPECT_EQ(ParseJson("[[[1]]]", {.max_depth = 2}).error().code, Code::kInvalidArgument);
  EXPECT_FALSE(ParseJson(std::string(100'000, '[')));
}

}  // namespace
}  // namespace landwaiter
