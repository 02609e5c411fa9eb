#include "lib/base/json.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace landwaiter {
namespace {

/// Where the string that begins at `start` ends: its closing quote, or the text's end.
std::size_t EndOfString(std::string_view text, std::size_t start) {
  std::size_t at = start + 1;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return at;
}

bool ClosesAtOnce(std::string_view text, std::size_t bracket) {
  const std::size_t next = text.find_first_not_of(" \t\r\n", bracket + 1);
  return next != std::string_view::npos && (text[next] == ']' || text[next] == '}');
}

/// Counts depth and values outside of strings. No judgement of well-formedness: of text that is no
/// JSON it counts at least what a parser builds before it notices.
Status CheckShape(std::string_view text, const JsonLimits& limits) {
  std::size_t depth = 0;
  // The text's own value, the first one of each container, and one after each comma.
  std::size_t values = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      i = EndOfString(text, i);
    } else if (c == '[' || c == '{') {
      ++depth;
      if (!ClosesAtOnce(text, i)) ++values;
    } else if (c == ',') {
      ++values;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
    if (depth > limits.max_depth) {
      return InvalidArgument("JSON is nested deeper than " + std::to_string(limits.max_depth));
    }
    if (values > limits.max_values) {
      return ResourceExhausted("JSON holds more than " + std::to_string(limits.max_values) +
                               " values");
    }
  }
  return Ok();
}

}  // namespace

Result<nlohmann::json> ParseJson(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return ResourceExhausted("JSON of " + std::to_string(text.size()) + " bytes is larger than " +
                             std::to_string(limits.max_bytes));
  }
  if (Status shape = CheckShape(text, limits); !shape) return std::move(shape).error();
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    return InvalidArgument("no valid JSON at byte " + std::to_string(error.byte) + " of " +
                           std::to_string(text.size()));
  } catch (const nlohmann::json::exception&) {
    // A number out of range: the message would repeat the hostile text.
    return InvalidArgument("JSON holds a number that is out of range");
  }
}

std::string DumpJson(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

JsonFields::JsonFields(const nlohmann::json& json, std::string path)
    : json_(json), path_(std::move(path)) {
  if (!json.is_object()) {
    status_ = InvalidArgument((path_.empty() ? "document" : path_) + " must be an object, is " +
                              json.type_name());
  }
}

const nlohmann::json* JsonFields::Find(const char* name) const {
  if (!json_.is_object()) return nullptr;
  const auto found = json_.find(name);
  return found == json_.end() || found->is_null() ? nullptr : &*found;
}

std::string JsonFields::PathOf(const char* name) const {
  return path_.empty() ? name : path_ + "." + name;
}

void JsonFields::Fail(const char* name, const std::string& why) {
  if (status_) status_ = InvalidArgument(PathOf(name) + ": " + why);
}

void JsonFields::WrongType(const char* name, std::string_view expected,
                           const nlohmann::json& value) {
  Fail(name, "must be " + std::string(expected) + ", is " + value.type_name());
}

void JsonFields::String(const char* name, std::string& out, std::size_t max_bytes) {
  const nlohmann::json* value = Find(name);
  if (value == nullptr) return;
  if (!value->is_string()) return WrongType(name, "a string", *value);
  const auto& text = value->get_ref<const std::string&>();
  if (text.size() > max_bytes) {
    return Fail(name, "is longer than " + std::to_string(max_bytes) + " bytes");
  }
  out = text;
}

void JsonFields::Int(const char* name, std::int64_t& out) {
  const nlohmann::json* value = Find(name);
  if (value == nullptr) return;
  if (!value->is_number_integer()) return WrongType(name, "an integer", *value);
  if (value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX) {
    return Fail(name, "is out of range");
  }
  out = value->get<std::int64_t>();
}

void JsonFields::Uint(const char* name, std::uint64_t& out) {
  std::int64_t number = static_cast<std::int64_t>(out);
  Int(name, number);
  if (number < 0) return Fail(name, "must not be negative");
  out = static_cast<std::uint64_t>(number);
}

void JsonFields::Bool(const char* name, bool& out) {
  const nlohmann::json* value = Find(name);
  if (value == nullptr) return;
  if (!value->is_boolean()) return WrongType(name, "true or false", *value);
  out = value->get<bool>();
}

void JsonFields::Number(const char* name, double& out) {
  const nlohmann::json* value = Find(name);
  if (value == nullptr) return;
  if (!value->is_number()) return WrongType(name, "a number", *value);
  out = value->get<double>();
}

void JsonFields::Strings(const char* name, std::vector<std::string>& out, std::size_t max_items,
                         std::size_t max_bytes) {
  const nlohmann::json* value = Find(name);
  if (value == nullptr) return;
  if (!value->is_array()) return WrongType(name, "a list of strings", *value);
  if (value->size() > max_items) {
    return Fail(name, "has more than " + std::to_string(max_items) + " items");
  }
  out.clear();
  for (const auto& item : *value) {
    if (!item.is_string()) return WrongType(name, "a list of strings", item);
    const auto& text = item.get_ref<const std::string&>();
    if (text.size() > max_bytes) {
      return Fail(name, "has an item longer than " + std::to_string(max_bytes) + " bytes");
    }
    out.push_back(text);
  }
}

void JsonFields::Uints(const char* name, std::vector<std::uint64_t>& out, std::size_t max_items) {
  const nlohmann::json* value = Find(name);
  if (value == nullptr) return;
  if (!value->is_array()) return WrongType(name, "a list of numbers", *value);
  if (value->size() > max_items) {
    return Fail(name, "has more than " + std::to_string(max_items) + " items");
  }
  out.clear();
  for (const auto& item : *value) {
    if (!item.is_number_unsigned()) return WrongType(name, "a list of numbers from 0", item);
    out.push_back(item.get<std::uint64_t>());
  }
}

void JsonFields::StringMap(const char* name, std::map<std::string, std::string>& out,
                           std::size_t max_items, std::size_t max_bytes) {
  const nlohmann::json* value = Find(name);
  if (value == nullptr) return;
  if (!value->is_object()) return WrongType(name, "a map of strings", *value);
  if (value->size() > max_items) {
    return Fail(name, "has more than " + std::to_string(max_items) + " entries");
  }
  out.clear();
  for (const auto& [key, item] : value->items()) {
    if (!item.is_string()) return WrongType(name, "a map of strings", item);
    const auto& text = item.get_ref<const std::string&>();
    if (text.size() > max_bytes || key.size() > max_bytes) {
      return Fail(name, "has an entry longer than " + std::to_string(max_bytes) + " bytes");
    }
    out[key] = text;
  }
}

void JsonFields::Objects(const char* name, std::size_t max_items,
                         const std::function<Status(JsonFields&)>& each) {
  const nlohmann::json* value = Find(name);
  if (value == nullptr || !status_) return;
  if (!value->is_array()) return WrongType(name, "a list of objects", *value);
  if (value->size() > max_items) {
    return Fail(name, "has more than " + std::to_string(max_items) + " items");
  }
  std::size_t index = 0;
  for (const auto& item : *value) {
    JsonFields fields(item, PathOf(name) + "[" + std::to_string(index++) + "]");
    if (Status done = fields.Done(); !done) status_ = std::move(done);
    if (status_) {
      if (Status read = each(fields); !read) status_ = std::move(read);
    }
    if (!status_) return;
  }
}

void JsonFields::Object(const char* name, const std::function<Status(JsonFields&)>& read) {
  const nlohmann::json* value = Find(name);
  if (value == nullptr || !status_) return;
  JsonFields fields(*value, PathOf(name));
  if (Status done = fields.Done(); !done) {
    status_ = std::move(done);
    return;
  }
  if (Status done = read(fields); !done) status_ = std::move(done);
}

bool JsonFields::Has(const char* name) const { return Find(name) != nullptr; }

Status JsonFields::Done() const { return status_; }

}  // namespace landwaiter
