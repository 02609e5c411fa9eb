// Content digests as the OCI image specification writes them (descriptor.md, "Digests"):
// "sha256:" and 64 lower-case hex digits. sha512 is read and compared, never computed.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace landwaiter {

class Digest {
 public:
  Digest() = default;
  /// Errors: InvalidArgument for an unknown algorithm, a wrong length or a digit that is not
  /// lower-case hex.
  static Result<Digest> Parse(std::string_view text);
  /// 32 raw bytes of a SHA-256.
  static Digest FromSha256(const unsigned char* bytes);

  const std::string& ToString() const { return text_; }
  std::string_view Algorithm() const;
  std::string_view Hex() const;
  bool empty() const { return text_.empty(); }

  friend bool operator==(const Digest&, const Digest&) = default;
  friend auto operator<=>(const Digest& a, const Digest& b) { return a.text_ <=> b.text_; }

 private:
  std::string text_;
};

/// Incremental SHA-256 (OpenSSL, so SHA-NI where the processor has it). Not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Update(const void* data, std::size_t size);
  void Update(std::string_view text) { Update(text.data(), text.size()); }
  /// The digest of all bytes so far; the object starts anew.
  Digest Finish();
  static Digest Of(std::string_view text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace landwaiter
