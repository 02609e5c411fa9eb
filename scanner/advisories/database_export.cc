#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "lib/base/digest.h"
#include "lib/base/file.h"
#include "scanner/advisories/database_archive.h"
#include "scanner/advisories/database_signature.h"

namespace landwaiter::advisories {
namespace {

constexpr std::size_t kBlockBytes = 1u << 20;
/// A new database may be swapped in between reading the manifest and opening the file it names.
constexpr int kOpenAttempts = 5;

struct Opened {
  ManifestFile manifest;
  FileDescriptor file;
  std::string path;
};

Result<Opened> OpenCurrent(const std::string& folder) {
  for (int attempt = 1;; ++attempt) {
    auto manifest = ReadManifest(folder);
    if (!manifest) return std::move(manifest).error();
    std::string path = folder + "/" + manifest->info.file;
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file) return Opened{*std::move(manifest), std::move(file), std::move(path)};
    if (errno != ENOENT || attempt == kOpenAttempts) {
      return DataLoss("cannot open " + path + ": " + std::strerror(errno));
    }
  }
}

/// Writes the tar; the file at `path` is gone again unless Keep was called.
class ArchiveWriter {
 public:
  explicit ArchiveWriter(std::string path) : path_(std::move(path)), out_(archive_write_new()) {}
  ~ArchiveWriter() {
    archive_write_free(out_);
    if (!kept_) ::unlink(path_.c_str());
  }
  ArchiveWriter(const ArchiveWriter&) = delete;
  ArchiveWriter& operator=(const ArchiveWriter&) = delete;

  Status Open() {
    if (out_ == nullptr) return Internal("no memory for an archive writer");
    if (archive_write_add_filter_zstd(out_) != ARCHIVE_OK ||
        archive_write_set_format_pax_restricted(out_) != ARCHIVE_OK ||
        archive_write_open_filename(out_, path_.c_str()) != ARCHIVE_OK) {
      return Fault();
    }
    return Ok();
  }
  Status Begin(const std::string& name, std::uint64_t size) {
    const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                         archive_entry_free);
    if (entry == nullptr) return Internal("no memory for an archive entry");
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_mtime(entry.get(), 0, 0);
    return archive_write_header(out_, entry.get()) == ARCHIVE_OK ? Ok() : Fault();
  }
  Status Write(const char* bytes, std::size_t size) {
    const la_ssize_t put = archive_write_data(out_, bytes, size);
    // Less than all: more came than the entry was announced with.
    return put >= 0 && static_cast<std::size_t>(put) == size ? Ok() : Fault();
  }
  Status KeepAs(const std::string& file) {
    if (archive_write_close(out_) != ARCHIVE_OK) return Fault();
    const FileDescriptor written(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!written || ::fsync(written.get()) != 0 || ::rename(path_.c_str(), file.c_str()) != 0) {
      return Internal("cannot write " + file + ": " + std::strerror(errno));
    }
    kept_ = true;
    return Ok();
  }

 private:
  Status Fault() const {
    const char* const message = archive_error_string(out_);
    return Internal("cannot write " + path_ + ": " +
                    (message == nullptr ? "unknown fault" : message));
  }
  const std::string path_;
  archive* const out_;
  bool kept_ = false;
};

Status CopyDatabase(const Opened& from, ArchiveWriter& to, const Cancellation& cancel) {
  const DatabaseInfo& info = from.manifest.info;
  if (Status status = to.Begin(info.file, info.size_bytes); !status) return status;
  std::vector<char> buffer(kBlockBytes);
  Sha256 sha;
  std::uint64_t size = 0;
  for (;;) {
    if (cancel.Stopped()) return Error{Code::kCancelled, "stopped"};
    const ssize_t got = ::read(from.file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Internal("cannot read " + from.path + ": " + std::strerror(errno));
    if (got == 0) break;
    size += static_cast<std::uint64_t>(got);
    if (size > info.size_bytes) break;
    sha.Update(buffer.data(), static_cast<std::size_t>(got));
    Status written = to.Write(buffer.data(), static_cast<std::size_t>(got));
    if (!written) return written;
  }
  if (size == info.size_bytes && sha.Finish() == info.digest) return Ok();
  return DataLoss(from.path + ": is not what its manifest says; build the database again");
}

}  // namespace

Result<ExportedDatabase> ExportDatabase(const std::string& folder, const std::string& file,
                                        const SigningKey* key, const Cancellation& cancel) {
  auto opened = OpenCurrent(folder);
  if (!opened) return std::move(opened).error();
  const std::string& manifest = opened->manifest.bytes;
  auto signature = key != nullptr ? SignManifest(manifest, *key) : ReadSignature(folder, manifest);
  if (!signature) return std::move(signature).error();
  ArchiveWriter writer(file + ".new." + std::to_string(::getpid()));
  if (Status status = writer.Open(); !status) return status.error();
  Status status = writer.Begin(std::string(kManifestName), manifest.size());
  if (status) status = writer.Write(manifest.data(), manifest.size());
  if (status) status = CopyDatabase(*opened, writer, cancel);
  if (status) status = writer.KeepAs(file);
  if (!status) return status.error();
  return ExportedDatabase{opened->manifest.info, manifest, *std::move(signature)};
}

}  // namespace landwaiter::advisories
