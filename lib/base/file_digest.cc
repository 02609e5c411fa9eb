#include "lib/base/file_digest.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "lib/base/file.h"

namespace landwaiter {

Result<FileDigest> DigestOfFile(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return NotFound("cannot open " + path + ": " + std::strerror(errno));
  Sha256 sha;
  FileDigest found;
  std::vector<char> buffer(1u << 20);
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Internal("cannot read " + path + ": " + std::strerror(errno));
    if (got == 0) break;
    found.size += static_cast<std::uint64_t>(got);
    sha.Update(buffer.data(), static_cast<std::size_t>(got));
  }
  found.digest = sha.Finish();
  return found;
}

}  // namespace landwaiter
