// Where the members of a tar on a file descriptor lie, so that they can be read with pread in any
// order. POSIX ustar with PAX path, linkpath and size records (pax(1)), GNU long names and base-256
// numbers. Checksums are verified. Not handled, by name: sparse members and several volumes.
// Included by this room's sources, its tests and its fuzz target.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"

namespace landwaiter::image {

struct TarMember {
  enum class Kind { kFile, kSymbolicLink, kHardLink, kOther };
  Kind kind = Kind::kFile;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::string link_target = {};
};

class TarIndex {
 public:
  /// Errors: InvalidArgument reason MalformedImage (no tar, breaks off, bad name or header, each
  /// with its byte), ResourceExhausted reason TooLarge (kMaxArchiveEntries), Unavailable for a read
  /// that fails.
  static Result<TarIndex> Build(int fd, const Cancellation& cancel);

  bool Has(std::string_view path) const { return members_.find(path) != members_.end(); }
  /// The file at a path, links followed inside the archive, kMaxLinkDepth deep.
  /// Errors: InvalidArgument reason MalformedImage: missing, no file, a loop, out of the archive.
  Result<TarMember> Find(std::string_view path) const;
  std::size_t size() const { return members_.size(); }

 private:
  friend class TarIndexBuilder;
  std::map<std::string, TarMember, std::less<>> members_;  // of one name the last, as tar does
};

/// pread until `size` bytes are there or the file ends; the count. Errors: Unavailable.
Result<std::size_t> ReadAt(int fd, std::uint64_t offset, char* buffer, std::size_t size);

}  // namespace landwaiter::image
