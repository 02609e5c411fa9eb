#include "lib/base/ed25519.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace landwaiter {
namespace {

/// A key has some 120 bytes of PEM; text around it is allowed.
constexpr std::size_t kMaxPemBytes = 64u << 10;

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// In place of OpenSSL's own, which asks on the terminal.
int NoPassword(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) { return -1; }

using PemReader = EVP_PKEY* (*)(BIO*, EVP_PKEY**, pem_password_cb*, void*);

Result<std::shared_ptr<evp_pkey_st>> ReadPem(std::string_view pem, PemReader read,
                                             const std::string& what) {
  if (pem.size() > kMaxPemBytes) return InvalidArgument(what + ": is too large for a key");
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  if (bio == nullptr) return Internal(what + ": no memory to read it");
  const std::shared_ptr<evp_pkey_st> key(read(bio.get(), nullptr, NoPassword, nullptr),
                                         EVP_PKEY_free);
  ERR_clear_error();  // of this thread: it may not show up in a later error of TLS
  if (key == nullptr) return InvalidArgument(what + ": holds no such key in PEM, unencrypted");
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519) {
    return InvalidArgument(what + ": is a key of another algorithm, expected Ed25519");
  }
  return key;
}

}  // namespace

Result<SigningKey> SigningKey::FromPem(std::string_view pem) {
  auto key = ReadPem(pem, PEM_read_bio_PrivateKey, "private key");
  if (!key) return std::move(key).error();
  return SigningKey(*std::move(key));
}

Result<std::string> SigningKey::Sign(std::string_view message) const {
  const Context context(EVP_MD_CTX_new());
  std::string signature(kSignatureBytes, '\0');
  std::size_t size = signature.size();
  const bool made =
      context != nullptr &&
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     Bytes(message), message.size()) == 1;
  ERR_clear_error();
  if (!made || size != kSignatureBytes) return Internal("no signature could be made");
  return signature;
}

Result<VerifyingKey> VerifyingKey::FromPem(std::string_view pem) {
  auto key = ReadPem(pem, PEM_read_bio_PUBKEY, "public key");
  if (!key) return std::move(key).error();
  return VerifyingKey(*std::move(key));
}

bool VerifyingKey::Verifies(std::string_view message, std::string_view signature) const {
  if (signature.size() != kSignatureBytes) return false;
  const Context context(EVP_MD_CTX_new());
  const bool good =
      context != nullptr &&
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
      EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(message),
                       message.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace landwaiter
