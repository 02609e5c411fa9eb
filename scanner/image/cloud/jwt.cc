#include "scanner/image/cloud/jwt.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/text.h"

namespace landwaiter::image::cloud {
namespace {

constexpr std::size_t kMaxPayload = 64u << 10;

/// RFC 4648, 5, without padding.
std::string Base64Url(std::string_view bytes) {
  std::string out = text::Base64Encode(bytes);
  while (!out.empty() && out.back() == '=') out.pop_back();
  for (char& c : out) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return out;
}

std::optional<std::string> FromBase64Url(std::string_view encoded) {
  std::string plain(encoded);
  for (char& c : plain) {
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  return text::Base64Decode(plain);
}

/// In place of OpenSSL's own, which asks on the terminal.
int NoPassword(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) { return -1; }

}  // namespace

Result<std::string> SignJwt(const std::string& claims, const Secret& private_key_pem) {
  const std::string& pem = private_key_pem.Reveal();
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr) : nullptr,
      EVP_PKEY_free);
  ERR_clear_error();  // of this thread: it may not show up in a later error of TLS
  if (key == nullptr || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
    return InvalidArgument("private key: holds no RSA key in PEM, unencrypted");
  }
  const std::string signed_part =
      Base64Url(R"({"alg":"RS256","typ":"JWT"})") + "." + Base64Url(claims);
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free);
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key.get())), '\0');
  std::size_t size = signature.size();
  const bool made =
      context != nullptr &&
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(signed_part.data()),
                     signed_part.size()) == 1;
  ERR_clear_error();
  if (!made) return Internal("private key: cannot sign");
  signature.resize(size);
  return signed_part + "." + Base64Url(signature);
}

std::optional<TimePoint> JwtExpiry(std::string_view token) {
  const auto parts = text::Split(token, '.');
  if (parts.size() != 3 || parts[1].size() > kMaxPayload) return std::nullopt;
  const auto payload = FromBase64Url(parts[1]);
  if (!payload) return std::nullopt;
  const auto json = ParseJson(*payload, {kMaxPayload, 16});
  if (!json || !json->is_object()) return std::nullopt;
  std::int64_t ends = 0;
  JsonFields fields(*json, "");
  fields.Int("exp", ends);
  if (!fields.Done() || ends <= 0 || ends > 100'000'000'000) return std::nullopt;
  return TimePoint(std::chrono::seconds(ends));
}

}  // namespace landwaiter::image::cloud
