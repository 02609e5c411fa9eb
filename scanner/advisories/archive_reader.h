// The JSON members of a feed: an archive of any kind that libarchive reads as zip or tar (gzip,
// zstd, xz, bzip2 or plain), a folder, or one .json file. Streams: one member in memory at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "lib/base/digest.h"
#include "lib/base/result.h"

namespace landwaiter::advisories {

/// All of osv.dev has some 700,000 records.
inline constexpr std::uint64_t kMaxMembers = 10'000'000;
/// All of osv.dev has some 6 GB; an archive that inflates to more is a bomb.
inline constexpr std::uint64_t kMaxInflatedBytes = std::uint64_t{64} << 30;

struct Member {
  std::string name;  // path within the archive or folder
  std::string bytes;
};

class MemberReader {
 public:
  /// `max_member_bytes`: a larger .json member is an error. Errors: NotFound, PermissionDenied,
  /// InvalidArgument for a file that is no archive.
  static Result<std::unique_ptr<MemberReader>> Open(const std::string& path,
                                                    std::size_t max_member_bytes);
  virtual ~MemberReader() = default;

  /// The next member whose name ends in ".json"; false at the end. Folders come in the order of
  /// their names. Errors: DataLoss where the archive breaks off, ResourceExhausted above a limit.
  virtual Result<bool> Next(Member* member) = 0;
  /// Of the archive's bytes; of all names and contents for a folder. Whole only after the end.
  virtual Digest ContentDigest() = 0;
};

}  // namespace landwaiter::advisories
