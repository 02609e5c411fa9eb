#include "scanner/layer/scratch.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "model/scan_request.h"
#include "scanner/layer/limits.h"

namespace landwaiter::layer {
namespace {

// Most programs and archives of real images are smaller.
constexpr std::uint64_t kKeptBytes = 16u << 20;

Error ScratchError(const char* what) {
  const int code = errno;
  std::string message = std::string("scratch file cannot be ") + what + ": " + strerror(code);
  if (code == ENOSPC || code == EDQUOT || code == EFBIG) {
    return ResourceExhausted(std::move(message)).WithReason(scan_reason::kScannerFailed);
  }
  return Internal(std::move(message)).WithReason(scan_reason::kScannerFailed);
}

}  // namespace

Status ScratchFile::Truncate(std::uint64_t size) {
  if (size >= size_) return Ok();
  size_ = size;
  // The file keeps its pages, which the next file is written over: giving them back and taking new
  // ones cost more than the writing. Only a large file's are given back.
  if (written_ <= kKeptBytes || size > kKeptBytes) return Ok();
  if (ftruncate(fd_, static_cast<off_t>(kKeptBytes)) != 0) return ScratchError("cut");
  written_ = kKeptBytes;
  return Ok();
}

Status ScratchFile::Append(std::string_view bytes) {
  if (bytes.size() > capacity_ - size_) {
    return TooLarge("what is spooled of one file", capacity_, "bytes");
  }
  if (fd_ < 0) {
    own_ = FileDescriptor(memfd_create("landwaiter-scratch", MFD_CLOEXEC));
    if (!own_) return ScratchError("made");
    fd_ = own_.get();
  }
  while (!bytes.empty()) {
    const ssize_t count = pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return ScratchError("written");
    size_ += static_cast<std::uint64_t>(count);
    written_ = std::max(written_, size_);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return Ok();
}

Result<std::size_t> ScratchFile::ReadAt(std::uint64_t offset, char* buffer, std::size_t count) {
  if (offset >= size_) return std::size_t{0};
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(count, size_ - offset));
  std::size_t have = 0;
  while (have < wanted) {
    const ssize_t got = pread(fd_, buffer + have, wanted - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ScratchError("read");
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  return have;
}

}  // namespace landwaiter::layer
