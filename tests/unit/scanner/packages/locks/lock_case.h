// A row of the tables of lock files: what a format's reader takes from a text.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

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

class LockTest : public testing::TestWithParam<LockCase> {};

inline std::string LockCaseName(const testing::TestParamInfo<LockCase>& info) {
  return info.param.name;
}

}  // namespace landwaiter::packages
