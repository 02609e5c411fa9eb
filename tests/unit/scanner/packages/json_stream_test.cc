#include "scanner/packages/json_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/text.h"

namespace landwaiter::packages {
namespace {

using testing::ElementsAre;

// "a/b=text" for each value, "a/{" and "a/}" around objects, "[" and "]" around arrays.
class Log final : public JsonVisitor {
 public:
  void Text(const JsonPath& path, std::string text) override {
    lines.push_back(text::Join(path, "/") + "=" + text);
  }
  void Begin(const JsonPath& path, bool is_object) override {
    lines.push_back(text::Join(path, "/") + (is_object ? "{" : "["));
  }
  void End(const JsonPath& path) override { lines.push_back(text::Join(path, "/") + "."); }

  std::vector<std::string> lines;
};

std::vector<std::string> Told(std::string_view json) {
  Log log;
  const auto read = StreamJson(json, log);
  EXPECT_TRUE(read) << read.error().message;
  return log.lines;
}

TEST(JsonStreamTest, TellsValuesWithTheirKeys) {
  EXPECT_THAT(Told(R"({"a":"x","b":{"c":["y",7,-1,1.5,true,null]},"d":[{}]})"),
              ElementsAre("{", "a=x", "b{", "b/c[", "b/c/=y", "b/c/=7", "b/c/=", "b/c/=", "b/c/=",
                          "b/c/=", "b/c.", "b.", "d[", "d/{", "d/.", "d.", "."));
  EXPECT_THAT(Told(R"("x")"), ElementsAre("=x"));
  EXPECT_THAT(Told("\xEF\xBB\xBF[]"), ElementsAre("[", "."));
}

// A key of an object says nothing of the array behind it.
TEST(JsonStreamTest, ForgetsKeysWhenTheirObjectEnds) {
  EXPECT_THAT(Told(R"([{"a":"x"},"y"])"), ElementsAre("[", "{", "/a=x", ".", "=y", "."));
}

TEST(JsonStreamTest, SkipsWhatIsTooDeep) {
  EXPECT_THAT(Told(R"([[[[[[[[["x"],"y"]]]]]]],"z"])"),
              ElementsAre("[", "[", "/[", "//[", "///[", "////[", "/////[", "//////[", "///////=y",
                          "//////.", "/////.", "////.", "///.", "//.", "/.", ".", "=z", "."));
}

TEST(JsonStreamTest, SaysWhereATextBreaks) {
  Log log;
  const auto read = StreamJson(R"({"a":"x",)", log);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "is no JSON: it breaks at byte 10");
  EXPECT_THAT(log.lines, ElementsAre("{", "a=x"));
  for (const char* json : {"", "{", "nul", "[1,]", "{}x", "\"\xff\"", "[1e999999]"}) {
    EXPECT_FALSE(StreamJson(json, log)) << json;
  }
}

}  // namespace
}  // namespace landwaiter::packages
