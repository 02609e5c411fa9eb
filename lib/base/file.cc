#include "lib/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ostream>
#include <streambuf>

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

/// 0, or the errno of the write that failed.
int WriteAll(int fd, const char* bytes, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t put = ::write(fd, bytes + done, size - done);
    if (put >= 0) {
      done += static_cast<std::size_t>(put);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

class DescriptorBuffer final : public std::streambuf {
 public:
  explicit DescriptorBuffer(int fd) : fd_(fd) {
    setp(buffer_.data(), buffer_.data() + buffer_.size());
  }
  int failure() const { return failure_; }

 protected:
  int_type overflow(int_type c) override {
    if (sync() != 0) return traits_type::eof();
    if (!traits_type::eq_int_type(c, traits_type::eof())) sputc(traits_type::to_char_type(c));
    return traits_type::not_eof(c);
  }
  int sync() override {
    if (failure_ == 0)
      failure_ = WriteAll(fd_, pbase(), static_cast<std::size_t>(pptr() - pbase()));
    setp(buffer_.data(), buffer_.data() + buffer_.size());
    return failure_ == 0 ? 0 : -1;
  }

 private:
  int fd_;
  int failure_ = 0;
  std::array<char, 64u << 10> buffer_;
};

/// 0, or the errno of the first write that failed.
int Stream(int fd, const std::function<void(std::ostream&)>& write) {
  DescriptorBuffer buffer(fd);
  std::ostream out(&buffer);
  write(out);
  out.flush();
  return buffer.failure();
}

/// The new bytes beside the target, then in its place.
Status Replace(const std::string& path, int mode, const std::function<int(int fd)>& write) {
  const std::string temporary = path + ".new." + std::to_string(::getpid());
  {
    const FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                                     static_cast<mode_t>(mode)));
    if (!file) return FromErrno("cannot create " + temporary, errno);
    int failure = write(file.get());
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
  return Replace(path, mode, [&](int fd) { return WriteAll(fd, bytes.data(), bytes.size()); });
}

Status StreamToFile(const std::string& path, const std::function<void(std::ostream&)>& write,
                    int mode) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0 || S_ISREG(found.st_mode) || S_ISDIR(found.st_mode)) {
    return Replace(path, mode, [&](int fd) { return Stream(fd, write); });
  }
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return FromErrno("cannot open " + path, errno);
  return StreamToDescriptor(file.get(), path, write);
}

Status StreamToDescriptor(int fd, const std::string& name,
                          const std::function<void(std::ostream&)>& write) {
  const int failure = Stream(fd, write);
  if (failure != 0) return FromErrno("cannot write " + name, failure);
  return Ok();
}

}  // namespace landwaiter
