#include "scanner/advisories/json_split.h"

#include <gtest/gtest.h>

#include <vector>

namespace landwaiter::advisories {
namespace {

struct Outcome {
  std::vector<std::string> values;  // "key=value"
  std::string error;
};

Outcome Split(JsonSplit split, std::string_view json, std::size_t piece) {
  if (split.max_value_bytes == 0) split.max_value_bytes = 1000;
  Outcome outcome;
  JsonSplitter splitter(split, [&](std::string_view key, std::string_view value) {
    outcome.values.push_back(std::string(key) + "=" + std::string(value));
    return value == "\"stop\"" ? Status(InvalidArgument("stopped")) : Ok();
  });
  for (; !json.empty(); json.remove_prefix(std::min(piece, json.size()))) {
    if (Status status = splitter.Take(json.substr(0, piece)); !status) {
      outcome.error = status.error().message;
      return outcome;
    }
  }
  if (Status status = splitter.Finish(); !status) outcome.error = status.error().message;
  return outcome;
}

constexpr JsonSplit kObject{JsonSplit::Root::kObject, {}, 0};
constexpr JsonSplit kArray{JsonSplit::Root::kArray, {}, 0};
constexpr JsonSplit kList{JsonSplit::Root::kObject, "list", 0};

TEST(JsonSplitTest, ValuesComeWholeWhateverThePieces) {
  struct Case {
    std::string name;
    JsonSplit split;
    std::string json;
    std::vector<std::string> values;
  };
  const Case cases[] = {
      {"an empty object", kObject, " { } ", {}},
      {"members",
       kObject,
       R"({"a":1,"b": {"c":[1,{}]} , "d":"x,}]\\\"" })",
       {"a=1", R"(b={"c":[1,{}]})", R"(d="x,}]\\\"")"}},
      {"escapes in a key", kObject, R"({"a\u0062\"":null})", {"ab\"=null"}},
      {"items",
       kArray,
       R"([1, "a",[2,[3]], {"b":"]"}])",
       {"=1", "=\"a\"", "=[2,[3]]", R"(={"b":"]"})"}},
      {"an empty array", kArray, "[]", {}},
      {"items of one member",
       kList,
       R"({"n":2,"list" : [ {"a":1} ,2],"z":[3]})",
       {"n=2", R"(list={"a":1})", "list=2", "z=[3]"}},
      {"a list that is none", kList, R"({"list":{"list":[1]}})", {R"(list={"list":[1]})"}},
      {"an empty list", kList, R"({"list":[]})", {}},
  };
  for (const Case& c : cases) {
    for (const std::size_t piece : {1u, 2u, 3u, 1000u}) {
      const Outcome outcome = Split(c.split, c.json, piece);
      EXPECT_EQ(outcome.error, "") << c.name;
      EXPECT_EQ(outcome.values, c.values) << c.name << " in pieces of " << piece;
    }
  }
}

TEST(JsonSplitTest, WhatIsNoSuchDocumentIsRefused) {
  const std::tuple<JsonSplit, std::string, std::string> cases[] = {
      {kObject, "", "breaks off"},
      {kObject, "[1]", "an object"},
      {kArray, "{}", "an array"},
      {kObject, R"({"a":1)", "breaks off"},
      {kObject, R"({"a":"1)", "breaks off"},
      {kObject, R"({"a")", "breaks off"},
      {kObject, R"({"a":1}x)", "the end"},
      {kObject, R"({"a":1]})", "end of the list"},
      {kObject, R"({1:2})", "a key"},
      {kObject, R"({"a":1,})", "a key"},
      {kObject, R"({"a":,"b":1})", "a value is missing"},
      {kObject, R"({"a" 1})", "a colon"},
      {kObject, R"({"a\q":1})", "is no string"},
      {kArray, "[1,]", "a value is missing"},
      {kArray, "[,1]", "a value is missing"},
      {kArray, "[1}", "end of the list"},
      {kArray, R"(["stop",1])", "stopped"},
      {kArray, "[\"" + std::string(2000, 'x') + "\"]", "more than 1000 bytes"},
      {kObject, "{\"" + std::string(2000, 'x') + "\":1}", "a key of more than 1024 bytes"},
      {kList, R"({"list":[1})", "end of the list"},
  };
  for (const auto& [split, json, message] : cases) {
    for (const std::size_t piece : {1u, 1000u}) {
      const Outcome outcome = Split(split, json, piece);
      EXPECT_NE(outcome.error.find(message), std::string::npos)
          << json << ": " << (outcome.error.empty() ? "no error" : outcome.error);
    }
  }
}

}  // namespace
}  // namespace landwaiter::advisories
