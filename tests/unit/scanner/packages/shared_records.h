// The collection of real package records, where it is on this machine.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/text.h"
#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {

namespace fs = std::filesystem;

inline std::string ReadAll(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

inline fs::path Collection() {
  const char* const root = std::getenv("LANDWAITER_TESTDATA");
  return fs::path(root != nullptr ? root : "../shared/testdata") / "packagedb";
}

/// Rows of an expected list: its columns, by file.
using ExpectedRows = std::map<std::string, std::vector<std::vector<std::string>>>;

class SharedRecordsTest : public testing::Test {
 protected:
  /// Unpacks one archive of the collection, once a test program; empty where it is not there.
  static fs::path Unpack(const std::string& archive) {
    // Under the process's number: two checkouts may run their tests side by side.
    struct Unpacked : std::map<std::string, fs::path> {
      ~Unpacked() {
        std::error_code ignored;
        for (const auto& [name, path] : *this) fs::remove_all(path, ignored);
      }
    };
    static Unpacked unpacked;
    const auto known = unpacked.find(archive);
    if (known != unpacked.end()) return known->second;
    const fs::path file = Collection() / archive;
    if (!fs::exists(file)) return {};
    const fs::path folder =
        fs::path(testing::TempDir()) / (archive + "." + std::to_string(getpid()));
    fs::remove_all(folder);
    fs::create_directories(folder);
    const std::string command =
        "tar --zstd -xf '" + file.string() + "' -C '" + folder.string() + "' 2>/dev/null";
    const bool whole = std::system(command.c_str()) == 0;
    if (!whole) fs::remove_all(folder);
    return unpacked[archive] = whole ? folder : fs::path();
  }

  static ExpectedRows Expected(const char* list, std::string_view type) {
    ExpectedRows rows;
    const std::string content = ReadAll(Collection() / list);
    for (const std::string_view line : text::Split(content, '\n')) {
      const auto columns = text::Split(line, '\t');
      if (columns.size() < 4 || columns[0] != type) continue;
      rows[std::string(columns[1])].emplace_back(columns.begin(), columns.end());
    }
    return rows;
  }
};

#define SKIP_WITHOUT(folder)                                              \
  if ((folder).empty()) {                                                 \
    GTEST_SKIP() << "the shared test data (LANDWAITER_TESTDATA, default " \
                    "../shared/testdata) or tar with zstd is missing";    \
  }

}  // namespace landwaiter::packages
