#include "scanner/layer/zstd.h"

#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <new>
#include <utility>

namespace landwaiter::layer {
namespace {

// Magic number and descriptor of a frame (RFC 8878, 3.1.1); of a skippable one four bytes suffice.
constexpr std::size_t kFirstHeaderBytes = 5;
// Blocks are handed on together until they have so many bytes.
constexpr std::size_t kPieceBytes = 256u << 10;
// A small window bounds how far the reader may stay behind no more than other layers' rings do.
constexpr std::uint64_t kMinRingBytes = 1u << 20;
// libzstd copies in steps that reach so far over a block's end (WILDCOPY_OVERLENGTH, on each side).
constexpr std::size_t kOverrun = 64;

Error Corrupt(std::size_t code) {
  if (ZSTD_getErrorCode(code) == ZSTD_error_prefix_unknown) {
    return Malformed("bytes after the last zstd frame are no frame");
  }
  return Malformed(std::string("the zstd stream is corrupt: ") + ZSTD_getErrorName(code));
}

// Moves bytes from `input` until `held` has `size`. False: there were not enough.
bool FillUp(std::string& held, std::size_t size, std::string_view& input) {
  const std::string_view part = input.substr(0, size - held.size());
  held += part;
  input.remove_prefix(part.size());
  return held.size() == size;
}

}  // namespace

ZstdInflater::ZstdInflater(int window_log, Reclaim reclaim)
    : max_window_bytes_(std::uint64_t{1} << window_log),
      reclaim_(std::move(reclaim)),
      context_(ZSTD_createDCtx(), &ZSTD_freeDCtx),
      header_bytes_(kFirstHeaderBytes) {
  if (!context_) throw std::bad_alloc();
  // All of a layer's bytes are held against its diffID: the frames' checksums would say it again.
  ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_forceIgnoreChecksum, ZSTD_d_ignoreChecksum);
}

ZstdInflater::~ZstdInflater() = default;

std::size_t ZstdInflater::Room() const {
  return std::min(block_bytes_ + kOverrun, ring_bytes_ - at_);
}

Status ZstdInflater::BeginFrame(std::uint64_t window_bytes, std::size_t block_bytes) {
  // As ZSTD_decodingBufferSize_min has it. A block may refer to a whole window before it, also
  // where that stands in front of the ring's end; and while it is decoded, its literals are parked
  // at the end of its own room, which must not be the window's beginning.
  const std::uint64_t needed =
      std::max(window_bytes, kMinRingBytes) + 2 * (block_bytes + std::uint64_t{kOverrun});
  block_bytes_ = block_bytes;
  if (needed > ring_bytes_) {
    if (!reclaim_({ring_.get(), ring_bytes_})) return GivenUp();
    ring_.reset();
    ring_ = std::make_unique_for_overwrite<char[]>(needed);
    ring_bytes_ = needed;
    begin_ = at_ = 0;
  }
  if (const auto code = ZSTD_decompressBegin(context_.get()); ZSTD_isError(code) != 0) {
    return Corrupt(code);
  }
  for (std::string_view rest = header_; !rest.empty();) {
    const std::size_t size = ZSTD_nextSrcSizeToDecompress(context_.get());
    if (auto decoded = Decode(rest.substr(0, size), nullptr, 0); !decoded) {
      return std::move(decoded).error();
    }
    rest.remove_prefix(std::min(size, rest.size()));
  }
  in_frame_ = true;
  return Ok();
}

Result<ZstdInflater::Step> ZstdInflater::TakeHeader(std::string_view& input) {
  if (input.empty()) return Step::kMoreInput;
  if (!FillUp(header_, header_bytes_, input)) {
    ZSTD_frameHeader header;
    const auto code = ZSTD_getFrameHeader(&header, header_.data(), header_.size());
    if (ZSTD_isError(code) != 0) return Corrupt(code);
    return Step::kMoreInput;
  }
  ZSTD_frameHeader header;
  const auto code = ZSTD_getFrameHeader(&header, header_.data(), header_.size());
  if (ZSTD_isError(code) != 0) return Corrupt(code);
  if (code > 0) {
    header_bytes_ = code;
    return Step::kGoOn;
  }
  if (header.frameType == ZSTD_skippableFrame) {
    skip_ = header.frameContentSize;
  } else if (header.windowSize > max_window_bytes_) {
    return TooLarge("the zstd window", max_window_bytes_, "bytes");
  } else if (!Piece().empty()) {
    return Step::kHandOn;  // the new frame may need a larger ring
  } else if (auto begun = BeginFrame(header.windowSize, header.blockSizeMax); !begun) {
    return std::move(begun).error();
  }
  header_.clear();
  header_bytes_ = kFirstHeaderBytes;
  return Step::kGoOn;
}

Result<std::size_t> ZstdInflater::Decode(std::string_view unit, char* output,
                                         std::size_t room) const {
  const auto code = ZSTD_decompressContinue(context_.get(), output, room, unit.data(), unit.size());
  if (ZSTD_isError(code) != 0) return Corrupt(code);
  return code;
}

Result<ZstdInflater::Step> ZstdInflater::TakeUnit(std::string_view& input) {
  const std::size_t size = ZSTD_nextSrcSizeToDecompress(context_.get());
  if (size == 0) {
    in_frame_ = false;
    return Step::kGoOn;
  }
  const auto next = ZSTD_nextInputType(context_.get());
  const bool is_block = next == ZSTDnit_block || next == ZSTDnit_lastBlock;
  if (is_block) {
    if (at_ - begin_ >= kPieceBytes) return Step::kHandOn;
    if (ring_bytes_ - at_ < block_bytes_ + kOverrun) {
      if (!Piece().empty()) return Step::kHandOn;
      begin_ = at_ = 0;
    }
  }
  std::string_view unit = input.substr(0, size);
  if (!unit_.empty() || unit.size() < size) {
    if (!FillUp(unit_, size, input)) return Step::kMoreInput;
    unit = unit_;
  } else {
    input.remove_prefix(size);
  }
  if (is_block && !reclaim_({ring_.get() + at_, Room()})) return GivenUp();
  auto count = Decode(unit, ring_.get() + at_, is_block ? Room() : 0);
  if (!count) return std::move(count).error();
  at_ += *count;
  unit_.clear();
  return Step::kGoOn;
}

Result<std::string_view> ZstdInflater::Inflate(std::string_view& input) {
  begin_ = at_;
  for (;;) {
    if (skip_ > 0) {
      const auto count = std::min<std::uint64_t>(skip_, input.size());
      input.remove_prefix(count);
      skip_ -= count;
      if (skip_ > 0) return Piece();
    }
    auto step = in_frame_ ? TakeUnit(input) : TakeHeader(input);
    if (!step) return std::move(step).error();
    if (*step != Step::kGoOn) return Piece();
  }
}

Status ZstdInflater::Finish() {
  if (in_frame_ && ZSTD_nextSrcSizeToDecompress(context_.get()) == 0) return Ok();
  if (in_frame_ || skip_ > 0 || !header_.empty()) {
    return Malformed("the zstd stream breaks off inside a frame");
  }
  return Ok();
}

}  // namespace landwaiter::layer
