// Compact bytes for what the project's own programs hand to each other or keep: numbers are LEB128
// (DWARF 5, section 7.6), texts a length and bytes. The formats themselves stand where their
// records do (model/inventory_codec.h, scanner/layer/inventory_codec.h), each with its version.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace landwaiter {

class BinaryWriter {
 public:
  /// Is given what was written, piece by piece.
  using Sink = std::function<void(std::string_view piece)>;

  BinaryWriter() = default;
  explicit BinaryWriter(Sink sink) : sink_(std::move(sink)) {}

  /// All of it; with a sink, what that has not been given yet.
  std::string Take() { return std::move(bytes_); }

  void Number(std::uint64_t value) {
    while (value >= 0x80) {
      bytes_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    bytes_.push_back(static_cast<char>(value));
    HandOn();
  }
  /// Eight bytes, the lowest first.
  void Fixed(std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) {
      bytes_.push_back(static_cast<char>(value >> shift));
    }
    HandOn();
  }
  void Raw(std::string_view text) {
    bytes_ += text;
    HandOn();
  }
  void Text(std::string_view text) {
    Number(text.size());
    Raw(text);
  }

 private:
  static constexpr std::size_t kPieceBytes = 64u << 10;

  void HandOn() {
    if (bytes_.size() < kPieceBytes || !sink_) return;
    sink_(bytes_);
    bytes_.clear();
  }

  std::string bytes_;
  Sink sink_;
};

/// Reads until the first fault; after that everything is 0 and empty, and failed() says so. Nothing
/// is reserved that the bytes do not pay for.
class BinaryReader {
 public:
  /// Gives 1..size bytes, or 0 at the end.
  using Source = std::function<std::size_t(char* buffer, std::size_t size)>;

  explicit BinaryReader(std::string_view bytes) : bytes_(bytes) {}
  /// Bytes that come piece by piece, no more than `max`; what a Text gives is then good until the
  /// next call alone.
  BinaryReader(Source source, std::uint64_t max) : source_(std::move(source)), to_come_(max) {}

  bool failed() const { return failed_; }
  bool AtEnd() { return !Have(1); }

  std::uint64_t Number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (!Have(1)) break;
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
    return count <= bytes_.size() + to_come_ ? count : Fail();
  }
  std::uint64_t Fixed() {
    if (!Have(8)) return Fail();
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(bytes_[static_cast<std::size_t>(i)])}
               << (8 * i);
    }
    bytes_.remove_prefix(8);
    return value;
  }
  bool Skip(std::string_view expected) {
    if (!Have(expected.size()) || !bytes_.starts_with(expected)) return Fail() != 0;
    bytes_.remove_prefix(expected.size());
    return true;
  }
  /// Good as long as the bytes are.
  std::string_view Text() {
    std::uint64_t size = Count();
    if (!Have(size)) size = Fail();
    const std::string_view text = bytes_.substr(0, size);
    bytes_.remove_prefix(text.size());
    return text;
  }
  /// 0, for those who return what they could not read.
  std::uint64_t Fail() {
    failed_ = true;
    bytes_ = {};
    source_ = nullptr;
    to_come_ = 0;
    return 0;
  }

 private:
  static constexpr std::size_t kPieceBytes = 64u << 10;

  bool Have(std::uint64_t size) { return bytes_.size() >= size || Fetch(size); }
  /// The buffer grows with what has really come.
  bool Fetch(std::uint64_t size) {
    if (!source_) return false;
    buffer_.erase(0, buffer_.size() - bytes_.size());
    while (buffer_.size() < size && to_come_ > 0) {
      const std::size_t before = buffer_.size();
      const std::size_t room = std::min<std::uint64_t>(kPieceBytes, to_come_);
      buffer_.resize(before + room);
      const std::size_t count = source_(buffer_.data() + before, room);
      buffer_.resize(before + count);
      to_come_ = count == 0 ? 0 : to_come_ - count;
    }
    bytes_ = buffer_;
    return bytes_.size() >= size;
  }

  std::string_view bytes_;
  Source source_;
  std::uint64_t to_come_ = 0;  // of the source, at most
  std::string buffer_;         // of the source: `bytes_` is its end
  bool failed_ = false;
};

}  // namespace landwaiter
