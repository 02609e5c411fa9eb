#include "scanner/packages/plain_text.h"

#include <cstddef>
#include <cstdint>

namespace landwaiter::packages {
namespace {

constexpr std::uint32_t kReplacement = 0xfffd;

void AppendUtf8(std::uint32_t point, std::string& out) {
  const auto add = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) return add(point);
  if (point < 0x800) {
    add(0xc0 | point >> 6);
  } else {
    if (point < 0x10000) {
      add(0xe0 | point >> 12);
    } else {
      add(0xf0 | point >> 18);
      add(0x80 | (point >> 12 & 0x3f));
    }
    add(0x80 | (point >> 6 & 0x3f));
  }
  add(0x80 | (point & 0x3f));
}

bool IsHighSurrogate(std::uint32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool IsLowSurrogate(std::uint32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

std::string Utf8OfUtf16(std::string_view bytes, bool little) {
  const auto unit = [&](std::size_t at) {
    const std::uint32_t first = static_cast<unsigned char>(bytes[at]);
    const std::uint32_t second = static_cast<unsigned char>(bytes[at + 1]);
    return little ? second << 8 | first : first << 8 | second;
  };
  std::string out;
  std::size_t at = 0;
  for (; at + 1 < bytes.size(); at += 2) {
    std::uint32_t point = unit(at);
    if (IsHighSurrogate(point) && at + 3 < bytes.size() && IsLowSurrogate(unit(at + 2))) {
      point = 0x10000 + ((point - 0xd800) << 10) + (unit(at + 2) - 0xdc00);
      at += 2;
    } else if (IsHighSurrogate(point) || IsLowSurrogate(point)) {
      point = kReplacement;
    }
    AppendUtf8(point, out);
  }
  if (at < bytes.size()) AppendUtf8(kReplacement, out);  // half a unit
  return out;
}

}  // namespace

PlainText::PlainText(std::string_view bytes) : view_(bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) {
    view_.remove_prefix(3);
  } else if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) {
    turned_ = Utf8OfUtf16(bytes.substr(2), bytes.front() == '\xFF');
    view_ = turned_;
  }
}

}  // namespace landwaiter::packages
