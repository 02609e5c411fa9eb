// Reads one OSV record (https://ossf.github.io/osv-schema/, schema 1.7): the fields that matching
// needs, checked one by one. Hostile or broken records are errors that name the field.
// Not kept: GIT ranges (they need the repository), credits, details but for a title, imports and
// symbols (ecosystem_specific of Go: matching is by module).
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "lib/base/result.h"
#include "scanner/advisories/codec.h"
#include "scanner/advisories/limits.h"

namespace landwaiter::advisories {

/// The largest known record (a Linux kernel CVE with its lists of versions) has some 3 MB.
inline constexpr std::size_t kMaxRecordBytes = 16u << 20;
/// The schema nests 7 deep; database_specific may hold anything.
inline constexpr std::size_t kMaxRecordDepth = 64;
/// Packages of one record: a malware campaign or a distribution update names a few thousand.
inline constexpr std::size_t kMaxAffected = 20'000;

/// Holds the JSON parser's buffers; one per thread.
class OsvReader {
 public:
  OsvReader();
  ~OsvReader();
  OsvReader(const OsvReader&) = delete;
  OsvReader& operator=(const OsvReader&) = delete;

  /// A record without any package that can be matched comes back with no packages; a withdrawn one
  /// with `withdrawn` set. Errors: InvalidArgument naming the field ("affected[0].ranges[1].type"),
  /// ResourceExhausted above the limits.
  Result<StagedRecord> Read(std::string_view json);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace landwaiter::advisories
