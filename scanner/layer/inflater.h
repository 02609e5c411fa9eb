// Layer compression: which it is, and streaming inflaters. gzip (RFC 1952, all members, every
// checksum) by ISA-L; zstd (RFC 8878, all frames, skippable ones passed over) by libzstd with a
// bounded window; plain.
#pragma once

#include <cstddef>
#include <functional>
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

/// Waits until nobody reads this piece of an inflater's memory any more. False: given up.
using Reclaim = std::function<bool(std::string_view memory)>;

class Inflater {
 public:
  virtual ~Inflater() = default;
  /// Takes from the front of `input` and gives some of what it became, in memory of the inflater's
  /// own that is written over when its Reclaim has let it. Nothing: `input` has been taken whole,
  /// and all that can be said of it has been said.
  /// Errors: DataLoss reason MalformedImage; ResourceExhausted reason TooLarge (zstd window);
  /// Cancelled where Reclaim gave up.
  virtual Result<std::string_view> Inflate(std::string_view& input) = 0;
  /// After the last input. Errors: DataLoss reason MalformedImage where the stream breaks off.
  virtual Status Finish() = 0;
};

/// 256 KiB fits a core's second-level cache with ISA-L's tables; measured best of 64 KiB … 1 MiB.
inline constexpr std::size_t kChunkBytes = 256u << 10;
/// `chunk_bytes`: how much gzip and plain give at once.
std::unique_ptr<Inflater> MakeInflater(Compression compression, const Limits& limits,
                                       Reclaim reclaim, std::size_t chunk_bytes = kChunkBytes);

/// What an inflater says that was given up on.
Error GivenUp();
/// DataLoss with reason MalformedImage.
Error Malformed(std::string message);

}  // namespace landwaiter::layer
