// What must hold of the reading of any bytes whatever; used by the fuzz targets of package sources.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scanner/packages/source.h"

namespace landwaiter::packages {

inline void Require(bool holds) {
  if (!holds) std::abort();
}

inline void RequireText(std::string_view text) {
  for (const char c : text) Require(c > 0x20 && c < 0x7f);
}

inline void CheckReading(const FileReading& reading, std::string_view source,
                         std::string_view path) {
  Require(reading.source == source && reading.path == path);
  const bool faulty =
      reading.state == ReadingState::kFailed || reading.state == ReadingState::kUnsupported;
  Require(!faulty || !reading.reason.empty());
  Require(reading.state != ReadingState::kNotOurs || reading.reason.empty());
  Require(reading.state != ReadingState::kNotOurs || reading.packages.empty());
  for (const Package& package : reading.packages) {
    Require(!package.name.empty() && !package.version.empty() && !package.source_name.empty());
    RequireText(package.name);
    RequireText(package.version);
    RequireText(package.source_version);
    Require(package.path == path && package.found_by == source);
  }
  for (const FileRecord& record : reading.records) {
    Require(!record.path.empty() && record.path.size() <= 4096 && !record.path.starts_with('/'));
    RequireText(record.package);
    Require(!record.package.empty() && record.package.size() <= 512);
    const std::size_t bytes = record.kind == RecordKind::kMd5      ? 16
                              : record.kind == RecordKind::kSha1   ? 20
                              : record.kind == RecordKind::kSha256 ? 32
                                                                   : 0;
    Require(record.digest.size() == bytes);
  }
  for (const std::string& set : reading.content_sets) {
    Require(!set.empty());
    RequireText(set);
  }
}

/// Parses `bytes` as the content of a file at `path`.
inline void FuzzContent(std::string_view source, std::string_view path, const std::uint8_t* data,
                        std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const PackageSource& row : AllSources()) {
    if (row.name != source) continue;
    const FileFacts facts{.path = path, .mode = 0644, .size = size};
    CheckReading(row.parse(facts, {.bytes = bytes}), source, path);
    CheckReading(row.parse(facts, {.bytes = bytes, .records = true}), source, path);
  }
}

}  // namespace landwaiter::packages
