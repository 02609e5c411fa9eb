#include "scanner/layer/gzip.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <limits>

namespace landwaiter::layer {
namespace {

// Fixed part 10, extra at most 2 + 65535, name and comment: no writer stores 64 KiB of either.
constexpr std::size_t kMaxHeaderBytes = 256u << 10;

constexpr unsigned kHeaderCrc = 2;
constexpr unsigned kExtra = 4;
constexpr unsigned kName = 8;
constexpr unsigned kComment = 16;
constexpr unsigned kReserved = 0xe0;

unsigned Byte(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

std::string Describe(int code) {
  switch (code) {
    case ISAL_INVALID_BLOCK:
      return "invalid block";
    case ISAL_INVALID_SYMBOL:
      return "invalid symbol";
    case ISAL_INVALID_LOOKBACK:
      return "a distance reaches before the beginning";
    case ISAL_INCORRECT_CHECKSUM:
      return "checksum or length of a member is wrong";
    default:
      return "decoder error " + std::to_string(code);
  }
}

}  // namespace

Result<std::optional<std::size_t>> GzipHeaderLength(std::string_view bytes) {
  const std::optional<std::size_t> more;
  if (!bytes.empty() && Byte(bytes, 0) != 0x1f) {
    return Malformed("bytes after the last gzip member are no member");
  }
  if (bytes.size() >= 2 && Byte(bytes, 1) != 0x8b) {
    return Malformed("bytes after the last gzip member are no member");
  }
  if (bytes.size() > kMaxHeaderBytes) return TooLarge("a gzip header", kMaxHeaderBytes, "bytes");
  if (bytes.size() < 10) return more;
  if (Byte(bytes, 2) != 8) return Malformed("gzip member has an unknown compression method");
  const unsigned flags = Byte(bytes, 3);
  if ((flags & kReserved) != 0) return Malformed("gzip member has reserved flags set");
  std::size_t at = 10;
  if ((flags & kExtra) != 0) {
    if (bytes.size() < at + 2) return more;
    at += 2 + Byte(bytes, at) + 256 * Byte(bytes, at + 1);
  }
  for (const unsigned flag : {kName, kComment}) {
    if ((flags & flag) == 0) continue;
    if (at > bytes.size()) return more;
    const std::size_t end = bytes.find('\0', at);
    if (end == std::string_view::npos) return more;
    at = end + 1;
  }
  if ((flags & kHeaderCrc) != 0) {
    if (bytes.size() < at + 2) return more;
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
    const unsigned sum = crc32_gzip_refl(0, data, at) & 0xffff;
    if (sum != Byte(bytes, at) + 256 * Byte(bytes, at + 1)) {
      return Malformed("checksum of a gzip header is wrong");
    }
    at += 2;
  }
  if (at > bytes.size()) return more;
  return std::optional(at);
}

GzipDecoder::GzipDecoder() : state_(std::make_unique<inflate_state>()) {}
GzipDecoder::~GzipDecoder() = default;

Status GzipDecoder::TakeHeader(std::string_view& input) {
  const std::size_t before = header_.size();
  header_ += input.substr(0, kMaxHeaderBytes + 1 - before);
  auto length = GzipHeaderLength(header_);
  if (!length) return std::move(length).error();
  if (!*length) {
    input.remove_prefix(header_.size() - before);
    return Ok();
  }
  input.remove_prefix(**length - before);
  header_.clear();
  isal_inflate_init(state_.get());
  state_->crc_flag = ISAL_GZIP_NO_HDR_VER;
  in_body_ = true;
  return Ok();
}

Result<std::size_t> GzipDecoder::TakeBody(std::string_view& input, char* output, std::size_t size) {
  constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max() / 2;
  const std::size_t given = std::min(input.size(), kMost);
  const std::size_t room = std::min(size, kMost);
  state_->next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(input.data()));
  state_->avail_in = static_cast<std::uint32_t>(given);
  state_->next_out = reinterpret_cast<std::uint8_t*>(output);
  state_->avail_out = static_cast<std::uint32_t>(room);
  const int code = isal_inflate(state_.get());
  if (code < 0) return Malformed("the gzip stream is corrupt: " + Describe(code));
  input.remove_prefix(given - state_->avail_in);
  flushing_ = state_->avail_out == 0;
  if (state_->block_state == ISAL_BLOCK_FINISH) {
    in_body_ = false;
    flushing_ = false;
  }
  return room - state_->avail_out;
}

Result<std::size_t> GzipDecoder::Decode(std::string_view& input, char* output, std::size_t size) {
  std::size_t written = 0;
  while (written < size && (!input.empty() || flushing_)) {
    if (!in_body_) {
      if (auto taken = TakeHeader(input); !taken) return std::move(taken).error();
      continue;
    }
    const std::size_t before = input.size();
    auto count = TakeBody(input, output + written, size - written);
    if (!count) return count;
    written += *count;
    if (*count == 0 && input.size() == before && in_body_) {
      if (!flushing_ && !input.empty()) return Malformed("the gzip stream does not go on");
      flushing_ = false;
    }
  }
  return written;
}

Status GzipDecoder::Finish() {
  if (in_body_) return Malformed("the gzip stream breaks off inside a member");
  if (!header_.empty()) return Malformed("the gzip stream breaks off inside a member's header");
  return Ok();
}

}  // namespace landwaiter::layer
