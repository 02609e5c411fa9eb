// The files of a feed: an archive of any kind that libarchive reads as zip or tar (gzip, zstd, xz,
// bzip2 or plain), a folder, or one file, compressed or not. Streams: a member comes in pieces, and
// one piece is in memory at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "lib/base/digest.h"
#include "lib/base/result.h"

namespace landwaiter::advisories {

/// All of osv.dev has some 700,000 records.
inline constexpr std::uint64_t kMaxMembers = 10'000'000;
/// All of osv.dev has some 6 GB; an archive that inflates to more is a bomb.
inline constexpr std::uint64_t kMaxInflatedBytes = std::uint64_t{64} << 30;
/// A piece has at most this many bytes: most records fit in one.
inline constexpr std::size_t kPieceBytes = 1u << 20;

/// A part of a member. Most members are one piece, first and last at once.
struct Piece {
  std::string name;  // path within the archive or folder, without the suffix of a compression
  std::string bytes;
  bool first = true;
  bool last = true;
};

/// Which members are wanted.
struct MemberFilter {
  std::span<const std::string_view> suffixes;  // of their names (".json")
  std::size_t max_member_bytes = 0;            // a larger one is an error
};

class MemberReader {
 public:
  /// A folder gives its files with a wanted suffix, also where a compression's stands behind it
  /// ("a.json.gz"); a file with such a name is the one member; anything else is an archive.
  /// Errors: NotFound, PermissionDenied, InvalidArgument for a file that is no archive.
  static Result<std::unique_ptr<MemberReader>> Open(const std::string& path, MemberFilter filter);
  virtual ~MemberReader() = default;

  /// The next piece of a wanted member; false at the end. Folders come in the order of their
  /// names. Errors: DataLoss where an archive breaks off, ResourceExhausted above a limit.
  virtual Result<bool> Next(Piece* piece) = 0;
  /// Of the archive's bytes; of all names and contents for a folder. Whole only after the end.
  virtual Digest ContentDigest() = 0;
};

}  // namespace landwaiter::advisories
