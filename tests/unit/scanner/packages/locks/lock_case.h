// A row of the tables of lock files: what a format's reader takes from a text.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/text.h"
#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {

struct LockCase {
  const char* name;
  const char* source;
  const char* path;
  std::string text;
  std::vector<std::string> packages;  // "name version", " dev" behind it
  std::uint64_t left_out = 0;
};

inline std::vector<std::string> Declared(const FileReading& reading) {
  std::vector<std::string> lines;
  for (const Package& package : reading.packages) {
    lines.push_back(package.name + " " + package.version + (package.dev ? " dev" : ""));
  }
  return lines;
}

/// What `source` makes of files that stand beside each other, in path order: those that it wants by
/// their names, and those that it then asks for.
inline std::vector<FileReading> ReadTogether(std::string_view source,
                                             const std::map<std::string, std::string>& files) {
  std::set<std::string> shown;
  for (const auto& [path, text] : files) {
    if (WantedBy(path) == source) shown.insert(path);
  }
  for (;;) {
    std::vector<FileReading> readings;
    for (const std::string& path : shown) readings.push_back(Read(source, path, files.at(path)));
    const std::vector<AskedFile> asked = CombineReadings(AllSources(), readings);
    bool more = false;
    for (const AskedFile& file : asked) {
      EXPECT_EQ(file.source, source);
      more |= files.contains(file.path) && shown.insert(file.path).second;
    }
    if (!more) return readings;
  }
}

/// A row of the tables of files that name each other.
struct TogetherCase {
  const char* name;
  std::map<std::string, std::string> files;
  std::vector<std::string> packages;  // "path: name version"
  std::uint64_t left_out = 0;
  std::string faults = {};  // reasons of those that failed, joined by " | "
  std::string notes = {};   // of the others
};

inline void ExpectTogether(std::string_view source, const TogetherCase& c) {
  std::vector<std::string> lines;
  std::vector<std::string> faults;
  std::vector<std::string> notes;
  std::uint64_t left_out = 0;
  for (const FileReading& reading : ReadTogether(source, c.files)) {
    for (const std::string& package : Declared(reading)) {
      lines.push_back(reading.path + ": " + package);
    }
    for (const Package& package : reading.packages) EXPECT_EQ(package.path, reading.path);
    const bool failed = reading.state == ReadingState::kFailed;
    if (!reading.reason.empty()) (failed ? faults : notes).push_back(reading.reason);
    left_out += reading.left_out;
  }
  EXPECT_THAT(lines, testing::ElementsAreArray(c.packages));
  EXPECT_EQ(text::Join(faults, " | "), c.faults);
  EXPECT_EQ(text::Join(notes, " | "), c.notes);
  EXPECT_EQ(left_out, c.left_out);
}

class LockTest : public testing::TestWithParam<LockCase> {};

inline std::string LockCaseName(const testing::TestParamInfo<LockCase>& info) {
  return info.param.name;
}

}  // namespace landwaiter::packages
