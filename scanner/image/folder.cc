#include "scanner/image/folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "scanner/image/folder_walk.h"

namespace landwaiter::image {
namespace {

Error CannotOpen(const std::string& path) {
  const std::string message = "cannot open " + path + ": " + std::strerror(errno);
  if (errno == EACCES || errno == EPERM) return Error{Code::kPermissionDenied, message};
  if (errno == ENOENT) return NotFound(message);
  return InvalidArgument(message);
}

Error NoManifest(const std::string& name) { return Unsupported(name + " is no image"); }

// The one file, once.
class OneFile final : public TarStream {
 public:
  OneFile(FileDescriptor file, std::string name, std::uint64_t size)
      : file_(std::move(file)), name_(std::move(name)), size_(size) {}

 private:
  Result<bool> NextMember(Member& member) override {
    if (!file_) return false;
    member.path = name_;
    member.size = size_;
    member.header = TarHeaderOf({.path = name_, .size = size_});
    member.file = std::move(file_);
    return true;
  }

  FileDescriptor file_;
  const std::string name_;
  const std::uint64_t size_;
};

}  // namespace

Result<std::unique_ptr<FolderSource>> FolderSource::Open(const std::string& path, Wants wants) {
  FileDescriptor root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return CannotOpen(path);
  return std::unique_ptr<FolderSource>(
      new FolderSource(std::move(root), "folder " + path, std::move(wants)));
}

Result<RawManifest> FolderSource::Manifest(const std::optional<Digest>& /*digest*/) {
  return NoManifest(name_);
}

Result<std::unique_ptr<BlobReader>> FolderSource::Blob(const Descriptor& descriptor) {
  const auto taken = descriptor.media_type == kAllFiles ? FolderWalk::Taken::kAllFiles
                                                        : FolderWalk::Taken::kWantedFiles;
  return std::unique_ptr<BlobReader>(
      std::make_unique<FolderWalk>(root_.get(), wants_, taken, report_));
}

Result<std::unique_ptr<FileSource>> FileSource::Open(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file) return CannotOpen(path);
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) return CannotOpen(path);
  if (!S_ISREG(facts.st_mode)) return InvalidArgument(path + " is no regular file");
  std::string name = path.substr(path.rfind('/') + 1);
  return std::unique_ptr<FileSource>(
      new FileSource(std::move(file), std::move(name), static_cast<std::uint64_t>(facts.st_size)));
}

Result<RawManifest> FileSource::Manifest(const std::optional<Digest>& /*digest*/) {
  return NoManifest(name_);
}

Result<std::unique_ptr<BlobReader>> FileSource::Blob(const Descriptor& /*descriptor*/) {
  FileDescriptor copy(::fcntl(file_.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy) return Internal(std::string("cannot read ") + name_ + ": " + std::strerror(errno));
  return std::unique_ptr<BlobReader>(std::make_unique<OneFile>(std::move(copy), name_, size_));
}

}  // namespace landwaiter::image
