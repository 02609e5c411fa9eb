#include "scanner/advisories/json_split.h"

#include <simdjson.h>

#include <utility>

#include "lib/base/text.h"

namespace landwaiter::advisories {
namespace {

/// Keys are names of packages and fields.
constexpr std::size_t kMaxKeyTextBytes = 1024;

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

Error Unexpected(char c, std::string_view expected) {
  return InvalidArgument("is not JSON: " + text::JsonQuote(std::string(1, c)) + " where " +
                         std::string(expected) + " was expected");
}

/// A key as it stands between its quotes.
Result<std::string> Unescape(const std::string& key) {
  if (key.find('\\') == std::string::npos) return key;
  simdjson::dom::parser parser;
  std::string_view plain;
  const std::string quoted = "\"" + key + "\"";
  if (parser.parse(quoted).get_string().get(plain) != simdjson::SUCCESS) {
    return InvalidArgument("is not JSON: " + text::JsonQuote(key) + " is no string");
  }
  return std::string(plain);
}

}  // namespace

JsonSplitter::JsonSplitter(JsonSplit split, OnValue on_value)
    : split_(split), on_value_(std::move(on_value)) {}

Status JsonSplitter::Take(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t used = 1;
    Status status;
    if (state_ == State::kKey) {
      status = TakeKey(bytes, &used);
    } else if (state_ == State::kValue) {
      status = TakeValue(bytes, &used);
    } else if (!IsBlank(bytes[0])) {
      status = TakeOutside(bytes[0]);
    }
    if (!status) return status;
    bytes.remove_prefix(used);
  }
  return Ok();
}

Status JsonSplitter::Finish() const {
  if (state_ == State::kEnd) return Ok();
  return DataLoss("cannot be read whole: the JSON document breaks off");
}

Status JsonSplitter::TakeOutside(char c) {
  switch (state_) {
    case State::kRoot:
      return OpenContainer(c);
    case State::kFirst:
      if (c == ']' || c == '}') return Close(c);
      return Begin(c);
    case State::kNext:
      return Begin(c);
    case State::kColon:
      if (c != ':') return Unexpected(c, "a colon");
      value_.clear();
      depth_ = 0;
      state_ = State::kValue;
      return Ok();
    case State::kAfter:
      if (c == ',') {
        state_ = State::kNext;
        return Ok();
      }
      return Close(c);
    case State::kKey:
    case State::kValue:
    case State::kEnd:
      break;
  }
  return Unexpected(c, "the end");
}

Status JsonSplitter::OpenContainer(char c) {
  const bool object = split_.root == JsonSplit::Root::kObject;
  if (c != (object ? '{' : '[')) return Unexpected(c, object ? "an object" : "an array");
  state_ = State::kFirst;
  return Ok();
}

Status JsonSplitter::Begin(char c) {
  if (InArray()) {
    value_.clear();
    depth_ = 0;
    state_ = State::kValue;
    std::size_t used = 0;
    return TakeValue({&c, 1}, &used);
  }
  if (c != '"') return Unexpected(c, "a key");
  key_.clear();
  escaped_ = false;
  state_ = State::kKey;
  return Ok();
}

Status JsonSplitter::Close(char c) {
  if (c != (InArray() ? ']' : '}')) return Unexpected(c, "a comma or the end of the list");
  state_ = in_list_ ? State::kAfter : State::kEnd;
  in_list_ = false;
  return Ok();
}

Status JsonSplitter::TakeKey(std::string_view bytes, std::size_t* used) {
  std::size_t at = 0;
  for (; at < bytes.size(); ++at) {
    if (escaped_) {
      escaped_ = false;
    } else if (bytes[at] == '\\') {
      escaped_ = true;
    } else if (bytes[at] == '"') {
      break;
    }
  }
  key_.append(bytes.substr(0, at));
  if (key_.size() > kMaxKeyTextBytes) {
    return ResourceExhausted("has a key of more than " + std::to_string(kMaxKeyTextBytes) +
                             " bytes");
  }
  *used = at;
  if (at == bytes.size()) return Ok();
  *used = at + 1;
  auto key = Unescape(key_);
  if (!key) return std::move(key).error();
  key_ = *std::move(key);
  state_ = State::kColon;
  return Ok();
}

Status JsonSplitter::Append(std::string_view bytes) {
  value_.append(bytes);
  if (value_.size() <= split_.max_value_bytes) return Ok();
  return ResourceExhausted((key_.empty() ? "has an item" : "field " + text::Printable(key_) + ":") +
                           std::string(" of more than ") + std::to_string(split_.max_value_bytes) +
                           " bytes");
}

/// Within a value only quotes and brackets count. A number or word ends before what follows it.
Status JsonSplitter::TakeValue(std::string_view bytes, std::size_t* used) {
  std::size_t at = 0;
  for (; at < bytes.size(); ++at) {
    const char c = bytes[at];
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
      continue;
    }
    if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      const bool list = c == '[' && depth_ == 0 && !in_list_ && !split_.list.empty() &&
                        key_ == split_.list && text::Trim(value_).empty() &&
                        text::Trim(bytes.substr(0, at)).empty();
      if (list) {
        in_list_ = true;
        state_ = State::kFirst;
        *used = at + 1;
        return Ok();
      }
      ++depth_;
    } else if (depth_ == 0 && (c == ',' || c == '}' || c == ']')) {
      *used = at;
      if (Status status = Append(bytes.substr(0, at)); !status) return status;
      return EndValue();
    } else if (c == '}' || c == ']') {
      --depth_;
    }
  }
  *used = at;
  return Append(bytes);
}

Status JsonSplitter::EndValue() {
  state_ = State::kAfter;
  const std::string_view value = text::Trim(value_);
  if (value.empty()) return InvalidArgument("is not JSON: a value is missing");
  return on_value_(InArray() && !in_list_ ? std::string_view() : std::string_view(key_), value);
}

}  // namespace landwaiter::advisories
