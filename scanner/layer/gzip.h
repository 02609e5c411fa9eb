// gzip as RFC 1952 writes it: several members in a row are one stream. The member header is read
// here (ISA-L 2.30 forgets its flags when a header is split between two inputs), the deflate data,
// CRC-32 and length by ISA-L. Bytes after the last member that are no member are an error, as in
// the container runtimes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "scanner/layer/inflater.h"

struct inflate_state;

namespace landwaiter::layer {

/// A stream's decoder that is given the room for what comes out.
class Decoder {
 public:
  virtual ~Decoder() = default;
  /// Takes from the front of `input`, writes up to `size` bytes, returns how many. All of what can
  /// be said so far has been said once `input` is empty and fewer than `size` were written.
  /// Errors: DataLoss reason MalformedImage; ResourceExhausted reason TooLarge.
  virtual Result<std::size_t> Decode(std::string_view& input, char* output, std::size_t size) = 0;
  /// After the last input. Errors: DataLoss reason MalformedImage where the stream breaks off.
  virtual Status Finish() = 0;
};

class GzipDecoder final : public Decoder {
 public:
  GzipDecoder();
  ~GzipDecoder() override;
  Result<std::size_t> Decode(std::string_view& input, char* output, std::size_t size) override;
  Status Finish() override;

 private:
  Status TakeHeader(std::string_view& input);
  Result<std::size_t> TakeBody(std::string_view& input, char* output, std::size_t size);

  std::unique_ptr<inflate_state> state_;
  std::string header_;  // of the member that begins, as far as it has come
  bool in_body_ = false;
  bool flushing_ = false;  // the last call filled its output: more may come without input
};

/// The length of the member header at the front of `bytes`; nullopt where it goes on.
/// Errors: DataLoss reason MalformedImage, ResourceExhausted reason TooLarge.
Result<std::optional<std::size_t>> GzipHeaderLength(std::string_view bytes);

}  // namespace landwaiter::layer
