// The packages of an rpm database, whatever its back end: every back end hands over the header
// blobs of its rows. Inside this room only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/packages/source.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {

inline constexpr std::string_view kRpmSource = "rpm";
/// The name under which rpm keeps public keys among the packages.
inline constexpr std::string_view kRpmPublicKey = "gpg-pubkey";

/// What became of one row.
struct RpmRow {
  enum class Kind : std::uint8_t {
    kPackage,
    kIgnored,  // a public key, which rpm keeps in the shape of a package
    kBroken,   // `fault` says why
  };
  Kind kind = Kind::kIgnored;
  std::uint32_t package = 0;      // index into FileReading::packages
  std::uint32_t owned_first = 0;  // and into FileReading::owned
  std::uint32_t owned_count = 0;
  std::uint32_t records_first = 0;  // and into FileReading::records
  std::uint32_t records_count = 0;
  std::string fault = {};
  friend bool operator==(const RpmRow&, const RpmRow&) = default;
};

class RpmRecords {
 public:
  /// `files`: FileReading::records is wanted.
  RpmRecords(std::string_view path, bool files = false)
      : out_(kRpmSource, path, ReadingKind::kDatabase), files_(files) {}

  /// The row numbered `number` in messages. One that cannot be read fails the reading and leaves
  /// the others as they are.
  RpmRow Add(std::uint64_t number, std::string_view header);
  /// A row whose header could not be got at.
  RpmRow AddBroken(std::uint64_t number, std::string_view fault);
  void Fail(std::string_view what) { out_.Fail(what); }
  /// More rows would not be taken.
  bool full() const { return rows_ >= kMaxPackagesPerFile; }
  FileReading Take() { return out_.Take(); }

 private:
  ReadingBuilder out_;
  const bool files_;
  std::size_t rows_ = 0;
};

// The back ends. Each hands every row to `out` and reports there what it cannot read; none holds
// more than one header, and none reads a byte of the file much more than once.

/// "RpmP": Packages.db.
bool IsRpmNdb(std::string_view head);
void ReadRpmNdb(RandomAccessFile& file, RpmRecords& out);
/// A hash of Berkeley DB: Packages.
bool IsRpmBdb(std::string_view head);
void ReadRpmBdb(RandomAccessFile& file, RpmRecords& out);

/// The list that takes a database's place in images without rpm.
FileReading ReadRpmManifest(std::string_view path, RandomAccessFile& file);

}  // namespace landwaiter::packages
