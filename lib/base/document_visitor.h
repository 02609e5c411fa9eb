// A document (JSON, TOML) as it streams by, value by value, so that neither its size nor its depth
// cost memory.
#pragma once

#include <string>
#include <vector>

namespace landwaiter {

/// Where a value stands: its keys from the top, "" for an element of an array. Of the values that
/// are told.
using JsonPath = std::vector<std::string>;

class JsonVisitor {
 public:
  virtual ~JsonVisitor() = default;
  /// A string, or a whole number that is not negative, as its digits; for any other value "". Of
  /// equal keys, as in JavaScript, the last counts.
  virtual void Text(const JsonPath& path, std::string text) = 0;
  /// For most the same as any other value: "".
  virtual void Bool(const JsonPath& path, bool /*value*/) { Text(path, {}); }
  /// An object or an array begins or ends; the top has an empty path.
  virtual void Begin(const JsonPath& /*path*/, bool /*is_object*/) {}
  virtual void End(const JsonPath& /*path*/) {}
};

}  // namespace landwaiter
