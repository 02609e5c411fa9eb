// zstd as RFC 8878 writes it: frames in a row are one stream, skippable ones are passed over.
//
// Blocks are decoded where the reader finds them: the ring in which they lie is the window that
// later blocks refer to. Frames' checksums are not: who reads holds the bytes against a digest.
// libzstd's own streaming (ZSTD_decompressStream) keeps the window to itself
// and copies all of it out. What stands in for it is libzstd's buffer-less API, which it keeps for
// programs that link it statically, as this one does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "scanner/layer/inflater.h"

struct ZSTD_DCtx_s;

namespace landwaiter::layer {

class ZstdInflater final : public Inflater {
 public:
  /// Windows above 1 << `window_log` bytes are refused.
  ZstdInflater(int window_log, Reclaim reclaim);
  ~ZstdInflater() override;
  ZstdInflater(const ZstdInflater&) = delete;
  ZstdInflater& operator=(const ZstdInflater&) = delete;

  Result<std::string_view> Inflate(std::string_view& input) override;
  Status Finish() override;

 private:
  enum class Step { kGoOn, kHandOn, kMoreInput };
  Result<Step> TakeHeader(std::string_view& input);
  Status BeginFrame(std::uint64_t window_bytes, std::size_t block_bytes);
  Result<Step> TakeUnit(std::string_view& input);
  Result<std::size_t> Decode(std::string_view unit, char* output, std::size_t room) const;
  std::string_view Piece() const { return {ring_.get() + begin_, at_ - begin_}; }
  std::size_t Room() const;

  const std::uint64_t max_window_bytes_;
  const Reclaim reclaim_;
  const std::unique_ptr<ZSTD_DCtx_s, std::size_t (*)(ZSTD_DCtx_s*)> context_;
  std::unique_ptr<char[]> ring_;
  std::size_t ring_bytes_ = 0;
  std::size_t block_bytes_ = 0;  // the most that a block of this frame becomes
  std::size_t begin_ = 0;        // of what is not handed on yet
  std::size_t at_ = 0;           // where the next block goes
  std::string header_;           // of the frame that begins, as far as it has come
  std::size_t header_bytes_;     // how much of it is needed to say more
  std::string unit_;             // a block, or its header, that is split between inputs
  std::uint64_t skip_ = 0;       // of a skippable frame
  bool in_frame_ = false;
};

}  // namespace landwaiter::layer
