// What is kept of an rpmdb.sqlite and of its write-ahead log beside their packages, so that the two
// can be put together when it is known which of them the image has: they may stand in different
// layers, and each layer is read on its own. Inside this room only.
//
// Kept are the pages of the tables' trees without their payloads: which page has which children,
// which rows, and for each row the pages that its payload stands on. That is a thousandth of the
// database.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/packages/rpm_records.h"

namespace landwaiter::packages {

/// Pages of trees, and their children: a database of kMaxPackagesPerFile rows has a tenth.
inline constexpr std::size_t kMaxKeptPages = 1u << 17;

struct KeptCell {
  static constexpr std::uint32_t kElsewhere = 0xffffffff;

  std::uint64_t payload_bytes = 0;
  std::uint64_t local_hash = 0;  // of the payload's part on the leaf
  std::uint32_t overflow = 0;    // the page where the payload goes on, 0 for none
  /// Index into KeptPages::rows. kElsewhere: the payload goes on outside of this file.
  std::uint32_t row = kElsewhere;
  std::vector<std::uint32_t> chain = {};  // the overflow pages, as far as this file has them
  friend bool operator==(const KeptCell&, const KeptCell&) = default;
};

struct KeptPage {
  enum class Kind : std::uint8_t {
    kInterior,
    kSchema,  // a leaf of the table of tables
    kRows,    // a leaf whose rows could be packages; also one without rows
  };
  Kind kind = Kind::kRows;
  std::uint32_t packages_root = 0;  // of kSchema: the root of table Packages, if it is here
  std::vector<std::uint32_t> children = {};  // of kInterior
  std::vector<KeptCell> cells = {};          // of kRows
  friend bool operator==(const KeptPage&, const KeptPage&) = default;
};

struct KeptPages {
  std::uint32_t page_bytes = 0;
  std::uint32_t reserved = 0;
  std::uint32_t page_count = 0;
  /// Of a log: all pages that it has, sorted; those of `pages` are among them.
  std::vector<std::uint32_t> numbers = {};
  std::map<std::uint32_t, KeptPage> pages = {};
  std::vector<RpmRow> rows = {};
  friend bool operator==(const KeptPages&, const KeptPages&) = default;
};

/// FileReading::residue and back; nullopt for what EncodeKept has not made.
std::string EncodeKept(const KeptPages& kept);
std::optional<KeptPages> DecodeKept(std::string_view residue);

}  // namespace landwaiter::packages
