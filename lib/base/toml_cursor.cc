#include "lib/base/toml_cursor.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

namespace landwaiter {
namespace {

bool IsBare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

/// The character of that many hexadecimal digits as UTF-8; "?" for what is none.
std::string Unicode(std::string_view digits) {
  std::uint32_t c = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), c, 16);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  if (!whole || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) return "?";
  const auto tail = [c](int shift) { return static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xC0 | (c >> 6)), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xE0 | (c >> 12)), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | (c >> 18)), tail(12), tail(6), tail(0)};
}

}  // namespace

Error TomlCursor::Fault(std::string_view what) const {
  const auto end = text_.begin() + static_cast<std::ptrdiff_t>(std::min(at_, text_.size()));
  return InvalidArgument("line " + std::to_string(1 + std::count(text_.begin(), end, '\n')) + " " +
                         std::string(what));
}

void TomlCursor::SkipBlanks() {
  while (At(' ') || At('\t')) ++at_;
}

void TomlCursor::SkipSpace() {
  for (;;) {
    while (At(' ') || At('\t') || At('\n') || At('\r')) ++at_;
    if (!At('#')) return;
    at_ = std::min(text_.find('\n', at_), text_.size());
  }
}

bool TomlCursor::Take(char c) {
  SkipBlanks();
  if (!At(c)) return false;
  ++at_;
  return true;
}

bool TomlCursor::EndOfLine() {
  SkipBlanks();
  if (At('#')) at_ = std::min(text_.find('\n', at_), text_.size());
  if (At('\r')) ++at_;
  return AtEnd() || At('\n');
}

Result<std::vector<std::string>> TomlCursor::DottedKey() {
  std::vector<std::string> keys;
  do {
    SkipBlanks();
    if (At('"') || At('\'')) {
      auto key = String();
      if (!key) return std::move(key).error();
      keys.push_back(*std::move(key));
      continue;
    }
    const std::size_t from = at_;
    while (!AtEnd() && IsBare(text_[at_])) ++at_;
    if (at_ == from) return Fault("has no key where one is due");
    keys.emplace_back(text_.substr(from, at_ - from));
  } while (Take('.'));
  return keys;
}

// Behind a backslash.
std::string TomlCursor::Escape() {
  const char c = text_[at_++];
  switch (c) {
    case 'n':
      return "\n";
    case 't':
      return "\t";
    case 'r':
      return "\r";
    case '"':
    case '\\':
      return std::string(1, c);
    case 'u':
    case 'U': {
      const std::string_view digits = text_.substr(at_, c == 'u' ? 4 : 8);
      at_ += digits.size();
      return Unicode(digits);
    }
    case '\n':
    case ' ':
      // The line goes on below, in strings of several lines.
      while (At(' ') || At('\t') || At('\n') || At('\r')) ++at_;
      return {};
    default:
      return "?";
  }
}

Result<std::string> TomlCursor::String() {
  const char quote = text_[at_];
  const std::string triple(3, quote);
  const bool lines = Has(triple);
  at_ += lines ? 3 : 1;
  std::string out;
  while (!AtEnd()) {
    const char c = text_[at_];
    if (lines ? Has(triple) : c == quote) {
      at_ += lines ? 3 : 1;
      while (lines && At(quote)) ++at_;  // up to two quotes may stand before the closing three
      return out;
    }
    if (c == '\n' && !lines) return Fault("has a string that its line does not end");
    ++at_;
    if (c != '\\' || quote == '\'') {
      out += c;
    } else if (!AtEnd()) {
      out += Escape();
    }
  }
  return Fault("has a string without an end");
}

std::string_view TomlCursor::Word() {
  SkipBlanks();
  const std::size_t from = at_;
  while (!AtEnd() && std::string_view(",]}#= \t\r\n").find(text_[at_]) == std::string_view::npos) {
    ++at_;
  }
  return text_.substr(from, at_ - from);
}

}  // namespace landwaiter
