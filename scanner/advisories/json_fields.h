// Typed access to a simdjson document that knows where it is, so that every fault names its field.
// Included by the readers of this room only: it pulls in simdjson.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace landwaiter::advisories {

/// "affected[0].package.name", built only when a fault is reported.
struct FieldPath {
  const FieldPath* parent = nullptr;
  std::string_view name;
  std::size_t index = 0;
  bool is_index = false;

  FieldPath Child(std::string_view child) const { return {this, child, 0, false}; }
  FieldPath Item(std::size_t item) const { return {this, {}, item, true}; }
  std::string ToString() const;
};

/// "field affected[0].package: is a number, expected a string".
Error WrongType(const FieldPath& path, const simdjson::dom::element& element,
                std::string_view expected);
Error Missing(const FieldPath& path);

/// Absent and null are nullopt; another type is an error, as is text above `max_bytes` or with NUL.
Result<std::optional<std::string_view>> OptionalText(const simdjson::dom::object& object,
                                                     std::string_view name, const FieldPath& path,
                                                     std::size_t max_bytes);
Result<std::string_view> RequiredText(const simdjson::dom::object& object, std::string_view name,
                                      const FieldPath& path, std::size_t max_bytes);
Result<std::optional<simdjson::dom::object>> OptionalObject(const simdjson::dom::object& object,
                                                            std::string_view name,
                                                            const FieldPath& path);
/// Errors also for more than `max_items`.
Result<std::optional<simdjson::dom::array>> OptionalArray(const simdjson::dom::object& object,
                                                          std::string_view name,
                                                          const FieldPath& path,
                                                          std::size_t max_items);
/// A list of names that are ids (IsId), at most kMaxNames; sorted, each once. Absent and null are
/// empty: a record need not name others.
Result<std::vector<std::string>> IdList(const simdjson::dom::object& object, std::string_view name,
                                        const FieldPath& path);
/// A text of free-form parts (database_specific): anything else is nullopt.
std::optional<std::string_view> LooseText(const simdjson::dom::object& object,
                                          std::string_view name);

/// The document's root object. Errors: InvalidArgument for text that is no JSON object,
/// ResourceExhausted for one that nests too deep.
Result<simdjson::dom::object> ParseRoot(simdjson::dom::parser& parser, std::string_view json);

}  // namespace landwaiter::advisories
