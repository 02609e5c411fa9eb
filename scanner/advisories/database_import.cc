#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "lib/base/digest.h"
#include "lib/base/file.h"
#include "lib/base/text.h"
#include "scanner/advisories/database.h"
#include "scanner/advisories/database_archive.h"
#include "scanner/advisories/database_folder.h"
#include "scanner/advisories/database_signature.h"

namespace landwaiter::advisories {
namespace {

constexpr std::size_t kBlockBytes = 1u << 20;

/// Members of the one kind that is expected: regular files, each with its name and size known
/// before. A name is compared, never used as a path.
class ArchiveReader {
 public:
  ArchiveReader() : in_(archive_read_new()) {}
  ~ArchiveReader() { archive_read_free(in_); }
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  Status Open(const std::string& path) {
    if (in_ == nullptr) return Internal("no memory for an archive reader");
    archive_read_support_filter_zstd(in_);
    archive_read_support_format_tar(in_);
    if (::access(path.c_str(), R_OK) != 0) {
      return NotFound("cannot open it: " + std::string(std::strerror(errno)));
    }
    if (archive_read_open_filename(in_, path.c_str(), kBlockBytes) == ARCHIVE_OK) return Ok();
    return DataLoss("is no archive of a database (a tar compressed with zstd): " + Message());
  }

  /// The size that the next member's header says.
  Result<std::uint64_t> Next(const std::string& name) {
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(in_, &entry);
    if (code == ARCHIVE_EOF) return DataLoss("ends before its member " + name);
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return BrokenOff(name);
    const char* const found = archive_entry_pathname(entry);
    if (found == nullptr || name != found) {
      return DataLoss("has a member '" + text::Printable(found == nullptr ? "" : found) +
                      "', expected " + name);
    }
    const bool link =
        archive_entry_hardlink(entry) != nullptr || archive_entry_symlink(entry) != nullptr;
    if (archive_entry_filetype(entry) != AE_IFREG || link || !archive_entry_size_is_set(entry)) {
      return DataLoss("member " + name + " is no regular file");
    }
    return static_cast<std::uint64_t>(std::max<la_int64_t>(archive_entry_size(entry), 0));
  }

  /// 0 at the end of the member.
  Result<std::size_t> Read(const std::string& name, char* buffer, std::size_t size) {
    const la_ssize_t got = archive_read_data(in_, buffer, size);
    if (got < 0) return BrokenOff(name);
    return static_cast<std::size_t>(got);
  }

  Status End() {
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(in_, &entry);
    if (code == ARCHIVE_EOF) return Ok();
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return BrokenOff("its end");
    return DataLoss("has more members than a database's archive");
  }

 private:
  Error BrokenOff(const std::string& where) const {
    return DataLoss("cannot be read whole (" + where + "): " + Message());
  }
  std::string Message() const {
    const char* const message = archive_error_string(in_);
    return message == nullptr ? "unknown fault" : text::Printable(message);
  }
  archive* const in_;
};

Result<std::string> ReadManifestMember(ArchiveReader& archive) {
  const std::string name(kManifestName);
  const auto size = archive.Next(name);
  if (!size) return size.error();
  if (*size > kMaxManifestBytes) {
    return ResourceExhausted("its manifest has " + std::to_string(*size) + " bytes, at most " +
                             std::to_string(kMaxManifestBytes) + " are read");
  }
  std::string bytes(static_cast<std::size_t>(*size), '\0');
  for (std::size_t at = 0; at < bytes.size();) {
    const auto got = archive.Read(name, bytes.data() + at, bytes.size() - at);
    if (!got) return got.error();
    if (*got == 0) return DataLoss("its manifest ends early");
    at += *got;
  }
  return bytes;
}

/// What a stranger's manifest may say of the file that is going to be written.
Status CheckInfo(const DatabaseInfo& info) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const bool id = info.id.size() == 16 && info.id.find_first_not_of(kHex) == std::string::npos;
  if (!id || info.file != "advisories-" + info.id + ".mdb") {
    return DataLoss("its manifest names no database file but '" + text::Printable(info.file) + "'");
  }
  if (info.digest.Algorithm() != "sha256") return DataLoss("its manifest has no SHA-256 digest");
  if (info.size_bytes <= kMaxDatabaseBytes) return Ok();
  return ResourceExhausted("its database has " + std::to_string(info.size_bytes) +
                           " bytes, at most " + std::to_string(kMaxDatabaseBytes) + " are read");
}

Status WriteWhole(int fd, const char* bytes, std::size_t size, const std::string& path) {
  while (size > 0) {
    const ssize_t put = ::write(fd, bytes, size);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return Internal("cannot write " + path + ": " + std::strerror(errno));
    bytes += put;
    size -= static_cast<std::size_t>(put);
  }
  return Ok();
}

/// Writes the database to `path` and holds it against the manifest.
Status Extract(ArchiveReader& archive, const DatabaseInfo& info, const std::string& path,
               const Cancellation& cancel) {
  const auto size = archive.Next(info.file);
  if (!size) return size.error();
  if (*size != info.size_bytes) {
    return DataLoss("its database has " + std::to_string(*size) + " bytes, its manifest says " +
                    std::to_string(info.size_bytes));
  }
  const FileDescriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file) {
    return Error{Code::kPermissionDenied, "cannot create " + path + ": " + std::strerror(errno)};
  }
  Sha256 sha;
  std::vector<char> buffer(kBlockBytes);
  std::uint64_t left = info.size_bytes;
  for (; left > 0;) {
    if (cancel.Stopped()) return Error{Code::kCancelled, "stopped"};
    const auto got = archive.Read(info.file, buffer.data(), buffer.size());
    if (!got) return got.error();
    if (*got == 0 || *got > left) return DataLoss("its database is not of the size that it says");
    sha.Update(buffer.data(), *got);
    if (Status status = WriteWhole(file.get(), buffer.data(), *got, path); !status) return status;
    left -= *got;
  }
  if (sha.Finish() != info.digest) {
    return DataLoss("its database has another digest than its manifest says");
  }
  if (::fsync(file.get()) == 0) return Ok();
  return Internal("cannot write " + path + ": " + std::strerror(errno));
}

Result<DatabaseInfo> TakeIn(const ImportOptions& options, const std::string& scratch,
                            const Cancellation& cancel) {
  ArchiveReader archive;
  if (Status status = archive.Open(options.archive); !status) return status.error();
  const auto manifest = ReadManifestMember(archive);
  if (!manifest) return manifest.error();
  // First of all: a stranger's manifest is not even parsed.
  Status status = CheckSignature(*manifest, options.signature, options.keys);
  if (!status) return status.error();
  auto info = DatabaseInfoFromJson(*manifest);
  if (!info) return std::move(info).error().Context("its manifest");
  if (status = CheckInfo(*info); !status) return status.error();
  if (status = Extract(archive, *info, scratch, cancel); !status) return status.error();
  if (status = archive.End(); !status) return status.error();
  if (status = AdvisoryDatabase::Check(scratch, *info); !status) return status.error();
  status = SwapIn(options.folder, scratch, *info, *manifest, options.signature);
  if (!status) return status.error();
  return info;
}

}  // namespace

Result<DatabaseInfo> ImportDatabase(const ImportOptions& options, const Cancellation& cancel) {
  const auto lock = LockFolder(options.folder);
  if (!lock) return lock.error();
  RemoveLeftovers(options.folder);
  auto info = TakeIn(options, ScratchName(options.folder) + ".mdb", cancel);
  RemoveLeftovers(options.folder);
  if (!info) return std::move(info).error().Context(options.archive);
  return info;
}

}  // namespace landwaiter::advisories
