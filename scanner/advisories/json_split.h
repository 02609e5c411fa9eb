// Cuts a large JSON document into values that can be parsed one at a time, while it comes in, so
// that no feed has to be held whole. Only the outermost one or two levels are read here; what is
// cut out is checked by whoever parses it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace landwaiter::advisories {

struct JsonSplit {
  /// The root must be an object, whose members' values are handed out with their keys, or an array,
  /// whose items are (key "").
  enum class Root { kObject, kArray } root = Root::kObject;
  /// A member of a root object whose array is cut into its items in turn; "" for none.
  std::string_view list = {};
  std::size_t max_value_bytes = 0;
};

class JsonSplitter {
 public:
  using OnValue = std::function<Status(std::string_view key, std::string_view value)>;
  JsonSplitter(JsonSplit split, OnValue on_value);

  /// Errors: InvalidArgument for what is no such document, ResourceExhausted for a value above the
  /// limit, and those of `on_value`.
  Status Take(std::string_view bytes);
  /// Errors: DataLoss where the document breaks off.
  Status Finish() const;

 private:
  enum class State { kRoot, kFirst, kNext, kKey, kColon, kValue, kAfter, kEnd };

  Status TakeOutside(char c);
  Status OpenContainer(char c);
  Status Begin(char c);
  Status Close(char c);
  Status TakeKey(std::string_view bytes, std::size_t* used);
  Status TakeValue(std::string_view bytes, std::size_t* used);
  Status Append(std::string_view bytes);
  Status EndValue();
  bool InArray() const { return in_list_ || split_.root == JsonSplit::Root::kArray; }

  JsonSplit split_;
  OnValue on_value_;
  State state_ = State::kRoot;
  bool in_list_ = false;
  std::string key_;
  std::string value_;
  std::size_t depth_ = 0;   // of brackets within the value
  bool in_string_ = false;  // of the value or key
  bool escaped_ = false;
};

}  // namespace landwaiter::advisories
