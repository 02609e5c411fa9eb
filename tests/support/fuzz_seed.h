// Seeds of fuzz targets that only the program itself can write: forms with a version in front, of
// which a fuzzer finds no second byte by itself. A seed of an older form is refused at once, and
// its target tests nothing from then on; so a unit test holds each against what is written today.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace landwaiter::fuzzing {

/// `seed`: "TARGET_fuzz/NAME" below tests/fuzz/corpus. With LANDWAITER_WRITE_SEEDS set it is
/// written and not compared.
inline void ExpectSeed(const std::string& seed, std::string_view bytes) {
  const std::string path = "tests/fuzz/corpus/" + seed;
  if (std::getenv("LANDWAITER_WRITE_SEEDS") != nullptr) {
    std::ofstream out(path, std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    ASSERT_TRUE(out.good()) << path << " cannot be written";
    return;
  }
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file.good()) << path << " cannot be read: run from the repository's root";
  const std::string there{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(there == bytes) << path << " is not what is written today (" << there.size()
                              << " and " << bytes.size()
                              << " bytes); run this test with LANDWAITER_WRITE_SEEDS=1";
}

}  // namespace landwaiter::fuzzing
