// One package's header as rpm keeps it in its database (rpm, "RPM V4 Package format", Header
// Structure; without the eight bytes of magic): two counts, an index of (tag, type, offset, count),
// the data; numbers are big endian. Inside this room only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "model/inventory.h"
#include "scanner/packages/source.h"

namespace landwaiter::packages {

/// The longest known file list, that of openSUSE's kernel-source with some 90,000 files, makes a
/// header of 12 MB; rpm itself stops at 256 MB.
inline constexpr std::size_t kMaxRpmHeaderBytes = 32u << 20;

/// Where the values of a tag stand.
struct RpmTagValue {
  std::uint32_t type = 0;
  std::uint32_t offset = 0;  // into RpmHeader::data
  std::uint32_t count = 0;   // 0: the header has no such tag
};

/// Views into the blob that it was parsed from; texts of absent tags are empty.
struct RpmHeader {
  std::string_view name;
  std::string_view version;
  std::string_view release;
  std::string_view architecture;
  std::string_view source_rpm;  // "bash-5.1.8-6.el9.src.rpm"
  std::string_view vendor;
  std::string_view license;
  std::string_view modularity_label;  // "nodejs:12:8020020200326104117:4cda2c84"
  std::optional<std::uint32_t> epoch;

  std::string_view data;
  RpmTagValue old_file_names;  // rpm 3: whole paths
  RpmTagValue file_modes;
  RpmTagValue dir_indexes;
  RpmTagValue base_names;
  RpmTagValue dir_names;
  RpmTagValue file_digests;
  RpmTagValue file_flags;
  RpmTagValue file_states;
  RpmTagValue verify_flags;
  std::uint32_t digest_algorithm = 1;  // RFC 9580, section 9.5; MD5 where nothing is said
};

/// Errors: DataLoss where counts, offsets or types of what is asked for lie.
Result<RpmHeader> ParseRpmHeader(std::string_view blob);

/// Calls `each` with the absolute path of every regular file, until it returns false.
/// Errors: DataLoss where the lists of names do not fit each other.
Status ForEachRpmFile(const RpmHeader& header,
                      const std::function<bool(std::string_view path)>& each);

/// Calls `each` with what the header records of every regular file that rpm has put in place, until
/// it returns false: not of ghosts, nor of files left out when the package was installed (rpm's
/// %_excludedocs, %_install_langs). Errors: DataLoss where the lists do not fit each other.
Status ForEachRpmRecord(const RpmHeader& header,
                        const std::function<bool(FileRecord record)>& each);

/// Name, version "epoch:version-release" as rpm writes it (no epoch where none is recorded),
/// architecture, licence, vendor, module "name:stream"; source package from SOURCERPM with the
/// package's own epoch, for SOURCERPM has none. Where that names no source package ("(none)",
/// packages of other builders), the package counts as its own source.
Package MakeRpmPackage(const RpmHeader& header);

}  // namespace landwaiter::packages
