// Compact bytes for what the project's own programs hand to each other or keep: numbers are LEB128
// (DWARF 5, section 7.6), texts a length and bytes. The formats themselves stand where their
// records do (model/inventory_codec.h, scanner/layer/inventory_codec.h), each with its version.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace landwaiter {

class BinaryWriter {
 public:
  std::string Take() { return std::move(bytes_); }

  void Number(std::uint64_t value) {
    while (value >= 0x80) {
      bytes_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    bytes_.push_back(static_cast<char>(value));
  }
  /// Eight bytes, the lowest first.
  void Fixed(std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) {
      bytes_.push_back(static_cast<char>(value >> shift));
    }
  }
  void Raw(std::string_view text) { bytes_ += text; }
  void Text(std::string_view text) {
    Number(text.size());
    bytes_ += text;
  }

 private:
  std::string bytes_;
};

/// Reads until the first fault; after that everything is 0 and empty, and failed() says so. Nothing
/// is reserved that the bytes do not pay for.
class BinaryReader {
 public:
  explicit BinaryReader(std::string_view bytes) : bytes_(bytes) {}

  bool failed() const { return failed_; }
  std::size_t left() const { return bytes_.size(); }

  std::uint64_t Number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) break;
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    return Fail();
  }
  std::uint64_t Below(std::uint64_t bound) {
    const std::uint64_t value = Number();
    return value < bound ? value : Fail();
  }
  /// Of things that take at least a byte each, so never more than are left after it.
  std::uint64_t Count() {
    const std::uint64_t count = Number();
    return count <= bytes_.size() ? count : Fail();
  }
  std::uint64_t Fixed() {
    if (bytes_.size() < 8) return Fail();
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(bytes_[static_cast<std::size_t>(i)])}
               << (8 * i);
    }
    bytes_.remove_prefix(8);
    return value;
  }
  bool Skip(std::string_view expected) {
    if (!bytes_.starts_with(expected)) return Fail() != 0;
    bytes_.remove_prefix(expected.size());
    return true;
  }
  /// Good as long as the bytes are.
  std::string_view Text() {
    const std::uint64_t size = Count();
    const std::string_view text = bytes_.substr(0, size);
    bytes_.remove_prefix(text.size());
    return text;
  }
  /// 0, for those who return what they could not read.
  std::uint64_t Fail() {
    failed_ = true;
    bytes_ = {};
    return 0;
  }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

}  // namespace landwaiter
