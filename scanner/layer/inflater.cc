#include "scanner/layer/inflater.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "lib/base/text.h"
#include "model/scan_request.h"
#include "scanner/layer/gzip.h"
#include "scanner/layer/zstd.h"

namespace landwaiter::layer {
namespace {

constexpr std::string_view kOciPlainTar = "application/vnd.oci.image.layer.v1.tar";

// OCI image-spec media-types.md; Docker "Image Manifest Version 2, Schema 2"; the last three are
// what GHCR and older registries are seen to answer (stereoscope#487).
constexpr std::array<std::string_view, 17> kLayerTypes = {
    kOciPlainTar,
    "application/vnd.oci.image.layer.v1.tar+gzip",
    "application/vnd.oci.image.layer.v1.tar+zstd",
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.docker.image.rootfs.diff.tar.zstd",
    "application/vnd.docker.image.rootfs.foreign.diff.tar",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.zstd",
    "application/x-tar",
    "application/x-gzip",
    "application/gzip",
    "application/zstd",
    "application/octet-stream",
};

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

class PlainDecoder final : public Decoder {
 public:
  Result<std::size_t> Decode(std::string_view& input, char* output, std::size_t size) override {
    const std::size_t count = std::min(input.size(), size);
    std::memcpy(output, input.data(), count);
    input.remove_prefix(count);
    return count;
  }
  Status Finish() override { return Ok(); }
};

// Puts what a decoder gives into chunks that go round.
class ChunkInflater final : public Inflater {
 public:
  ChunkInflater(std::unique_ptr<Decoder> decoder, Reclaim reclaim, std::size_t chunk_bytes)
      : decoder_(std::move(decoder)),
        reclaim_(std::move(reclaim)),
        chunk_bytes_(chunk_bytes),
        ring_(std::make_unique_for_overwrite<char[]>(kChunks * chunk_bytes)) {}

  Result<std::string_view> Inflate(std::string_view& input) override {
    char* const chunk = ring_.get() + next_ * chunk_bytes_;
    if (!reclaim_({chunk, chunk_bytes_})) return GivenUp();
    std::size_t count = 0;
    do {
      auto decoded = decoder_->Decode(input, chunk, chunk_bytes_);
      if (!decoded) return std::move(decoded).error();
      count = *decoded;
    } while (count == 0 && !input.empty());
    if (count > 0) next_ = (next_ + 1) % kChunks;
    return std::string_view(chunk, count);
  }
  Status Finish() override { return decoder_->Finish(); }

 private:
  // As many as a Handover has on their way, and the one that is filled.
  static constexpr std::size_t kChunks = 9;

  const std::unique_ptr<Decoder> decoder_;
  const Reclaim reclaim_;
  const std::size_t chunk_bytes_;
  const std::unique_ptr<char[]> ring_;
  std::size_t next_ = 0;
};

}  // namespace

std::string_view CompressionName(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return "plain tar";
    case Compression::kGzip:
      return "gzip";
    case Compression::kZstd:
      return "zstd";
  }
  return "";
}

bool IsLayerMediaType(std::string_view media_type) {
  return std::find(kLayerTypes.begin(), kLayerTypes.end(), media_type) != kLayerTypes.end();
}

Result<Compression> DetectCompression(std::string_view first_bytes, std::string_view media_type) {
  if (!IsLayerMediaType(media_type)) {
    return Unsupported("layer media type '" + text::Printable(text::Truncate(media_type, 200)) +
                       "' is not known, expected a tar layer of OCI or Docker")
        .WithReason(scan_reason::kUnsupportedMediaType);
  }
  Compression found = Compression::kNone;
  if (StartsWith(first_bytes, "\x1f\x8b")) found = Compression::kGzip;
  const bool skippable = first_bytes.size() >= 4 && (first_bytes[0] & '\xf0') == '\x50' &&
                         first_bytes.substr(1, 3) == "\x2a\x4d\x18";
  if (StartsWith(first_bytes, "\x28\xb5\x2f\xfd") || skippable) found = Compression::kZstd;
  if (media_type == kOciPlainTar && found != Compression::kNone) {
    return InvalidArgument("layer of media type " + std::string(media_type) + " holds " +
                           std::string(CompressionName(found)) + " bytes, expected a plain tar")
        .WithReason(scan_reason::kMalformedImage);
  }
  return found;
}

std::unique_ptr<Inflater> MakeInflater(Compression compression, const Limits& limits,
                                       Reclaim reclaim, std::size_t chunk_bytes) {
  if (compression == Compression::kZstd) {
    return std::make_unique<ZstdInflater>(limits.zstd_window_log, std::move(reclaim));
  }
  std::unique_ptr<Decoder> decoder;
  if (compression == Compression::kGzip) {
    decoder = std::make_unique<GzipDecoder>();
  } else {
    decoder = std::make_unique<PlainDecoder>();
  }
  return std::make_unique<ChunkInflater>(std::move(decoder), std::move(reclaim), chunk_bytes);
}

Error GivenUp() { return {Code::kCancelled, "the layer is read no further"}; }

Error Malformed(std::string message) {
  return DataLoss(std::move(message)).WithReason(scan_reason::kMalformedImage);
}

}  // namespace landwaiter::layer
