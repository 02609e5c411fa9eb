#include "lib/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace landwaiter {
namespace {

Error FromErrno(const std::string& what, int error) {
  const std::string message = what + ": " + std::strerror(error);
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return {Code::kNotFound, message};
    case EACCES:
    case EPERM:
    case EROFS:
      return {Code::kPermissionDenied, message};
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
      return {Code::kResourceExhausted, message};
    default:
      return {Code::kInternal, message};
  }
}

}  // namespace

void FileDescriptor::Close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<std::string> ReadFile(const std::string& path, std::size_t max_bytes) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return FromErrno("cannot open " + path, errno);
  std::string bytes;
  char buffer[65536];
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FromErrno("cannot read " + path, errno);
    if (got == 0) return bytes;
    if (bytes.size() + static_cast<std::size_t>(got) > max_bytes) {
      return ResourceExhausted(path + " is larger than " + std::to_string(max_bytes) + " bytes");
    }
    bytes.append(buffer, static_cast<std::size_t>(got));
  }
}

Status WriteFileAtomically(const std::string& path, const std::string& bytes, int mode) {
  const std::string temporary = path + ".new." + std::to_string(::getpid());
  {
    const FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                                     static_cast<mode_t>(mode)));
    if (!file) return FromErrno("cannot create " + temporary, errno);
    std::size_t done = 0;
    int failure = 0;
    while (done < bytes.size() && failure == 0) {
      const ssize_t put = ::write(file.get(), bytes.data() + done, bytes.size() - done);
      if (put >= 0) {
        done += static_cast<std::size_t>(put);
      } else if (errno != EINTR) {
        failure = errno;
      }
    }
    if (failure == 0 && ::fsync(file.get()) != 0) failure = errno;
    if (failure != 0) {
      ::unlink(temporary.c_str());
      return FromErrno("cannot write " + temporary, failure);
    }
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int failure = errno;
    ::unlink(temporary.c_str());
    return FromErrno("cannot rename " + temporary + " to " + path, failure);
  }
  return Ok();
}

}  // namespace landwaiter
