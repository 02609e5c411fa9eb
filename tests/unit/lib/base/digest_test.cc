#include "lib/base/digest.h"

#include <gtest/gtest.h>

namespace landwaiter {
namespace {

TEST(Digest, OfNothingIsTheKnownOne) {
  EXPECT_EQ(Sha256::Of("").ToString(),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Digest, ParsesOnlyKnownAlgorithmsAndLowerCaseHex) {
  const std::string hex(64, 'a');
  EXPECT_TRUE(Digest::Parse("sha256:" + hex));
  EXPECT_TRUE(Digest::Parse("sha512:" + hex + hex));
  EXPECT_FALSE(Digest::Parse("sha256:" + hex + "a"));
  EXPECT_FALSE(Digest::Parse("sha256:" + std::string(64, 'A')));
  EXPECT_FALSE(Digest::Parse("md5:" + std::string(32, 'a')));
  EXPECT_FALSE(Digest::Parse(hex));
  EXPECT_FALSE(Digest::Parse(""));
}

TEST(Sha256, StartsAnewAfterFinish) {
  Sha256 hash;
  hash.Update("abc");
  const Digest first = hash.Finish();
  hash.Update("a");
  hash.Update("bc");
  EXPECT_EQ(hash.Finish(), first);
}

}  // namespace
}  // namespace landwaiter
