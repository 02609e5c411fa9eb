#include "scanner/layer/scratch.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace landwaiter::layer {
namespace {

class ScratchTest : public testing::Test {
 protected:
  ScratchTest() {
    FILE* const file = std::tmpfile();
    file_ = FileDescriptor(dup(fileno(file)));
    std::fclose(file);
  }
  std::uint64_t Bytes() const {
    struct stat facts {};
    EXPECT_EQ(fstat(file_.get(), &facts), 0);
    return static_cast<std::uint64_t>(facts.st_size);
  }
  static std::string ReadAll(ScratchFile& scratch, std::uint64_t offset = 0) {
    std::string bytes(64, '\0');
    const auto count = scratch.ReadAt(offset, bytes.data(), bytes.size());
    EXPECT_TRUE(count.has_value());
    bytes.resize(count ? *count : 0);
    return bytes;
  }

  FileDescriptor file_;
};

TEST_F(ScratchTest, WhatWasCutOffIsNeverReadAgain) {
  ScratchFile scratch(file_.get(), 1 << 20);
  ASSERT_TRUE(scratch.Append("a secret of the first file"));
  ASSERT_TRUE(scratch.Truncate(0));
  EXPECT_EQ(ReadAll(scratch), "");
  ASSERT_TRUE(scratch.Append("short"));
  EXPECT_EQ(ReadAll(scratch), "short");
  EXPECT_EQ(ReadAll(scratch, 2), "ort");
  EXPECT_EQ(ReadAll(scratch, 5), "");
  ASSERT_TRUE(scratch.Truncate(2));
  ASSERT_TRUE(scratch.Append("ip"));
  EXPECT_EQ(ReadAll(scratch), "ship");
}

TEST_F(ScratchTest, TheSpaceOfALargeFileIsGivenBack) {
  ScratchFile scratch(file_.get(), 64 << 20);
  const std::string piece(1 << 20, 'x');
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(scratch.Append(piece));
  ASSERT_TRUE(scratch.Truncate(30 << 20));
  EXPECT_EQ(Bytes(), 40u << 20) << "what still stands is not touched";
  ASSERT_TRUE(scratch.Truncate(0));
  EXPECT_EQ(Bytes(), 16u << 20);
  for (int i = 0; i < 17; ++i) ASSERT_TRUE(scratch.Append(piece));
  EXPECT_EQ(ReadAll(scratch, (17 << 20) - 3), "xxx");
}

TEST_F(ScratchTest, NoMoreThanItsCapacityIsHeldAtATime) {
  ScratchFile scratch(-1, 8);
  ASSERT_TRUE(scratch.Append("12345678"));
  EXPECT_FALSE(scratch.Append("9"));
  ASSERT_TRUE(scratch.Truncate(7));
  EXPECT_TRUE(scratch.Append("9"));
  EXPECT_EQ(ReadAll(scratch), "12345679");
}

}  // namespace
}  // namespace landwaiter::layer
