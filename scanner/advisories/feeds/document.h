// Whole JSON documents of bounded depth, for readers of feeds.
#pragma once

#include <cstddef>
#include <string_view>

#include "lib/base/result.h"
#include "scanner/advisories/json_fields.h"

namespace landwaiter::advisories {

/// Feeds' own documents nest at most some 12 deep.
inline constexpr std::size_t kMaxDocumentDepth = 64;

/// A parser whose buffers are used again. Not thread-safe; what it returns is valid until the next
/// call.
class DocumentParser {
 public:
  /// Errors: InvalidArgument for what is no JSON, ResourceExhausted for one that nests too deep.
  Result<simdjson::dom::element> Parse(std::string_view json);
  /// The same, for a document whose root is an object.
  Result<simdjson::dom::object> ParseObject(std::string_view json);

 private:
  simdjson::dom::parser parser_;
};

}  // namespace landwaiter::advisories
