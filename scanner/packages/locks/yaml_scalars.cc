#include "scanner/packages/locks/yaml_scalars.h"

#include <utility>

#include "lib/base/text.h"

namespace landwaiter::packages {
namespace {

// Escapes of names and versions; the others (YAML 1.2.2, 5.7) stand for characters that neither
// has, and become "?".
char Unescaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case '"':
    case '\\':
    case '/':
    case ' ':
      return c;
    default:
      return '?';
  }
}

std::optional<YamlScalar> TakeDouble(std::string_view text) {
  YamlScalar scalar;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      scalar.rest = text.substr(i + 1);
      return scalar;
    }
    if (text[i] != '\\') {
      scalar.value += text[i];
      continue;
    }
    if (++i == text.size()) return {};
    scalar.value += Unescaped(text[i]);
  }
  return {};
}

std::optional<YamlScalar> TakeSingle(std::string_view text) {
  YamlScalar scalar;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] != '\'') {
      scalar.value += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '\'') {
      scalar.value += text[++i];
    } else {
      scalar.rest = text.substr(i + 1);
      return scalar;
    }
  }
  return {};
}

// Flow maps and lists, by descent that the path bounds.
class Flow {
 public:
  Flow(std::string_view text, JsonPath& path, std::size_t max_depth, JsonVisitor& visitor)
      : rest_(text), path_(path), max_depth_(max_depth), visitor_(visitor) {}

  Status Run() {
    if (auto told = Value(); !told) return told;
    SkipBlanks();
    if (rest_.empty() || rest_.starts_with('#')) return Ok();
    return InvalidArgument("goes on behind a flow value");
  }

 private:
  void SkipBlanks() {
    while (rest_.starts_with(' ')) rest_.remove_prefix(1);
  }
  bool Take(char c) {
    SkipBlanks();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  Status Value() {
    if (Take('{')) return Container('}', true);
    if (Take('[')) return Container(']', false);
    auto scalar = Scalar();
    if (!scalar) return std::move(scalar).error();
    visitor_.Text(path_, *std::move(scalar));
    return Ok();
  }
  Result<std::string> Scalar() {
    SkipBlanks();
    if (rest_.starts_with('"') || rest_.starts_with('\'')) {
      auto quoted = TakeQuoted(rest_);
      if (!quoted) return InvalidArgument("has a quoted text without an end");
      rest_ = quoted->rest;
      return std::move(quoted->value);
    }
    if (rest_.find_first_of("&*!") == 0) {
      return InvalidArgument("has an anchor, an alias or a tag, which no lock file has");
    }
    std::size_t end = 0;
    while (end < rest_.size() && std::string_view(",{}[]").find(rest_[end]) == rest_.npos &&
           !(rest_[end] == ':' && (end + 1 == rest_.size() || rest_[end + 1] == ' '))) {
      ++end;
    }
    const std::string_view plain = text::Trim(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return std::string(plain);
  }
  Status Container(char end, bool is_map) {
    if (path_.size() >= max_depth_) {
      return InvalidArgument("nests deeper than " + std::to_string(max_depth_));
    }
    visitor_.Begin(path_, is_map);
    while (!Take(end)) {
      if (auto told = Element(is_map); !told) return told;
      if (!Take(',') && !rest_.starts_with(end)) {
        return InvalidArgument("has a flow value that does not end on its line");
      }
    }
    visitor_.End(path_);
    return Ok();
  }
  Status Element(bool is_map) {
    std::string key;
    if (is_map) {
      auto scalar = Scalar();
      if (!scalar) return std::move(scalar).error();
      if (!Take(':')) return InvalidArgument("has a flow map with a key without a value");
      key = *std::move(scalar);
    }
    path_.push_back(std::move(key));
    Status told = Value();
    path_.pop_back();
    return told;
  }

  std::string_view rest_;
  JsonPath& path_;
  const std::size_t max_depth_;
  JsonVisitor& visitor_;
};

}  // namespace

std::optional<YamlScalar> TakeQuoted(std::string_view text) {
  return text.starts_with('"') ? TakeDouble(text) : TakeSingle(text);
}

std::optional<YamlKey> FindKey(std::string_view text) {
  if (text.empty()) return {};
  if (text[0] == '"' || text[0] == '\'') {
    auto quoted = TakeQuoted(text);
    if (!quoted || !quoted->rest.starts_with(':')) return {};
    const std::string_view rest = quoted->rest.substr(1);
    if (!rest.empty() && rest[0] != ' ') return {};
    return YamlKey{std::move(quoted->value), text::Trim(rest)};
  }
  if (std::string_view("{[&*!|>%@`#").find(text[0]) != std::string_view::npos) return {};
  for (auto colon = text.find(':'); colon != std::string_view::npos;
       colon = text.find(':', colon + 1)) {
    if (colon + 1 < text.size() && text[colon + 1] != ' ') continue;
    return YamlKey{std::string(text::Trim(text.substr(0, colon))),
                   text::Trim(text.substr(colon + 1))};
  }
  return {};
}

Result<std::string> WholeScalar(std::string_view text) {
  if (text.empty()) return InvalidArgument("has an empty key");
  if (text[0] != '"' && text[0] != '\'') return std::string(text);
  auto quoted = TakeQuoted(text);
  if (!quoted || !text::Trim(quoted->rest).empty()) {
    return InvalidArgument("has a key that does not end on its line");
  }
  return std::move(quoted->value);
}

std::string_view WithoutComment(std::string_view text) {
  return text::Trim(text.substr(0, text.find(" #")));
}

Status TellFlow(std::string_view text, JsonPath& path, std::size_t max_depth,
                JsonVisitor& visitor) {
  return Flow(text, path, max_depth, visitor).Run();
}

}  // namespace landwaiter::packages
