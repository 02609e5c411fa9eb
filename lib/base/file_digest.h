// The SHA-256 and size of a file, read in pieces.
#pragma once

#include <cstdint>
#include <string>

#include "lib/base/digest.h"
#include "lib/base/result.h"

namespace landwaiter {

struct FileDigest {
  Digest digest;
  std::uint64_t size = 0;  // bytes
};

/// Errors: NotFound where it cannot be opened, Internal for a read that fails; each names the path.
Result<FileDigest> DigestOfFile(const std::string& path);

}  // namespace landwaiter
