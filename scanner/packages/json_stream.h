// A JSON text as a stream of values, so that neither its size nor its depth cost memory. Inside
// this room only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace landwaiter::packages {

/// Deeper values are skipped: no record that an installed package leaves keeps anything there.
inline constexpr std::size_t kMaxJsonStreamDepth = 8;

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
  virtual void Bool(const JsonPath& path, bool value);
  /// An object or an array begins or ends; the top has an empty path.
  virtual void Begin(const JsonPath& path, bool is_object);
  virtual void End(const JsonPath& path);
};

/// One whole JSON text (RFC 8259); a byte order mark before it is skipped. What was told before a
/// fault stays told; what lies deeper than `max_depth` is not told. Errors: InvalidArgument "is no
/// JSON: it breaks at byte N".
Status StreamJson(std::string_view text, JsonVisitor& visitor,
                  std::size_t max_depth = kMaxJsonStreamDepth);

}  // namespace landwaiter::packages
