// Bounded file reading and atomic writing.
#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>

#include "lib/base/result.h"

namespace landwaiter {

/// The whole file. Errors: NotFound, PermissionDenied, ResourceExhausted above `max_bytes`,
/// Internal for a read that fails; each names the path.
Result<std::string> ReadFile(const std::string& path, std::size_t max_bytes);
/// Writes beside the target, syncs, renames: a reader sees the old bytes or the new ones.
Status WriteFileAtomically(const std::string& path, const std::string& bytes, int mode = 0644);

/// What `write` streams, without the whole in memory: atomically as above into a regular file or a
/// new one; into anything else that the path names (a pipe, /dev/stdout) as it comes.
Status StreamToFile(const std::string& path, const std::function<void(std::ostream&)>& write,
                    int mode = 0644);
/// The same into an open descriptor, which stays open. `name` is for the error.
Status StreamToDescriptor(int fd, const std::string& name,
                          const std::function<void(std::ostream&)>& write);

/// An owned file descriptor.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() { Close(); }
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.Release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = other.Release();
    }
    return *this;
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int Release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void Close();

 private:
  int fd_ = -1;
};

}  // namespace landwaiter
