#include "scanner/advisories/feeds/document.h"

#include <algorithm>

namespace landwaiter::advisories {

namespace dom = simdjson::dom;

Result<dom::element> DocumentParser::Parse(std::string_view json) {
  if (parser_.capacity() < json.size() || parser_.max_depth() != kMaxDocumentDepth) {
    const std::size_t capacity = std::max<std::size_t>(json.size(), 64u << 10);
    if (parser_.allocate(capacity, kMaxDocumentDepth) != simdjson::SUCCESS) {
      return Internal("no memory for a document of " + std::to_string(json.size()) + " bytes");
    }
  }
  dom::element root;
  const auto code = parser_.parse(json.data(), json.size(), true).get(root);
  if (code == simdjson::SUCCESS) return root;
  if (code == simdjson::DEPTH_ERROR) {
    return ResourceExhausted("is nested deeper than " + std::to_string(kMaxDocumentDepth) +
                             " levels");
  }
  return InvalidArgument(std::string("is not JSON: ") + simdjson::error_message(code));
}

Result<dom::object> DocumentParser::ParseObject(std::string_view json) {
  const auto root = Parse(json);
  if (!root) return root.error();
  dom::object object;
  if (root->get_object().get(object) == simdjson::SUCCESS) return object;
  return InvalidArgument("is JSON but no object");
}

}  // namespace landwaiter::advisories
