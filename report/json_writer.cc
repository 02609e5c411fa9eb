#include "report/json_writer.h"

#include <algorithm>
#include <ostream>

#include "report/without_commands.h"

namespace landwaiter::report {
namespace {

using nlohmann::json;

std::string Dump(const json& value, int indent) {
  return value.dump(indent, ' ', true, json::error_handler_t::replace);
}

constexpr std::size_t kHandOn = 64u << 10;

bool IsPlain(char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; }

}  // namespace

std::string WithoutCommands(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) {
    if (c == '#' && out.ends_with('#')) {
      out += "\\u0023";
    } else {
      out += c;
    }
  }
  return out;
}

void JsonWriter::Next() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (depth_ == 0) return;
  if (text_.size() >= kHandOn) HandOn();
  if (!first_) text_ += ',';
  first_ = false;
  Line();
}

void JsonWriter::HandOn() {
  if (text_.find("##") != std::string::npos) text_ = WithoutCommands(text_);
  out_.write(text_.data(), static_cast<std::streamsize>(text_.size()));
  text_.clear();
}

void JsonWriter::Finish() {
  text_ += '\n';
  HandOn();
}

void JsonWriter::Begin(char bracket) {
  Next();
  text_ += bracket;
  ++depth_;
  first_ = true;
}

void JsonWriter::End(char bracket) {
  --depth_;
  if (!first_) Line();
  first_ = false;
  text_ += bracket;
}

void JsonWriter::Key(std::string_view name) {
  Next();
  Quote(name);
  text_ += ": ";
  after_key_ = true;
}

void JsonWriter::String(std::string_view name, std::string_view value) {
  Key(name);
  Next();
  Quote(value);
}

void JsonWriter::Strings(std::string_view name, const std::vector<std::string>& values) {
  Key(name);
  BeginArray();
  for (const std::string& value : values) {
    Next();
    Quote(value);
  }
  EndArray();
}

void JsonWriter::Value(std::string_view name, const json& value) {
  Key(name);
  Item(value);
}

void JsonWriter::Item(const json& value) {
  Next();
  if (!value.is_structured()) {
    text_ += Dump(value, -1);
    return;
  }
  // No text in it holds a line's end as it is.
  for (const char c : Dump(value, 2)) {
    if (c == '\n') {
      Line();
    } else {
      text_ += c;
    }
  }
}

void JsonWriter::Quote(std::string_view text) {
  if (!std::all_of(text.begin(), text.end(), IsPlain)) {
    text_ += Dump(json(std::string(text)), -1);
    return;
  }
  text_ += '"';
  text_ += text;
  text_ += '"';
}

}  // namespace landwaiter::report
