// Objects of a document (JSON, YAML, TOML) and the few of their fields that count, as they stream
// by. Inside this room only.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "scanner/packages/json_stream.h"

namespace landwaiter::packages {

/// npm's first lock files nest as node_modules does, two levels a folder; below 20 folders a path
/// is longer than Windows can open.
inline constexpr std::size_t kMaxLockDepth = 48;

class Record {
 public:
  explicit Record(JsonPath at) : at_(std::move(at)) {}

  const JsonPath& at() const { return at_; }
  /// Its own key.
  const std::string& key() const { return at_.back(); }
  /// "" where it has no such field. Of a list all elements, with commas; of a boolean "true" or
  /// "false".
  std::string_view operator[](std::string_view field) const;
  bool Has(std::string_view field) const { return Find(field) != nullptr; }

  void Set(std::string_view field, std::string value, bool element);

 private:
  struct Field {
    std::string name;
    std::string value;
  };
  const Field* Find(std::string_view name) const;

  JsonPath at_;
  std::vector<Field> fields_;
};

/// Gives `each` the objects for which `is_record` holds, when they end; a record in another one
/// comes first. `fields` are paths below the record: "version", "source/registry".
class RecordVisitor : public JsonVisitor {
 public:
  using IsRecord = bool (*)(const JsonPath& path);
  using Each = std::function<void(const Record& record)>;

  /// `tops` are keys of the document itself, for Top.
  RecordVisitor(IsRecord is_record, std::initializer_list<std::string_view> fields, Each each,
                std::initializer_list<std::string_view> tops = {})
      : is_record_(is_record), fields_(fields), each_(std::move(each)), tops_(tops) {}

  void Begin(const JsonPath& path, bool is_object) override;
  void Text(const JsonPath& path, std::string text) override;
  void Bool(const JsonPath& path, bool value) override { Text(path, value ? "true" : "false"); }
  void End(const JsonPath& path) override;

  /// The document's top is an object.
  bool is_object() const { return is_object_; }
  /// The text at a key of the document itself, "" where it is a map or a list; nullopt where there
  /// is none.
  std::optional<std::string_view> Top(std::string_view key) const;
  /// False where the document has none of the keys: it is one of something else.
  bool HasTop() const { return !top_.empty(); }

 private:
  bool Asked(std::string_view field) const;
  void TakeTop(const JsonPath& path, std::string_view text);

  const IsRecord is_record_;
  const std::vector<std::string_view> fields_;
  const Each each_;
  const std::vector<std::string_view> tops_;
  std::map<std::string, std::string, std::less<>> top_;
  std::vector<Record> open_;
  bool is_object_ = false;
};

}  // namespace landwaiter::packages
