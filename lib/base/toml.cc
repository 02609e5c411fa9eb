#include "lib/base/toml.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/toml_cursor.h"

namespace landwaiter {
namespace {

class Reader {
 public:
  Reader(std::string_view text, JsonVisitor& visitor) : in_(text), visitor_(visitor) {}

  Status Run() {
    visitor_.Begin(path_, true);
    for (;;) {
      in_.SkipSpace();
      if (in_.AtEnd()) break;
      if (Status told = in_.At('[') ? Table() : KeyAndValue(); !told) return told;
      if (!in_.EndOfLine()) return in_.Fault("goes on behind a value");
    }
    CloseTables(0);
    visitor_.End({});
    return Ok();
  }

 private:
  using Keys = std::vector<std::string>;

  Status Table();
  Status KeyAndValue();
  Status Value(std::size_t depth);
  Status Array(std::size_t depth);
  Status InlineTable(std::size_t depth);
  void CloseTables(std::size_t keep);
  void OpenTable(JsonPath path) {
    visitor_.Begin(path, true);
    open_.push_back(path);
    path_ = std::move(path);
  }

  TomlCursor in_;
  JsonVisitor& visitor_;
  JsonPath path_;               // of the table at hand
  std::vector<JsonPath> open_;  // elements of arrays of tables, and the table in them
};

void Reader::CloseTables(std::size_t keep) {
  while (open_.size() > keep) {
    visitor_.End(open_.back());
    open_.pop_back();
  }
}

// True where `table` is the array that `element` (its path ends in "") is of, or below it.
bool IsBelow(const std::vector<std::string>& table, const JsonPath& element) {
  return element.size() == 2 && element[1].empty() && !table.empty() && table[0] == element[0];
}

Status Reader::Table() {
  in_.Skip(1);
  const bool array = in_.Take('[');
  auto keys = in_.DottedKey();
  if (!keys) return std::move(keys).error();
  if (!in_.Take(']') || (array && !in_.Take(']'))) return in_.Fault("has a table without a ']'");
  if (keys->size() > kMaxTomlDepth) return in_.Fault("nests too deep");
  const bool below = !open_.empty() && IsBelow(*keys, open_[0]) && keys->size() > 1;
  CloseTables(below ? 1 : 0);
  JsonPath path = below ? open_[0] : JsonPath{};
  for (std::size_t i = below ? 1 : 0; i < keys->size(); ++i) path.push_back(std::move((*keys)[i]));
  if (array) path.emplace_back();
  OpenTable(std::move(path));
  return Ok();
}

Status Reader::KeyAndValue() {
  auto keys = in_.DottedKey();
  if (!keys) return std::move(keys).error();
  if (!in_.Take('=')) return in_.Fault("is neither a table nor a key with a value");
  if (keys->size() > kMaxTomlDepth) return in_.Fault("nests too deep");
  const std::size_t before = path_.size();
  for (std::string& key : *keys) path_.push_back(std::move(key));
  Status told = Value(0);
  path_.resize(before);
  return told;
}

Status Reader::Value(std::size_t depth) {
  if (depth >= kMaxTomlDepth) return in_.Fault("nests too deep");
  in_.SkipBlanks();
  if (in_.At('"') || in_.At('\'')) {
    auto text = in_.String();
    if (!text) return std::move(text).error();
    visitor_.Text(path_, *std::move(text));
    return Ok();
  }
  if (in_.Take('[')) return Array(depth);
  if (in_.Take('{')) return InlineTable(depth);
  const std::string_view word = in_.Word();
  if (word.empty()) return in_.Fault("has a key without a value");
  if (word == "true" || word == "false") {
    visitor_.Bool(path_, word == "true");
    return Ok();
  }
  const bool digits =
      std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
  visitor_.Text(path_, digits ? std::string(word) : std::string());
  return Ok();
}

Status Reader::Array(std::size_t depth) {
  visitor_.Begin(path_, false);
  for (;;) {
    in_.SkipSpace();
    if (in_.Take(']')) break;
    path_.emplace_back();
    Status told = Value(depth + 1);
    path_.pop_back();
    if (!told) return told;
    in_.SkipSpace();
    if (!in_.Take(',') && !in_.At(']')) return in_.Fault("has a list without an end");
  }
  visitor_.End(path_);
  return Ok();
}

Status Reader::InlineTable(std::size_t depth) {
  visitor_.Begin(path_, true);
  for (;;) {
    in_.SkipSpace();  // TOML 1.1 lets it go over several lines
    if (in_.Take('}')) break;
    auto keys = in_.DottedKey();
    if (!keys) return std::move(keys).error();
    if (!in_.Take('=')) return in_.Fault("has an inline table with a key without a value");
    if (keys->size() > kMaxTomlDepth) return in_.Fault("nests too deep");
    const std::size_t before = path_.size();
    for (std::string& key : *keys) path_.push_back(std::move(key));
    Status told = Value(depth + 1);
    path_.resize(before);
    if (!told) return told;
    in_.SkipSpace();
    if (!in_.Take(',') && !in_.At('}')) return in_.Fault("has an inline table without an end");
  }
  visitor_.End(path_);
  return Ok();
}

}  // namespace

Status StreamToml(std::string_view text, JsonVisitor& visitor) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return Reader(text, visitor).Run();
}

}  // namespace landwaiter
