// Feeds as archives, and a build from one.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include "lib/base/file.h"
#include "scanner/advisories/archive_reader.h"
#include "scanner/advisories/builder.h"
#include "scanner/advisories/feed.h"
#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::advisories {

inline constexpr std::size_t kAnySize = 64u << 20;

inline OsvRecord Minimist(const std::string& id = "GHSA-1") {
  return OsvRecord(id, "npm", "minimist").Introduced("0").Fixed("1.2.6");
}

inline std::string Bytes(const std::string& path) {
  auto bytes = ReadFile(path, kAnySize);
  EXPECT_TRUE(bytes.has_value()) << path;
  return bytes ? *bytes : "";
}

/// Writes records as an archive; the format follows from the name.
inline std::string WriteArchive(const TemporaryFolder& folder, const std::string& name,
                                const std::vector<OsvRecord>& records) {
  archive* const out = archive_write_new();
  if (name.ends_with(".zip")) {
    archive_write_set_format_zip(out);
  } else {
    archive_write_set_format_pax_restricted(out);
  }
  if (name.ends_with(".gz")) archive_write_add_filter_gzip(out);
  if (name.ends_with(".zst")) archive_write_add_filter_zstd(out);
  const std::string path = folder.Path(name);
  EXPECT_EQ(archive_write_open_filename(out, path.c_str()), ARCHIVE_OK);
  for (const OsvRecord& record : records) {
    const std::string json = record.Json();
    archive_entry* const entry = archive_entry_new();
    archive_entry_set_pathname(entry, ("folder/" + FileNameOf(record)).c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(json.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_write_header(out, entry);
    archive_write_data(out, json.data(), json.size());
    archive_entry_free(entry);
  }
  archive_write_close(out);
  archive_write_free(out);
  return path;
}

inline Result<DatabaseInfo> BuildFeed(const TemporaryFolder& folder, const std::string& path,
                                      bool keep_going = false) {
  BuildOptions options;
  options.feeds = {{"osv", path}};
  options.output = folder.Path("db");
  options.keep_going = keep_going;
  return BuildDatabase(options, {});
}

}  // namespace landwaiter::advisories
