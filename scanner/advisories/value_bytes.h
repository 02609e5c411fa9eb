// How the bytes of a value of the advisory database are written and read: numbers as LEB128, texts
// by length, behind a checksum. Included by codec.cc and its fuzz target only.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace landwaiter::advisories {

inline constexpr std::size_t kValueChecksumBytes = 4;

/// FNV-1a's steps over words of eight bytes, little endian, the last filled up with zeros; 64 bits
/// folded to 32. No word but the same one leaves a step with the same 64 bits. Against what disks
/// and copies do, not against an author. (By single bytes it was a sixth of the matching's time.)
inline std::uint32_t ValueChecksum(std::string_view bytes) {
  static_assert(std::endian::native == std::endian::little, "words are read as they lie");
  constexpr std::uint64_t kPrime = 1099511628211ULL;
  std::uint64_t hash = 14695981039346656037ULL ^ bytes.size();
  const auto step = [&](const char* at, std::size_t size) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, size);
    hash = (hash ^ word) * kPrime;
    hash ^= hash >> 32;  // a product's low bits do not know of a word's high ones
  };
  for (; bytes.size() >= sizeof(std::uint64_t); bytes.remove_prefix(sizeof(std::uint64_t))) {
    step(bytes.data(), sizeof(std::uint64_t));
  }
  step(bytes.data(), bytes.size());
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

class ValueWriter {
 public:
  void Number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }
  void Text(std::string_view text) {
    Number(text.size());
    bytes_ += text;
  }
  void Texts(const std::vector<std::string>& texts) {
    Number(texts.size());
    for (const std::string& text : texts) Text(text);
  }
  std::string Finish() && {
    const std::uint32_t sum = ValueChecksum(bytes_);
    std::string out;
    out.reserve(bytes_.size() + kValueChecksumBytes);
    for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(sum >> shift);
    return out + bytes_;
  }

 private:
  std::string bytes_;
};

/// Reads until the first fault; after that everything is empty and Finish reports it.
class ValueReader {
 public:
  explicit ValueReader(std::string_view value) {
    if (value.size() < kValueChecksumBytes) {
      broken_ = true;
      return;
    }
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < kValueChecksumBytes; ++i) {
      sum |= static_cast<std::uint32_t>(static_cast<unsigned char>(value[i])) << (8 * i);
    }
    rest_ = value.substr(kValueChecksumBytes);
    if (ValueChecksum(rest_) != sum) broken_ = true;
  }

  std::uint64_t Number(std::uint64_t max) {
    if (!rest_.empty() && static_cast<unsigned char>(rest_[0]) < 0x80) {  // nearly always
      const auto one = static_cast<unsigned char>(rest_[0]);
      rest_.remove_prefix(1);
      if (one <= max) return one;
      broken_ = true;
      return 0;
    }
    std::uint64_t value = 0;
    for (int shift = 0; !broken_; shift += 7) {
      if (rest_.empty() || shift > 63) break;
      const auto byte = static_cast<unsigned char>(rest_[0]);
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) {
        if (value > max) break;
        return value;
      }
    }
    broken_ = true;
    return 0;
  }
  /// A count of things that take at least one byte each, so never more than are left after it.
  std::size_t Count() {
    const std::uint64_t count = Number(std::numeric_limits<std::uint64_t>::max());
    if (count <= rest_.size()) return count;
    broken_ = true;
    return 0;
  }
  std::string Text() {
    std::string text;
    TextTo(text);
    return text;
  }
  void TextTo(std::string& text) { text.assign(View()); }
  /// Good as long as the value is.
  std::string_view View() {
    const std::size_t size = Count();
    const std::string_view text = rest_.substr(0, size);  // 0 where it is broken
    rest_.remove_prefix(size);
    return text;
  }
  std::vector<std::string> Texts() {
    std::vector<std::string> texts;
    for (std::size_t left = Count(); left > 0 && !broken_; --left) texts.push_back(Text());
    return texts;
  }
  bool broken() const { return broken_; }
  Status Finish(std::string_view what) const {
    if (!broken_ && rest_.empty()) return Ok();
    return DataLoss("advisory database: a value of the table of " + std::string(what) +
                    " is damaged; build the database again");
  }

 private:
  std::string_view rest_;
  bool broken_ = false;
};

}  // namespace landwaiter::advisories
