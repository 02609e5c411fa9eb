// A JSON text written as it goes, without a document in memory: a report names thousands of
// packages, and to build, print and destroy their objects is half of what the scan of a known image
// costs. The bytes are those of nlohmann's dump(2, ' ', true, replace) of the same document, where
// keys come in the order of their bytes: two blanks a level, ASCII only, so that an image's author
// cannot reach the terminal of whoever prints the file.
#pragma once

#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace landwaiter::report {

class JsonWriter {
 public:
  explicit JsonWriter(std::ostream& out) : out_(out) {}

  void BeginObject() { Begin('{'); }
  void EndObject() { End('}'); }
  void BeginArray() { Begin('['); }
  void EndArray() { End(']'); }
  /// Of the value that follows. Whoever writes an object chooses the order of its keys.
  void Key(std::string_view name);

  void String(std::string_view name, std::string_view value);
  void Strings(std::string_view name, const std::vector<std::string>& values);
  /// For what is small.
  void Value(std::string_view name, const nlohmann::json& value);
  /// Of an array.
  void Item(const nlohmann::json& value);
  template <class T>
  void Optional(std::string_view name, const std::optional<T>& value) {
    Value(name, value ? nlohmann::json(*value) : nlohmann::json(nullptr));
  }

  /// After the end of the document: its last line's end, and what is still in hand.
  void Finish();

 private:
  void Begin(char bracket);
  void End(char bracket);
  /// Before an item of an array or a key: the comma and the line.
  void Next();
  void Line() { text_.append(1, '\n').append(2 * depth_, ' '); }
  void Quote(std::string_view text);
  void HandOn();

  std::ostream& out_;
  std::string text_;  // what is not yet handed on
  std::size_t depth_ = 0;
  bool first_ = true;  // nothing stands in the present array or object yet
  bool after_key_ = false;
};

}  // namespace landwaiter::report
