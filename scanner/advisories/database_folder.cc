#include "scanner/advisories/database_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "lib/base/digest.h"

namespace landwaiter::advisories {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kScratchPrefix = "building-";
constexpr const char* kLockName = ".lock";
/// Enough to tell the manifests of one folder apart; the signature itself says whose it is.
constexpr std::size_t kSignatureHexDigits = 16;

bool Between(std::string_view name, std::string_view prefix, std::string_view suffix) {
  return name.size() > prefix.size() + suffix.size() && name.starts_with(prefix) &&
         name.ends_with(suffix);
}

}  // namespace

Result<FileDescriptor> LockFolder(const std::string& dir) {
  std::error_code error;
  fs::create_directories(dir, error);
  if (error) {
    return Error{Code::kPermissionDenied, "cannot make folder " + dir + ": " + error.message()};
  }
  const std::string path = dir + "/" + kLockName;
  FileDescriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock) {
    return Error{Code::kPermissionDenied, "cannot create " + path + ": " + std::strerror(errno)};
  }
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return Error{Code::kConflict, "another build is at work in " + dir + "; wait for its end"};
  }
  return lock;
}

std::string ScratchName(const std::string& dir) {
  return dir + "/" + std::string(kScratchPrefix) + std::to_string(::getpid());
}

void RemoveLeftovers(const std::string& dir) {
  const auto manifest = ReadManifest(dir);
  const std::string file = manifest ? manifest->info.file : "";
  const std::string signature = manifest ? SignatureName(manifest->bytes) : "";
  std::error_code error;
  std::vector<fs::path> old;
  for (fs::directory_iterator at(dir, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    const bool database = Between(name, "advisories-", ".mdb") && name != file;
    const bool sign = Between(name, "manifest-", ".sig") && name != signature;
    // Without a manifest that can be read nothing says which of them is wanted.
    const bool unnamed = manifest.has_value() && (database || sign);
    if (name.starts_with(kScratchPrefix) || unnamed) old.push_back(at->path());
  }
  for (const fs::path& path : old) {
    std::error_code ignored;  // a leftover that stays does no harm
    fs::remove(path, ignored);
  }
}

std::string SignatureName(std::string_view manifest) {
  const Digest digest = Sha256::Of(manifest);
  return "manifest-" + std::string(digest.Hex().substr(0, kSignatureHexDigits)) + ".sig";
}

Status SwapIn(const std::string& dir, const std::string& scratch, const DatabaseInfo& info,
              const std::string& manifest, const std::string& signature) {
  const std::string path = dir + "/" + info.file;
  if (!signature.empty()) {
    Status written = WriteFileAtomically(dir + "/" + SignatureName(manifest), signature);
    if (!written) return written;
  }
  if (::rename(scratch.c_str(), path.c_str()) != 0) {
    return Internal("cannot rename " + scratch + " to " + path + ": " + std::strerror(errno));
  }
  return WriteFileAtomically(dir + "/" + std::string(kManifestName), manifest);
}

}  // namespace landwaiter::advisories
