#include "cli/database_registry.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "lib/base/file.h"
#include "lib/base/file_digest.h"
#include "lib/base/text.h"
#include "scanner/advisories/database.h"
#include "scanner/advisories/database_archive.h"
#include "scanner/advisories/database_signature.h"
#include "scanner/image/loader.h"

namespace landwaiter::cli {
namespace {

constexpr std::string_view kScheme = "oci://";
constexpr std::size_t kBlockBytes = 256u << 10;

/// An archive on its way, in the database's folder, where there is room for one. Always of the same
/// name, so that what a command that died left behind is overwritten by the next.
class CarriedFile {
 public:
  static Result<CarriedFile> Create(const std::string& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    const std::string path = folder + "/.carry";
    FileDescriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!lock) {
      return Error{Code::kPermissionDenied, "cannot create " + path + ": " + std::strerror(errno)};
    }
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
      return Error{Code::kConflict, "another push or pull is at work in " + folder};
    }
    return CarriedFile(folder + "/carried.tar.zst", std::move(lock));
  }
  ~CarriedFile() {
    if (lock_) ::unlink(path_.c_str());
  }
  CarriedFile(CarriedFile&&) noexcept = default;
  CarriedFile& operator=(CarriedFile&&) noexcept = delete;

  const std::string& path() const { return path_; }

 private:
  CarriedFile(std::string path, FileDescriptor lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}
  std::string path_;
  FileDescriptor lock_;
};

Status Append(const FileDescriptor& to, const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t put = ::write(to.get(), bytes, size);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0)
      return Internal("cannot write what is pulled: " + std::string(std::strerror(errno)));
    bytes += put;
    size -= static_cast<std::size_t>(put);
  }
  return Ok();
}

/// What the artifact is, once it is known to be a database.
struct Found {
  image::Descriptor archive;
  std::optional<image::Descriptor> signature;
  std::string manifest_digest;
};

Result<Found> Recognize(const image::ArtifactManifest& artifact) {
  if (artifact.artifact_type != kDatabaseArtifactType) {
    return Unsupported("is no advisory database but '" + text::Printable(artifact.artifact_type) +
                       "', expected " + std::string(kDatabaseArtifactType));
  }
  Found found;
  for (const image::Descriptor& blob : artifact.blobs) {
    if (blob.media_type == kDatabaseBlobType && found.archive.digest.empty()) {
      found.archive = blob;
    } else if (blob.media_type == kSignatureBlobType && !found.signature) {
      found.signature = blob;
    } else {
      return Unsupported("has a blob that no database has, '" + text::Printable(blob.media_type) +
                         "'");
    }
  }
  if (found.archive.digest.empty()) return DataLoss("has no archive of a database");
  if (found.archive.size > advisories::kMaxDatabaseBytes) {
    return ResourceExhausted("its archive has " + std::to_string(found.archive.size) +
                             " bytes, at most " + std::to_string(advisories::kMaxDatabaseBytes) +
                             " are pulled");
  }
  const auto annotation = artifact.annotations.find(std::string(kManifestAnnotation));
  if (annotation != artifact.annotations.end()) found.manifest_digest = annotation->second;
  return found;
}

Result<Found> Look(image::ImageSource& source) {
  const auto manifest = source.Manifest(std::nullopt);
  if (!manifest) return manifest.error();
  const auto artifact = image::ParseArtifact(manifest->bytes);
  if (!artifact) return artifact.error();
  return Recognize(*artifact);
}

/// The folder's database, if it is the one that the registry has and, with keys, signed.
std::optional<advisories::DatabaseInfo> Current(const std::string& folder, const Found& found,
                                                const std::vector<VerifyingKey>& keys) {
  auto manifest = advisories::ReadManifest(folder);
  if (!manifest || Sha256::Of(manifest->bytes).ToString() != found.manifest_digest) return {};
  const auto signature = advisories::ReadSignature(folder, manifest->bytes);
  if (!signature || !advisories::CheckSignature(manifest->bytes, *signature, keys)) return {};
  if (!advisories::AdvisoryDatabase::Open(folder)) return {};
  return std::move(manifest->info);
}

Status Download(image::ImageSource& source, const image::Descriptor& blob, const std::string& path,
                const Cancellation& cancel) {
  const FileDescriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file) {
    return Error{Code::kPermissionDenied, "cannot create " + path + ": " + std::strerror(errno)};
  }
  auto reader = source.Blob(blob);
  if (!reader) return std::move(reader).error();
  std::string block(kBlockBytes, '\0');
  Sha256 sha;
  for (;;) {
    if (cancel.Stopped()) return Error{Code::kCancelled, "stopped"};
    const auto got = (*reader)->Read(block.data(), block.size());
    if (!got) return got.error();
    if (*got == 0) break;
    sha.Update(block.data(), *got);
    if (Status status = Append(file, block.data(), *got); !status) return status;
  }
  if (sha.Finish() == blob.digest) return Ok();
  return DataLoss("blob " + blob.digest.ToString() + ": other bytes came than its digest says");
}

Result<std::string> PullSignature(image::ImageSource& source, const Found& found) {
  if (!found.signature) return std::string();
  if (found.signature->size != kSignatureBytes) return DataLoss("its signature is none");
  return image::ReadBlob(source, *found.signature, kSignatureBytes);
}

Result<PulledDatabase> Pull(image::ImageSource& source, const std::string& folder,
                            const std::vector<VerifyingKey>& keys, const Cancellation& cancel) {
  const auto found = Look(source);
  if (!found) return found.error();
  if (auto info = Current(folder, *found, keys)) return PulledDatabase{*std::move(info), true};
  if (!keys.empty() && !found->signature) {
    return Error{Code::kUnauthenticated, "has no signature, and a key to verify it was given"};
  }
  auto signature = PullSignature(source, *found);
  if (!signature) return std::move(signature).error();
  auto file = CarriedFile::Create(folder);
  if (!file) return std::move(file).error();
  if (Status status = Download(source, found->archive, file->path(), cancel); !status) {
    return status.error();
  }
  auto info =
      advisories::ImportDatabase({file->path(), folder, *std::move(signature), keys}, cancel);
  if (!info) return std::move(info).error();
  return PulledDatabase{*std::move(info), false};
}

}  // namespace

Result<ImageReference> ParseDatabaseReference(const std::string& text) {
  if (!text.starts_with(kScheme)) {
    return InvalidArgument("'" + text +
                           "' is no place in a registry, expected oci://HOST/NAME:TAG");
  }
  return ImageReference::Parse(std::string_view(text).substr(kScheme.size()));
}

Result<image::PushedArtifact> PushDatabase(const RegistryAccess& access,
                                           const ImageReference& reference,
                                           const std::string& folder, const SigningKey* key,
                                           const Cancellation& cancel) {
  // Asked first, so that a folder without a database is not made by being pushed.
  if (const auto info = advisories::ReadDatabaseInfo(folder); !info) return info.error();
  const auto carried = CarriedFile::Create(folder);
  if (!carried) return carried.error();
  const auto exported = advisories::ExportDatabase(folder, carried->path(), key, cancel);
  if (!exported) return exported.error();
  const auto archive = DigestOfFile(carried->path());
  if (!archive) return archive.error();
  image::ArtifactManifest artifact;
  artifact.artifact_type = kDatabaseArtifactType;
  artifact.annotations = {
      {std::string(kManifestAnnotation), Sha256::Of(exported->manifest).ToString()},
      {"org.opencontainers.image.created", FormatTime(exported->info.built_at)}};
  image::Descriptor blob;
  blob.media_type = kDatabaseBlobType;
  blob.digest = archive->digest;
  blob.size = archive->size;
  artifact.blobs.push_back(blob);
  std::vector<image::ArtifactBlob> blobs{{carried->path(), ""}};
  if (!exported->signature.empty()) {
    blob.media_type = kSignatureBlobType;
    blob.digest = Sha256::Of(exported->signature);
    blob.size = exported->signature.size();
    artifact.blobs.push_back(blob);
    blobs.push_back({"", exported->signature});
  }
  const auto pusher = image::ArtifactPusher::Create(*access.client, access.options);
  return pusher->Push(reference, access.credentials, artifact, blobs, cancel);
}

Result<PulledDatabase> PullDatabase(const RegistryAccess& access, const ImageReference& reference,
                                    const std::string& folder,
                                    const std::vector<VerifyingKey>& keys,
                                    const Cancellation& cancel) {
  const auto registry = image::Registry::Create(*access.client, access.options);
  const auto source = registry->Open(reference, access.credentials, cancel);
  auto pulled = Pull(*source, folder, keys, cancel);
  if (!pulled) return std::move(pulled).error().Context(reference.ToString());
  return pulled;
}

}  // namespace landwaiter::cli
