#include "scanner/advisories/json_fields.h"

#include <algorithm>

#include "lib/base/text.h"
#include "scanner/advisories/ids.h"
#include "scanner/advisories/limits.h"

namespace landwaiter::advisories {

namespace dom = simdjson::dom;

std::string FieldPath::ToString() const {
  std::string text = parent == nullptr ? "" : parent->ToString();
  if (is_index) return text + "[" + std::to_string(index) + "]";
  if (!text.empty() && !name.empty()) text += '.';
  return text.append(name);
}

Error WrongType(const FieldPath& path, const dom::element& element, std::string_view expected) {
  std::string_view actual = "a number";
  switch (element.type()) {
    case dom::element_type::ARRAY:
      actual = "an array";
      break;
    case dom::element_type::OBJECT:
      actual = "an object";
      break;
    case dom::element_type::STRING:
      actual = "a string";
      break;
    case dom::element_type::BOOL:
      actual = "a boolean";
      break;
    case dom::element_type::NULL_VALUE:
      actual = "null";
      break;
    case dom::element_type::INT64:
    case dom::element_type::UINT64:
    case dom::element_type::DOUBLE:
      break;
  }
  return InvalidArgument("field " + path.ToString() + ": is " + std::string(actual) +
                         ", expected " + std::string(expected));
}

Error Missing(const FieldPath& path) {
  return InvalidArgument("field " + path.ToString() + ": is missing");
}

namespace {

std::optional<dom::element> Find(const dom::object& object, std::string_view name) {
  dom::element element;
  if (object.at_key(name).get(element) != simdjson::SUCCESS || element.is_null()) return {};
  return element;
}

}  // namespace

Result<std::optional<std::string_view>> OptionalText(const dom::object& object,
                                                     std::string_view name, const FieldPath& path,
                                                     std::size_t max_bytes) {
  const auto element = Find(object, name);
  if (!element) return std::optional<std::string_view>();
  const FieldPath field = path.Child(name);
  std::string_view text;
  if (element->get_string().get(text) != simdjson::SUCCESS) {
    return WrongType(field, *element, "a string");
  }
  if (text.size() > max_bytes) {
    return ResourceExhausted("field " + field.ToString() + ": has " + std::to_string(text.size()) +
                             " bytes, expected at most " + std::to_string(max_bytes));
  }
  if (text.find('\0') != std::string_view::npos) {
    return InvalidArgument("field " + field.ToString() + ": holds a NUL");
  }
  return std::optional(text);
}

Result<std::string_view> RequiredText(const dom::object& object, std::string_view name,
                                      const FieldPath& path, std::size_t max_bytes) {
  const auto text = OptionalText(object, name, path, max_bytes);
  if (!text) return text.error();
  if (!text->has_value()) return Missing(path.Child(name));
  if ((*text)->empty()) {
    return InvalidArgument("field " + path.Child(name).ToString() + ": is empty");
  }
  return **text;
}

Result<std::optional<dom::object>> OptionalObject(const dom::object& object, std::string_view name,
                                                  const FieldPath& path) {
  const auto element = Find(object, name);
  if (!element) return std::optional<dom::object>();
  dom::object found;
  if (element->get_object().get(found) != simdjson::SUCCESS) {
    return WrongType(path.Child(name), *element, "an object");
  }
  return std::optional(found);
}

Result<std::optional<dom::array>> OptionalArray(const dom::object& object, std::string_view name,
                                                const FieldPath& path, std::size_t max_items) {
  const auto element = Find(object, name);
  if (!element) return std::optional<dom::array>();
  dom::array found;
  if (element->get_array().get(found) != simdjson::SUCCESS) {
    return WrongType(path.Child(name), *element, "an array");
  }
  // simdjson's own count saturates at 2^24 - 1, far above every limit here.
  if (found.size() > max_items) {
    return ResourceExhausted("field " + path.Child(name).ToString() + ": has " +
                             std::to_string(found.size()) + " items, expected at most " +
                             std::to_string(max_items));
  }
  return std::optional(found);
}

Result<std::vector<std::string>> IdList(const dom::object& object, std::string_view name,
                                        const FieldPath& path) {
  const auto array = OptionalArray(object, name, path, kMaxNames);
  if (!array) return array.error();
  std::vector<std::string> ids;
  if (!array->has_value()) return ids;
  const FieldPath list = path.Child(name);
  std::size_t index = 0;
  for (const dom::element element : **array) {
    const FieldPath item = list.Item(index++);
    std::string_view text;
    if (element.get_string().get(text) != simdjson::SUCCESS) {
      return WrongType(item, element, "a string");
    }
    if (!IsId(text)) {
      return InvalidArgument("field " + item.ToString() + ": " + text::JsonQuote(text) +
                             " is no id of 1 to " + std::to_string(kMaxIdBytes) +
                             " printable bytes");
    }
    ids.emplace_back(text);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

std::optional<std::string_view> LooseText(const dom::object& object, std::string_view name) {
  std::string_view text;
  if (object.at_key(name).get_string().get(text) != simdjson::SUCCESS) return {};
  return text;
}

Result<dom::object> ParseRoot(dom::parser& parser, std::string_view json) {
  dom::element root;
  const auto code = parser.parse(json.data(), json.size(), true).get(root);
  if (code == simdjson::DEPTH_ERROR) {
    return ResourceExhausted("is nested deeper than " + std::to_string(parser.max_depth()) +
                             " levels");
  }
  if (code != simdjson::SUCCESS) {
    return InvalidArgument(std::string("is not JSON: ") + simdjson::error_message(code));
  }
  dom::object object;
  if (root.get_object().get(object) != simdjson::SUCCESS) {
    return InvalidArgument("is JSON but no object");
  }
  return object;
}

}  // namespace landwaiter::advisories
