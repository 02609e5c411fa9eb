// Two databases: the one in place, and the one that is carried.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "lib/base/file.h"
#include "scanner/advisories/database_archive.h"
#include "scanner/advisories/database_signature.h"
#include "tests/unit/scanner/advisories/feed_folder.h"
#include "tests/unit/scanner/advisories/signing_keys.h"

namespace landwaiter::advisories {

inline constexpr std::size_t kAnySize = 64u << 20;

inline std::string Bytes(const std::string& path) {
  auto bytes = ReadFile(path, kAnySize);
  return bytes ? *bytes : "";
}

inline std::vector<std::string> NamesIn(const std::string& dir) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(dir)) {
    const std::string name = entry.path().filename().string();
    if (name != ".lock") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

struct Member {
  std::string name;
  std::string bytes;
  unsigned type = AE_IFREG;
  std::string link = {};
};

/// An archive of any members, as a liar writes it.
inline std::string WriteArchive(const std::string& path, const std::vector<Member>& members) {
  archive* const out = archive_write_new();
  archive_write_add_filter_zstd(out);
  archive_write_set_format_pax_restricted(out);
  archive_write_open_filename(out, path.c_str());
  for (const Member& member : members) {
    archive_entry* const entry = archive_entry_new();
    archive_entry_set_pathname(entry, member.name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(member.bytes.size()));
    archive_entry_set_filetype(entry, member.type);
    if (member.type == AE_IFLNK) archive_entry_set_symlink(entry, member.link.c_str());
    if (member.type == AE_IFREG && !member.link.empty()) {
      archive_entry_set_hardlink(entry, member.link.c_str());
    }
    archive_entry_set_perm(entry, 0644);
    archive_write_header(out, entry);
    archive_write_data(out, member.bytes.data(), member.bytes.size());
    archive_entry_free(entry);
  }
  archive_write_close(out);
  archive_write_free(out);
  return path;
}

/// Two databases: the one in place in "db", the one that is carried in "new".
class DatabaseArchiveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Build("db", "minimist");
    Build("new", "lodash");
    old_ = ReadManifest(folder_.Path("db"))->bytes;
    const auto manifest = ReadManifest(folder_.Path("new"));
    manifest_ = manifest->bytes;
    info_ = manifest->info;
    database_ = Bytes(folder_.Path("new/" + info_.file));
  }
  void Build(const std::string& name, const std::string& package) {
    BuildOptions options =
        BuildFrom(folder_, {OsvRecord("GHSA-1", "npm", package).Introduced("0")});
    options.output = folder_.Path(name);
    options.now = *ParseTime("2026-01-01T00:00:00Z");
    const auto built = BuildDatabase(options, {});
    ASSERT_TRUE(built) << built.error().message;
  }
  Result<ExportedDatabase> Export(const SigningKey* key = nullptr) {
    return ExportDatabase(folder_.Path("new"), folder_.Path("a.tar.zst"), key, {});
  }
  Result<DatabaseInfo> Import(const std::string& archive, const std::string& signature = "",
                              std::vector<VerifyingKey> keys = {}) {
    return ImportDatabase({archive, folder_.Path("db"), signature, std::move(keys)}, {});
  }
  /// The old database answers, and nothing else is left in its folder.
  void ExpectOldInPlace(const std::string& name) {
    EXPECT_EQ(Bytes(folder_.Path("db/manifest.json")), old_) << name;
    EXPECT_TRUE(AdvisoryDatabase::Verify(folder_.Path("db"))) << name;
    EXPECT_EQ(NamesIn(folder_.Path("db")).size(), 2u) << name;
  }
  std::string ManifestWith(const std::function<void(DatabaseInfo*)>& change) {
    DatabaseInfo info = info_;
    change(&info);
    return ToJson(info);
  }

  TemporaryFolder folder_;
  std::string old_, manifest_, database_;
  DatabaseInfo info_;
};

}  // namespace landwaiter::advisories
