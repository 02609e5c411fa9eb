// Ed25519 signatures (RFC 8032, the pure variant: the message itself is signed, no digest of it) by
// OpenSSL, with keys in PEM as `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout`
// write them.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.h"

struct evp_pkey_st;

namespace landwaiter {

inline constexpr std::size_t kSignatureBytes = 64;  // RFC 8032, 5.1.6

class SigningKey {
 public:
  /// PKCS#8 ("BEGIN PRIVATE KEY"), not encrypted: there is nobody to ask for a password.
  /// Errors: InvalidArgument, also for a key of another algorithm; never with a part of the key.
  static Result<SigningKey> FromPem(std::string_view pem);
  /// kSignatureBytes raw bytes.
  Result<std::string> Sign(std::string_view message) const;

 private:
  explicit SigningKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  std::shared_ptr<evp_pkey_st> key_;
};

class VerifyingKey {
 public:
  /// SubjectPublicKeyInfo ("BEGIN PUBLIC KEY"). Errors: InvalidArgument.
  static Result<VerifyingKey> FromPem(std::string_view pem);
  /// False for a signature of another length, message or key, and where OpenSSL cannot say.
  bool Verifies(std::string_view message, std::string_view signature) const;

 private:
  explicit VerifyingKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace landwaiter
