// The policy language as data: every field with its type, bounds, enum, default and help. The
// reader checks JSON against it, `policy explain` prints it, and tests compare it with
// crds/scanpolicies.yaml and docs/policies.md, so that the four cannot drift apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "lib/base/result.h"

namespace landwaiter::policy {

enum class FieldType {
  kObject,
  kObjects,  // a list of objects
  kText,
  kTexts,       // a list of text
  kIntOrTexts,  // a list of whole numbers or text
  kTextMap,     // text to text
  kInteger,
  kNumber,
  kBoolean,
};
/// For people: "text", "list of text", …
std::string_view FieldTypeName(FieldType type);

struct ObjectSchema;

struct Field {
  std::string_view name;
  FieldType type = FieldType::kText;
  std::string_view help;
  bool required = false;
  std::string_view default_json = {};             // "" where there is none
  std::span<const std::string_view> values = {};  // allowed text; empty: any
  std::int64_t minimum = 0;                       // of numbers
  std::int64_t maximum = 0;
  std::size_t max_items = 0;  // of lists and maps
  std::size_t min_items = 0;
  std::size_t max_length = 0;                   // of text, in bytes
  Status (*check)(std::string_view) = nullptr;  // of text; its message follows the path
  const ObjectSchema* object = nullptr;
};

struct ObjectSchema {
  std::span<const Field> fields;
  std::size_t min_fields = 0;  // an object that sets fewer says nothing
};

const Field* FindField(const ObjectSchema& schema, std::string_view name);

/// ScanPolicy.spec.
const ObjectSchema& SpecSchema();
/// One entry of spec.rules; its fields of type kObject are the rule kinds.
const ObjectSchema& RuleSchema();
const ObjectSchema& ExceptionSchema();

}  // namespace landwaiter::policy
