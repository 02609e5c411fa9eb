// Versions in the bytes of a program, and what stands around them. A program compiled from source
// leaves no record of what it is, but nearly all print their version, so that it stands somewhere
// in their data. The search goes from dot to dot (a number before, a number behind), which is as
// fast as memchr, and compares what is around each with the patterns of one table row: linear in
// the file, whatever is in it. Inside this room only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "lib/base/result.h"
#include "scanner/packages/source.h"

namespace landwaiter::packages {

/// What may follow a version's numbers and is part of it; the longest that the pattern allows.
enum class VersionSuffix {
  kNone,
  kLetter,      // "1.1.1w", "1.3.8a"
  kPrerelease,  // "3.13.0rc1", "16.0beta2", "2.1.0-rc.1", "2.7.7p221", "2.9-dev3"
  kBuild,       // "17.0.9+9-LTS", "1.8.0_392-b08", "7.1.1-15": all of [0-9A-Za-z.+_-]
};

/// A version as it stands in a file.
struct VersionSpot {
  std::string_view before;   // what is before it, to kMaxContextBytes or the file's beginning
  std::string_view numbers;  // "1.25.3": 2 to 5 numbers
  std::string_view after;    // what is behind it, to kMaxContextBytes or the file's end
  bool first_bytes = false;  // `before` is all of the file that is before it
};

inline constexpr std::size_t kMaxContextBytes = 1024;

/// Calls `visit` with every version in the first `max_bytes` of the file, in order, until it
/// returns false. `piece` is called with every piece that is read, each overlapping the one before
/// it. Errors: what `file` reports.
Status ForEachVersion(RandomAccessFile& file, std::uint64_t max_bytes,
                      const std::function<void(std::string_view)>& piece,
                      const std::function<bool(const VersionSpot&)>& visit);

/// The version where `spot` fits the pattern: "BEFORE{}AFTER", literal bytes but for
///   %0  one or more NULs             %d  one or more digits
///   %_  one or more blanks           %w  letters and digits, any
///   %h  12 letters or digits: a container's host name
///   %^  the file's beginning         %*  up to 1,000 bytes, as few as possible (once, in AFTER)
///   %%  a percent sign
std::optional<std::string_view> MatchVersion(std::string_view pattern, VersionSuffix suffix,
                                             const VersionSpot& spot);

/// The first two numbers in a file name: "libpython3.11.so.1.0" has "3.11". "" where it has none.
std::string_view NumbersInName(std::string_view name);

}  // namespace landwaiter::packages
