// An OCI image layout in a folder. Every part of a path is opened below the one before, no symbolic
// link followed: a layout that somebody else wrote must not lead to this machine's own files.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "model/scan_request.h"
#include "scanner/image/archive.h"
#include "scanner/image/failure.h"
#include "scanner/image/layout.h"
#include "scanner/image/tar_index.h"

namespace landwaiter::image {
namespace {

class FileReader final : public BlobReader {
 public:
  FileReader(FileDescriptor file, std::string name, std::uint64_t size)
      : file_(std::move(file)), name_(std::move(name)), size_(size) {}

  Result<std::size_t> Read(char* buffer, std::size_t size) override {
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(size, size_ - at_));
    if (want == 0) return std::size_t{0};
    auto got = ReadAt(file_.get(), at_, buffer, want);
    if (!got) return std::move(got).error().Context(name_);
    if (*got == 0) return Malformed(name_, "became shorter while it was read");
    at_ += *got;
    return got;
  }

 private:
  const FileDescriptor file_;
  const std::string name_;
  const std::uint64_t size_;
  std::uint64_t at_ = 0;
};

class FolderTree final : public FileTree {
 public:
  FolderTree(FileDescriptor folder, std::string name)
      : folder_(std::move(folder)), name_(std::move(name)) {}

  std::string Name() const override { return name_; }
  bool Has(const std::string& path) const override { return OpenFile(path).has_value(); }

  Result<std::string> ReadAll(const std::string& path, std::size_t max_bytes) const override {
    auto opened = Open(path);
    if (!opened) return std::move(opened).error();
    if (opened->size > max_bytes) {
      return Failure(Code::kResourceExhausted, scan_reason::kTooLarge,
                     name_ + "/" + path + ": " + std::to_string(opened->size) +
                         " bytes are above the limit of " + std::to_string(max_bytes));
    }
    std::string bytes(static_cast<std::size_t>(opened->size), '\0');
    for (std::size_t at = 0; at < bytes.size();) {
      auto got = opened->reader->Read(bytes.data() + at, bytes.size() - at);
      if (!got) return std::move(got).error();
      if (*got == 0) return Malformed(name_ + "/" + path, "became shorter while it was read");
      at += *got;
    }
    return bytes;
  }

  Result<Opened> Open(const std::string& path) const override {
    auto file = OpenFile(path);
    if (!file) return std::move(file).error();
    struct stat info {};
    if (::fstat(file->get(), &info) != 0 || !S_ISREG(info.st_mode)) {
      return Malformed(name_ + "/" + path, "is no regular file");
    }
    const auto size = static_cast<std::uint64_t>(info.st_size);
    return Opened{std::make_unique<FileReader>(std::move(*file), name_ + "/" + path, size), size};
  }

 private:
  Result<FileDescriptor> OpenFile(const std::string& path) const {
    const auto parts = text::Split(path, '/');
    FileDescriptor at;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const bool last = i + 1 == parts.size();
      // Not blocking: a FIFO in place of a file must not hold the scan.
      const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (last ? 0 : O_DIRECTORY);
      const int base = at ? at.get() : folder_.get();
      FileDescriptor next(::openat(base, std::string(parts[i]).c_str(), flags));
      if (!next) {
        const int fault = errno;
        return Malformed(name_ + "/" + path,
                         fault == ELOOP ? "is a symbolic link" : std::strerror(fault));
      }
      at = std::move(next);
    }
    return at;
  }

  const FileDescriptor folder_;
  const std::string name_;
};

}  // namespace

Result<std::unique_ptr<ImageSource>> OpenLayout(const std::string& folder,
                                                const std::string& image) {
  FileDescriptor open(::open(folder.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY));
  if (!open) {
    const int fault = errno;
    const std::string message = "layout '" + folder + "': " + std::strerror(fault);
    if (fault == ENOENT || fault == ENOTDIR) return NotFound(message);
    return Error{fault == EACCES ? Code::kPermissionDenied : Code::kInternal, message};
  }
  return OpenLayoutTree(std::make_shared<FolderTree>(std::move(open), folder), image);
}

}  // namespace landwaiter::image
