#include "scanner/packages/inflate.h"

#include <isa-l/igzip_lib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <new>

namespace landwaiter::packages {
namespace {

// Inflated in pieces of this size.
constexpr std::size_t kPieceBytes = 64u << 10;
// RFC 8878, 3.1.1.1.2: decoders should take windows of 8 MiB, encoders should not ask for more.
constexpr int kWindowLog = 23;

Error TooMuch(std::string_view what, std::uint64_t limit) {
  return ResourceExhausted(std::string(what) + " of more than " + std::to_string(limit) +
                           " bytes inflated");
}

class ZstdReader {
 public:
  explicit ZstdReader(std::string_view bytes)
      : context_(ZSTD_createDCtx(), ZSTD_freeDCtx), in_{bytes.data(), bytes.size(), 0} {
    if (context_ == nullptr) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowLog);
  }

  // The next bytes, in `piece`; 0 at the end.
  Result<std::size_t> Read(std::string& piece) {
    ZSTD_outBuffer out{piece.data(), piece.size(), 0};
    while (out.pos == 0 && (in_.pos < in_.size || expected_ != 0)) {
      const std::size_t before = in_.pos;
      expected_ = ZSTD_decompressStream(context_.get(), &out, &in_);
      if (ZSTD_isError(expected_) != 0) {
        return DataLoss(std::string("the zstd stream is corrupt: ") + ZSTD_getErrorName(expected_));
      }
      if (out.pos == 0 && in_.pos == before) return DataLoss("the zstd stream breaks off");
    }
    return out.pos;
  }

 private:
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context_;
  ZSTD_inBuffer in_;
  std::size_t expected_ = 0;  // bytes that the frame at hand still needs
};

// Cuts pieces of a text into lines.
class LineCutter {
 public:
  LineCutter(std::size_t max_bytes, const std::function<Status(std::string_view line)>& each)
      : max_bytes_(max_bytes), each_(each) {}

  Status Add(std::string_view piece) {
    for (auto end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
      if (auto kept = Keep(piece.substr(0, end)); !kept) return kept;
      if (auto given = Give(); !given) return given;
      piece.remove_prefix(end + 1);
    }
    return Keep(piece);
  }
  Status Finish() { return line_.empty() ? Ok() : Give(); }

 private:
  Status Keep(std::string_view piece) {
    if (line_.size() + piece.size() > max_bytes_) return TooMuch("a line", max_bytes_);
    line_ += piece;
    return Ok();
  }
  Status Give() {
    auto given = each_(line_);
    line_.clear();
    return given;
  }

  std::size_t max_bytes_;
  const std::function<Status(std::string_view line)>& each_;
  std::string line_;
};

}  // namespace

Result<std::string> InflateZlib(std::string_view bytes, std::size_t max_bytes) {
  if (bytes.size() > std::numeric_limits<std::uint32_t>::max()) {
    return TooMuch("a zlib stream", max_bytes);
  }
  const auto state = std::make_unique<inflate_state>();  // 80 KB
  isal_inflate_init(state.get());
  state->crc_flag = ISAL_ZLIB;
  // The library only reads from it.
  state->next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes.data()));
  state->avail_in = static_cast<std::uint32_t>(bytes.size());
  std::string text;
  std::string piece(kPieceBytes, '\0');
  while (state->block_state != ISAL_BLOCK_FINISH) {
    state->next_out = reinterpret_cast<std::uint8_t*>(piece.data());
    state->avail_out = static_cast<std::uint32_t>(piece.size());
    const int code = isal_inflate(state.get());
    if (code != ISAL_DECOMP_OK) {
      return DataLoss("the zlib stream is corrupt: decoder error " + std::to_string(code));
    }
    const std::size_t got = piece.size() - state->avail_out;
    if (text.size() + got > max_bytes) return TooMuch("a zlib stream", max_bytes);
    text.append(piece, 0, got);
    if (got == 0 && state->block_state != ISAL_BLOCK_FINISH) {
      return DataLoss("the zlib stream breaks off");
    }
  }
  return text;
}

Status ForEachZstdLine(std::string_view bytes, const LineLimits& limits,
                       const std::function<Status(std::string_view line)>& each) {
  ZstdReader reader(bytes);
  LineCutter cutter(limits.line_bytes, each);
  std::string piece(kPieceBytes, '\0');
  std::uint64_t total = 0;
  for (;;) {
    auto got = reader.Read(piece);
    if (!got) return std::move(got).error();
    if (*got == 0) return cutter.Finish();
    total += *got;
    if (total > limits.total_bytes) return TooMuch("a zstd stream", limits.total_bytes);
    if (auto cut = cutter.Add(std::string_view(piece).substr(0, *got)); !cut) return cut;
  }
}

}  // namespace landwaiter::packages
