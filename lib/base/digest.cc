#include "lib/base/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <new>

namespace landwaiter {

Result<Digest> Digest::Parse(std::string_view text) {
  const auto colon = text.find(':');
  const std::string_view algorithm = text.substr(0, colon);
  std::size_t length = 0;
  if (colon != std::string_view::npos && algorithm == "sha256") length = 64;
  if (colon != std::string_view::npos && algorithm == "sha512") length = 128;
  if (length == 0) {
    return InvalidArgument("digest '" + std::string(text.substr(0, 160)) +
                           "' has no known algorithm, expected sha256:<64 hex digits>");
  }
  const std::string_view hex = text.substr(colon + 1);
  const bool all_hex = std::all_of(hex.begin(), hex.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  if (hex.size() != length || !all_hex) {
    return InvalidArgument("digest '" + std::string(text.substr(0, 160)) + "' must have " +
                           std::to_string(length) + " lower-case hex digits after '" +
                           std::string(algorithm) + ":'");
  }
  Digest digest;
  digest.text_ = text;
  return digest;
}

Digest Digest::FromSha256(const unsigned char* bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  Digest digest;
  digest.text_.reserve(71);
  digest.text_ = "sha256:";
  for (int i = 0; i < 32; ++i) {
    digest.text_ += kHex[bytes[i] >> 4];
    digest.text_ += kHex[bytes[i] & 15];
  }
  return digest;
}

std::string_view Digest::Algorithm() const {
  return std::string_view(text_).substr(0, text_.find(':'));
}

std::string_view Digest::Hex() const {
  const auto colon = text_.find(':');
  return colon == std::string::npos ? std::string_view()
                                    : std::string_view(text_).substr(colon + 1);
}

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() {
    // Both fail only for want of memory or a broken OpenSSL; no digest may be given out then.
    if (context == nullptr || EVP_DigestInit_ex(context, EVP_sha256(), nullptr) != 1) {
      throw std::bad_alloc();
    }
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::Update(const void* data, std::size_t size) {
  if (EVP_DigestUpdate(state_->context, data, size) != 1) throw std::bad_alloc();
}

Digest Sha256::Finish() {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  if (EVP_DigestFinal_ex(state_->context, bytes, &length) != 1 || length != 32 ||
      EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) != 1) {
    throw std::bad_alloc();
  }
  return Digest::FromSha256(bytes);
}

Digest Sha256::Of(std::string_view text) {
  Sha256 hash;
  hash.Update(text);
  return hash.Finish();
}

}  // namespace landwaiter
