// Detached Ed25519 signatures of a database. What is signed is kSignaturePrefix and the bytes of
// its manifest.json; the manifest holds the SHA-256 and the size of the one file beside it, so that
// the signature binds all that a database is. It says who made it, not that there is no newer one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/ed25519.h"
#include "lib/base/result.h"

namespace landwaiter::advisories {

/// Keeps a signature of a manifest from being one of anything else made with the same key.
inline constexpr std::string_view kSignaturePrefix = "landwaiter advisory database v1\n";

Result<std::string> SignManifest(std::string_view manifest, const SigningKey& key);

/// Errors: Unauthenticated where the signature is absent ("") or is by none of the keys. Without
/// keys nothing is asked for; InvalidArgument for a signature whose length is no signature's.
Status CheckSignature(std::string_view manifest, std::string_view signature,
                      const std::vector<VerifyingKey>& keys);

/// The signature of this manifest that lies in a database's folder, "" where there is none.
/// Errors: PermissionDenied, DataLoss for a file that is no signature.
Result<std::string> ReadSignature(const std::string& dir, std::string_view manifest);
/// The same from a file of any name. Errors: NotFound too.
Result<std::string> ReadSignatureFile(const std::string& path);

enum class SignatureState { kNone, kUnchecked, kVerified };
/// The whole of a database on disk: format, the file's size and digest, and its signature. With
/// keys an absent or wrong signature is an error (as CheckSignature); without, one that is there is
/// kUnchecked. Errors: as AdvisoryDatabase::Verify.
Result<SignatureState> VerifyFolder(const std::string& dir, const std::vector<VerifyingKey>& keys);

}  // namespace landwaiter::advisories
