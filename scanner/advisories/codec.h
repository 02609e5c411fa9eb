// Values of the advisory database: lengths and numbers as LEB128, strings by length, behind a
// checksum, so that a value whose bytes have rotted is an error and never a shorter list.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "scanner/advisories/advisory.h"
#include "scanner/advisories/plain_row.h"

namespace landwaiter::advisories {

/// All that is said of one package, by advisory id; ids are part of the value.
std::string Encode(const std::vector<Affected>& rows);
std::string Encode(const Advisory& advisory);    // without `id`: that is the key
std::string Encode(const CveFacts& facts);       // the CVE is the key
std::string Encode(const Lifecycle& lifecycle);  // product and release are the key
std::string EncodeTexts(const std::vector<std::string>& texts);

/// Errors: DataLoss for a value that breaks off, has bytes left over, a number out of its range or
/// another checksum.
/// Calls `take` with each row, which is good until it returns (it may be moved from). Rows that
/// came before a fault have been taken: whoever gets an error drops them. Errors: those of `take`,
/// too.
Status EachAffected(std::string_view value, const std::function<Status(Affected& row)>& take,
                    const PlainRowFilter& skip = {});
Result<std::vector<Affected>> DecodeAffected(std::string_view value);
Result<Advisory> DecodeAdvisory(std::string_view value);
Result<CveFacts> DecodeCveFacts(std::string_view value);
Result<Lifecycle> DecodeLifecycle(std::string_view value);
Result<std::vector<std::string>> DecodeTexts(std::string_view value);

/// One record on its way through the builder's scratch file.
struct StagedPackage {
  std::string ecosystem;
  std::string package;
  Affected affected;
};
/// A binary package of a release and a source package that it was built from, with its version.
struct BinaryOfSource {
  std::string ecosystem;
  std::string name;
  std::string source;
  friend bool operator==(const BinaryOfSource&, const BinaryOfSource&) = default;
};
struct StagedRecord {
  Advisory advisory;
  bool withdrawn = false;
  /// Feeds that are not ordered by vulnerability say what they know of one id in parts (a file, a
  /// package); parts are put together, where whole records ("") replace each other. What a part
  /// says of a package goes before what the whole record says.
  std::string part = {};
  bool adds = false;  // this part leaves what the whole record says of the same packages
  std::vector<StagedPackage> packages;
  /// Said besides, whatever becomes of the record: not part of its bytes.
  std::vector<BinaryOfSource> binaries = {};
};
std::string Encode(const StagedRecord& record);
Result<StagedRecord> DecodeStagedRecord(std::string_view value);

}  // namespace landwaiter::advisories
