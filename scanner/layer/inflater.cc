#include "scanner/layer/inflater.h"

#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <string>

#include "lib/base/text.h"
#include "model/scan_request.h"
#include "scanner/layer/gzip.h"

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

class PlainInflater final : public Inflater {
 public:
  Result<std::size_t> Inflate(std::string_view& input, char* output, std::size_t size) override {
    const std::size_t count = std::min(input.size(), size);
    std::memcpy(output, input.data(), count);
    input.remove_prefix(count);
    return count;
  }
  Status Finish() override { return Ok(); }
};

class ZstdInflater final : public Inflater {
 public:
  explicit ZstdInflater(int window_log) : window_log_(window_log), context_(ZSTD_createDCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, window_log);
  }
  ~ZstdInflater() override { ZSTD_freeDCtx(context_); }
  ZstdInflater(const ZstdInflater&) = delete;
  ZstdInflater& operator=(const ZstdInflater&) = delete;

  Result<std::size_t> Inflate(std::string_view& input, char* output, std::size_t size) override {
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{output, size, 0};
    // A call stops at the end of a frame; the next one begins the next frame.
    while (out.pos < out.size && (in.pos < in.size || expected_ != 0)) {
      const std::size_t before = in.pos + out.pos;
      const std::size_t expected = ZSTD_decompressStream(context_, &out, &in);
      if (ZSTD_isError(expected) != 0) return Describe(expected);
      expected_ = expected;
      if (in.pos + out.pos == before) break;
    }
    input.remove_prefix(in.pos);
    return out.pos;
  }
  Status Finish() override {
    if (expected_ != 0) return Malformed("the zstd stream breaks off inside a frame");
    return Ok();
  }

 private:
  Error Describe(std::size_t code) const {
    if (ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge) {
      return TooLarge("the zstd window", std::uint64_t{1} << window_log_, "bytes");
    }
    if (ZSTD_getErrorCode(code) == ZSTD_error_prefix_unknown) {
      return Malformed("bytes after the last zstd frame are no frame");
    }
    return Malformed(std::string("the zstd stream is corrupt: ") + ZSTD_getErrorName(code));
  }

  const int window_log_;
  ZSTD_DCtx* context_;
  std::size_t expected_ = 0;
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

std::unique_ptr<Inflater> MakeInflater(Compression compression, const Limits& limits) {
  switch (compression) {
    case Compression::kNone:
      return std::make_unique<PlainInflater>();
    case Compression::kGzip:
      return std::make_unique<GzipInflater>();
    case Compression::kZstd:
      return std::make_unique<ZstdInflater>(limits.zstd_window_log);
  }
  return nullptr;
}

Error Malformed(std::string message) {
  return DataLoss(std::move(message)).WithReason(scan_reason::kMalformedImage);
}

}  // namespace landwaiter::layer
