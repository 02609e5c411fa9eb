// The policy language stands in one table (policy/schema.cc); the API server's schema, the
// documents and the shipped policies are compared with it.
#include "policy/schema.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "policy/kinds.h"
#include "policy/text_input.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

std::string Read(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

json SpecOfCrd(const std::string& path) {
  auto documents = ReadYaml(Read(path));
  if (!documents || documents->size() != 1) {
    ADD_FAILURE() << (documents ? "not one document" : documents.error().message);
    return json::object();
  }
  return (*documents)[0]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
}

void Compare(const json& schema, const ObjectSchema& object, const std::string& path);

void CompareText(const json& schema, const Field& field, const std::string& path) {
  EXPECT_EQ(schema.value("type", ""), "string") << path;
  if (field.values.empty()) {
    EXPECT_EQ(schema.value("maxLength", 0u), field.max_length) << path;
    return;
  }
  std::vector<std::string> values(field.values.begin(), field.values.end());
  EXPECT_EQ(schema.value("enum", std::vector<std::string>{}), values) << path;
}

void CompareList(const json& schema, const Field& field, const std::string& path) {
  EXPECT_EQ(schema.value("type", ""), "array") << path;
  EXPECT_EQ(schema.value("maxItems", 0u), field.max_items) << path;
  EXPECT_EQ(schema.value("minItems", 0u), field.min_items) << path;
  ASSERT_TRUE(schema.contains("items")) << path;
  const json& items = schema["items"];
  if (field.type == FieldType::kObjects) {
    Compare(items, *field.object, path + "[]");
  } else if (field.type == FieldType::kIntOrTexts) {
    EXPECT_TRUE(items.value("x-kubernetes-int-or-string", false)) << path;
    EXPECT_EQ(items.value("maxLength", 0u), field.max_length) << path;
  } else {
    CompareText(items, field, path + "[]");
  }
}

void CompareField(const json& schema, const Field& field, const std::string& path) {
  EXPECT_EQ(schema.value("description", ""), field.help) << path;
  const json wanted = field.default_json.empty() ? json() : json::parse(field.default_json);
  EXPECT_EQ(schema.value("default", json()), wanted) << path;
  switch (field.type) {
    case FieldType::kObject:
      EXPECT_EQ(schema.value("type", ""), "object") << path;
      EXPECT_EQ(schema.value("minProperties", 0u), field.object->min_fields) << path;
      return Compare(schema, *field.object, path);
    case FieldType::kObjects:
    case FieldType::kTexts:
    case FieldType::kIntOrTexts:
      return CompareList(schema, field, path);
    case FieldType::kText:
      return CompareText(schema, field, path);
    case FieldType::kTextMap:
      EXPECT_EQ(schema.value("maxProperties", 0u), field.max_items) << path;
      return CompareText(schema.value("additionalProperties", json::object()), field, path);
    case FieldType::kInteger:
    case FieldType::kNumber:
      EXPECT_EQ(schema.value("type", ""), field.type == FieldType::kInteger ? "integer" : "number")
          << path;
      EXPECT_EQ(schema.value("minimum", std::int64_t{-1}), field.minimum) << path;
      EXPECT_EQ(schema.value("maximum", std::int64_t{-1}), field.maximum) << path;
      return;
    case FieldType::kBoolean:
      EXPECT_EQ(schema.value("type", ""), "boolean") << path;
      return;
  }
}

void Compare(const json& schema, const ObjectSchema& object, const std::string& path) {
  std::set<std::string> in_crd;
  std::set<std::string> in_table;
  std::set<std::string> required;
  const json properties = schema.value("properties", json::object());
  for (const auto& [name, value] : properties.items()) in_crd.insert(name);
  for (const Field& field : object.fields) {
    const std::string name(field.name);
    in_table.insert(name);
    if (field.required) required.insert(name);
    if (in_crd.contains(name)) {
      CompareField(schema["properties"][name], field, path + "." + name);
    }
  }
  EXPECT_EQ(in_crd, in_table) << path;
  EXPECT_EQ(schema.value("required", std::set<std::string>{}), required) << path;
}

TEST(Schema, OfTheApiServerIsTheReaders) {
  Compare(SpecOfCrd("crds/scanpolicies.yaml"), SpecSchema(), "spec");
}

TEST(Schema, OfScanExceptionsIsThatOfAPolicysOwn) {
  Compare(SpecOfCrd("crds/scanexceptions.yaml"), ExceptionSchema(), "spec");
}

TEST(Schema, EveryKindHasARowAndEveryRowAKind) {
  std::set<std::string_view> fields;
  for (const Field& field : RuleSchema().fields) {
    if (field.type == FieldType::kObject) fields.insert(field.name);
  }
  std::set<std::string_view> rows;
  for (const RuleKind* kind : RuleKinds()) rows.insert(kind->name);
  EXPECT_EQ(fields, rows);
}

/// The fields in the table under a heading of docs/policies.md: a row starts "| `field` |". The
/// heading is "## `name`", or "### `name` of `parent`" where the name alone is not clear.
std::set<std::string> DocumentedFields(const std::string& heading) {
  std::istringstream text(Read("docs/policies.md"));
  std::set<std::string> fields;
  bool within = false;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("#")) within = line.substr(line.find_first_not_of("# ")) == heading;
    if (!within || !line.starts_with("| `")) continue;
    fields.insert(line.substr(3, line.find('`', 3) - 3));
  }
  return fields;
}

void CompareWithDocuments(const std::string& heading, const ObjectSchema& object) {
  std::set<std::string> fields;
  for (const Field& field : object.fields) fields.insert(std::string(field.name));
  EXPECT_EQ(DocumentedFields(heading), fields) << "docs/policies.md, section " << heading;
  for (const Field& field : object.fields) {
    if (field.object == nullptr || field.object == &RuleSchema()) continue;
    const std::string name = "`" + std::string(field.name) + "`";
    // `packages` is a kind, too.
    const bool clear = FindField(RuleSchema(), field.name) == nullptr;
    CompareWithDocuments(clear ? name : name + " of " + heading, *field.object);
  }
}

TEST(Schema, EveryFieldIsDocumented) {
  CompareWithDocuments("Fields of `spec`", SpecSchema());
  for (const Field& field : RuleSchema().fields) {
    if (field.type != FieldType::kObject) continue;
    CompareWithDocuments("`" + std::string(field.name) + "`", *field.object);
  }
}

TEST(Schema, EveryHelpIsASentence) {
  const auto check = [](auto&& self, const ObjectSchema& object) -> void {
    for (const Field& field : object.fields) {
      EXPECT_TRUE(field.help.ends_with('.')) << field.name << ": " << field.help;
      if (field.object != nullptr) self(self, *field.object);
    }
  };
  check(check, SpecSchema());
}

TEST(ShippedPolicies, AreAllGood) {
  std::size_t files = 0;
  for (const char* folder : {"manifests/policies", "examples/policies"}) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const auto policies = ParsePolicyFile(entry.path().string());
      EXPECT_TRUE(policies) << policies.error().message;
      ++files;
    }
  }
  EXPECT_GE(files, 5u);
}

}  // namespace
}  // namespace landwaiter::policy
