// Values of the advisory database: lengths and numbers as LEB128, strings by length, behind a
// checksum, so that a value whose bytes have rotted is an error and never a shorter list.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "scanner/advisories/advisory.h"

namespace landwaiter::advisories {

std::string Encode(const Affected& affected);  // without `advisory`: that is in the key
std::string Encode(const Advisory& advisory);  // without `id`: that is the key
std::string Encode(const CveFacts& facts);

/// Errors: DataLoss for a value that breaks off, has bytes left over, a number out of its range or
/// another checksum.
Result<Affected> DecodeAffected(std::string_view value);
Result<Advisory> DecodeAdvisory(std::string_view value);
Result<CveFacts> DecodeCveFacts(std::string_view value);

/// One record on its way through the builder's scratch file.
struct StagedPackage {
  std::string ecosystem;
  std::string package;
  Affected affected;
};
struct StagedRecord {
  Advisory advisory;
  bool withdrawn = false;
  std::vector<StagedPackage> packages;
};
std::string Encode(const StagedRecord& record);
Result<StagedRecord> DecodeStagedRecord(std::string_view value);

}  // namespace landwaiter::advisories
