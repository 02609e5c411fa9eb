// pax extended headers: POSIX.1-2017 pax, "pax Extended Header", and GNU's sparse formats 0.0, 0.1
// and 1.0 (GNU tar manual, "Storing Sparse Files").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "scanner/layer/tar_header.h"

namespace landwaiter::layer {

/// The records that matter to a reader of names and bytes; the others are checked for form alone.
struct PaxRecords {
  std::optional<std::string> path;
  std::optional<std::string> link_path;
  std::optional<std::uint64_t> size;
  std::optional<std::uint64_t> uid;
  std::optional<std::uint64_t> gid;
  bool capabilities = false;  // SCHILY.xattr.security.capability, as Go and GNU tar write it
  // GNU.sparse.*
  std::optional<std::string> sparse_name;
  std::optional<std::uint64_t> sparse_size;
  int sparse_major = -1;
  int sparse_minor = -1;
  bool sparse_map = false;  // one was given, in `pieces`
  std::vector<SparsePiece> pieces;

  bool IsSparse() const { return sparse_major == 1 || sparse_map || sparse_size.has_value(); }
};

/// Records "LENGTH KEY=VALUE\n". An empty value takes the record back, as POSIX says. Names are
/// bytes, whatever hdrcharset says.
/// Errors: DataLoss reason MalformedImage; ResourceExhausted reason TooLarge (pieces).
Result<PaxRecords> ParsePax(std::string_view bytes, std::size_t max_pieces);

/// Decimal digits alone, up to 2^63-1.
std::optional<std::uint64_t> ParseDecimal(std::string_view digits);

}  // namespace landwaiter::layer
