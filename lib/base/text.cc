#include "lib/base/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

#include "lib/base/utf8.h"

namespace landwaiter::text {
namespace {

bool IsControl(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029;
}

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  for (;;) {
    const std::size_t end = text.find(separator, start);
    parts.push_back(text.substr(start, end - start));
    if (end == std::string_view::npos) return parts;
    start = end + 1;
  }
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ToLower(a) == ToLower(b);
}

std::string Join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string joined;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) joined += separator;
    joined += parts[i];
  }
  return joined;
}

std::string Printable(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    std::uint32_t code_point = 0;
    const std::size_t length = Utf8SequenceLength(text, i, &code_point);
    if (length == 0 || IsControl(code_point)) {
      clean += '?';
      i += std::max<std::size_t>(length, 1);
      continue;
    }
    clean.append(text, i, length);
    i += length;
  }
  return clean;
}

std::string Truncate(std::string_view text, std::size_t max_bytes) {
  constexpr std::string_view kMark = "…";
  if (text.size() <= max_bytes) return std::string(text);
  if (max_bytes < kMark.size()) return {};
  std::size_t end = max_bytes - kMark.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + std::string(kMark);
}

std::string JsonQuote(std::string_view text) {
  std::string quoted = "\"";
  for (std::size_t i = 0; i < text.size();) {
    std::uint32_t code_point = 0;
    const std::size_t length = Utf8SequenceLength(text, i, &code_point);
    if (length == 0) {
      quoted += "\xEF\xBF\xBD";
      ++i;
      continue;
    }
    if (text[i] == '"' || text[i] == '\\') {
      quoted += '\\';
      quoted += text[i];
    } else if (IsControl(code_point)) {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\u%04x", code_point);
      quoted += buffer;
    } else {
      quoted.append(text, i, length);
    }
    i += length;
  }
  return quoted + "\"";
}

bool GlobMatch(std::string_view pattern, std::string_view text) {
  // The set of pattern positions reachable after each character of the text: no back-tracking, so
  // no pattern is worse than |pattern| x |text|.
  const std::size_t size = pattern.size();
  std::vector<char> now(size + 1, 0), next(size + 1, 0);
  const auto deep_at = [&](std::size_t p) { return pattern.substr(p, 2) == "**"; };
  // Adds p and what is reached from it without a character; at the start of a part "**/" may also
  // be nothing. Each position is entered once a character, so the recursion is bounded by
  // |pattern|.
  const auto add = [&](auto&& self, std::vector<char>& set, std::size_t p,
                       bool part_start) -> void {
    if (p > size || set[p] != 0) return;
    set[p] = 1;
    if (p == size || pattern[p] != '*') return;
    self(self, set, p + (deep_at(p) ? 2 : 1), part_start);
    if (deep_at(p) && part_start && p + 2 < size && pattern[p + 2] == '/') {
      self(self, set, p + 3, part_start);
    }
  };
  add(add, now, 0, true);
  for (const char c : text) {
    std::fill(next.begin(), next.end(), 0);
    for (std::size_t p = 0; p < size; ++p) {
      if (now[p] == 0) continue;
      if (pattern[p] == '*') {
        // The second star of "**" is never a position of its own: add() steps over it.
        if (deep_at(p) || c != '/') add(add, next, p, c == '/');
      } else if (pattern[p] == c || (pattern[p] == '?' && c != '/')) {
        add(add, next, p + 1, c == '/');
      }
    }
    now.swap(next);
  }
  return now[size] != 0;
}

std::string Base64Encode(std::string_view bytes) {
  std::string encoded;
  encoded.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = (group << 8) | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      encoded += i + j > bytes.size() ? '=' : kBase64[(group >> (18 - 6 * j)) & 63];
    }
  }
  return encoded;
}

std::optional<std::string> Base64Decode(std::string_view text) {
  std::string decoded;
  std::uint32_t group = 0;
  int bits = 0;
  bool padded = false;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == ' ' || c == '\t') continue;
    if (c == '=') {
      padded = true;
      continue;
    }
    const std::size_t value = kBase64.find(c);
    if (padded || value == std::string_view::npos) return std::nullopt;
    group = (group << 6) | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      decoded += static_cast<char>((group >> bits) & 0xFF);
    }
  }
  if (bits == 6) return std::nullopt;  // one lone character carries no whole byte
  return decoded;
}

}  // namespace landwaiter::text
