#include "scanner/advisories/database_signature.h"

#include <algorithm>

#include "lib/base/file.h"
#include "scanner/advisories/database.h"
#include "scanner/advisories/database_folder.h"

namespace landwaiter::advisories {
namespace {

std::string SignedMessage(std::string_view manifest) {
  return std::string(kSignaturePrefix) + std::string(manifest);
}

}  // namespace

Result<std::string> SignManifest(std::string_view manifest, const SigningKey& key) {
  return key.Sign(SignedMessage(manifest));
}

Status CheckSignature(std::string_view manifest, std::string_view signature,
                      const std::vector<VerifyingKey>& keys) {
  if (!signature.empty() && signature.size() != kSignatureBytes) {
    return InvalidArgument("signature has " + std::to_string(signature.size()) +
                           " bytes, expected " + std::to_string(kSignatureBytes));
  }
  if (keys.empty()) return Ok();
  if (signature.empty()) {
    return Error{Code::kUnauthenticated, "has no signature, and a key to verify it was given"};
  }
  const std::string message = SignedMessage(manifest);
  const bool good = std::any_of(keys.begin(), keys.end(), [&](const VerifyingKey& key) {
    return key.Verifies(message, signature);
  });
  if (good) return Ok();
  return Error{Code::kUnauthenticated,
               "its signature is not by the given key, or not of this database"};
}

Result<std::string> ReadSignatureFile(const std::string& path) {
  auto bytes = ReadFile(path, kSignatureBytes);
  if (!bytes && bytes.error().code != Code::kResourceExhausted) return bytes;
  if (bytes && bytes->size() == kSignatureBytes) return bytes;
  return DataLoss(path + ": is no signature, expected " + std::to_string(kSignatureBytes) +
                  " bytes of Ed25519");
}

Result<std::string> ReadSignature(const std::string& dir, std::string_view manifest) {
  auto signature = ReadSignatureFile(dir + "/" + SignatureName(manifest));
  if (!signature && signature.error().code == Code::kNotFound) return std::string();
  return signature;
}

Result<SignatureState> VerifyFolder(const std::string& dir, const std::vector<VerifyingKey>& keys) {
  const auto manifest = ReadManifest(dir);
  if (!manifest) return manifest.error();
  const auto signature = ReadSignature(dir, manifest->bytes);
  if (!signature) return signature.error();
  if (Status good = CheckSignature(manifest->bytes, *signature, keys); !good) {
    return good.error().Context(dir);
  }
  if (Status whole = AdvisoryDatabase::Verify(dir); !whole) return whole.error();
  // A database that was swapped in between was not the one whose signature was looked at.
  const auto now = ReadManifest(dir);
  if (!now) return now.error();
  if (now->bytes != manifest->bytes) {
    return Error{Code::kConflict, dir + ": was replaced while it was verified; try again"};
  }
  if (signature->empty()) return SignatureState::kNone;
  return keys.empty() ? SignatureState::kUnchecked : SignatureState::kVerified;
}

}  // namespace landwaiter::advisories
