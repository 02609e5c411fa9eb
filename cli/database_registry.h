// The advisory database in a registry, as an artifact: one blob that is the archive of
// scanner/advisories/database_archive.h, one that is its signature where it is signed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/registry_access.h"
#include "lib/base/cancellation.h"
#include "lib/base/ed25519.h"
#include "lib/base/result.h"
#include "scanner/advisories/manifest.h"
#include "scanner/image/artifact_push.h"

namespace landwaiter::cli {

// Part of the format: another layout of the artifact has another type.
inline constexpr std::string_view kDatabaseArtifactType = "application/vnd.landwaiter.db.v1";
inline constexpr std::string_view kDatabaseBlobType = "application/vnd.landwaiter.db.v1.tar+zstd";
inline constexpr std::string_view kSignatureBlobType =
    "application/vnd.landwaiter.db.v1.signature.ed25519";
/// SHA-256 of the database's manifest.json: whoever has that manifest need not pull. The registry's
/// word, as the tag is: it can hold back a newer database, not put another in its place.
inline constexpr std::string_view kManifestAnnotation = "io.landwaiter.db.manifest.digest";

/// "oci://registry.example/team/db:tag". Errors: InvalidArgument.
Result<ImageReference> ParseDatabaseReference(const std::string& text);

/// Exports the folder's database to a scratch file beside it and pushes that; `key` may be nullptr.
Result<image::PushedArtifact> PushDatabase(const RegistryAccess& access,
                                           const ImageReference& reference,
                                           const std::string& folder, const SigningKey* key,
                                           const Cancellation& cancel);

struct PulledDatabase {
  advisories::DatabaseInfo info;
  bool up_to_date = false;  // it was there: nothing was pulled
};

/// With keys the signature must be by one of them, of the database that is there already, too.
/// On any error the folder's database is what it was. Errors: as Registry's and ImportDatabase's;
/// Unsupported for an artifact that is no database.
Result<PulledDatabase> PullDatabase(const RegistryAccess& access, const ImageReference& reference,
                                    const std::string& folder,
                                    const std::vector<VerifyingKey>& keys,
                                    const Cancellation& cancel);

}  // namespace landwaiter::cli
