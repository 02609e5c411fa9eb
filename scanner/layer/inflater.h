// Layer compression: which it is, and streaming inflaters. gzip (RFC 1952, all members, every
// checksum) by ISA-L; zstd (RFC 8878, all frames, skippable ones passed over) by libzstd with a
// bounded window; plain.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "lib/base/result.h"
#include "scanner/layer/limits.h"

namespace landwaiter::layer {

enum class Compression { kNone, kGzip, kZstd };
std::string_view CompressionName(Compression compression);  // "plain tar", "gzip", "zstd"

/// True for the layer types of OCI image-spec layer.md and Docker's image manifest V2 schema 2,
/// foreign ones too, and the misspelt ones that registries are known to hold (application/x-gzip,
/// application/octet-stream).
bool IsLayerMediaType(std::string_view media_type);

/// What the first bytes are. The bytes decide, as in the container runtimes: Docker's types say
/// nothing reliable. Only OCI's plain tar type is read as plain by the runtimes and so must be.
/// Errors: Unsupported reason UnsupportedMediaType for a type that is no layer's; InvalidArgument
/// reason MalformedImage where OCI's plain tar type holds compressed bytes.
Result<Compression> DetectCompression(std::string_view first_bytes, std::string_view media_type);

class Inflater {
 public:
  virtual ~Inflater() = default;
  /// Takes from the front of `input`, writes up to `size` bytes, returns how many. All of what can
  /// be said so far has been said once `input` is empty and fewer than `size` were written.
  /// Errors: DataLoss reason MalformedImage; ResourceExhausted reason TooLarge (zstd window).
  virtual Result<std::size_t> Inflate(std::string_view& input, char* output, std::size_t size) = 0;
  /// After the last input. Errors: DataLoss reason MalformedImage where the stream breaks off.
  virtual Status Finish() = 0;
};

std::unique_ptr<Inflater> MakeInflater(Compression compression, const Limits& limits);

/// DataLoss with reason MalformedImage.
Error Malformed(std::string message);

}  // namespace landwaiter::layer
