#include "scanner/advisories/codec.h"

#include <gtest/gtest.h>

namespace landwaiter::advisories {
namespace {

StagedRecord Example() {
  StagedRecord record;
  record.advisory.id = "GHSA-1";
  record.advisory.aliases = {"CVE-2021-1", "PYSEC-1"};
  record.advisory.upstream = {"CVE-2021-2"};
  record.advisory.severity = {Severity::kHigh, "CVSS_V3", 8.8, "CVSS:3.1/…"};
  record.advisory.title = "a title";
  record.advisory.url = "https://advisory.example/";
  record.advisory.published = "2022-01-01T00:00:00Z";
  record.advisory.modified = "2022-01-02T00:00:00Z";
  record.advisory.feed = "osv";
  StagedPackage package{"npm", "minimist", {}};
  package.affected.advisory = "GHSA-1";
  package.affected.ranges = {{{{EventKind::kIntroduced, "0"}, {EventKind::kFixed, "1.2.6"}}},
                             {{{EventKind::kLimit, "3"}, {EventKind::kLastAffected, "2"}}}};
  package.affected.versions = {"1.0.0", std::string(300, 'v')};
  package.affected.severity = {Severity::kNegligible, "word", 0.0, ""};
  package.affected.unfixed_state = FindingState::kEndOfLife;
  package.affected.module = "nodejs:14";
  record.packages = {package};
  return record;
}

TEST(CodecTest, WhatIsWrittenIsRead) {
  const StagedRecord record = Example();
  const auto staged = DecodeStagedRecord(Encode(record));
  ASSERT_TRUE(staged.has_value());
  EXPECT_EQ(staged->advisory, record.advisory);
  EXPECT_EQ(staged->packages[0].affected, record.packages[0].affected);
  auto advisory = DecodeAdvisory(Encode(record.advisory));
  ASSERT_TRUE(advisory.has_value());
  advisory->id = "GHSA-1";
  EXPECT_EQ(*advisory, record.advisory);
  auto affected = DecodeAffected(Encode(record.packages[0].affected));
  ASSERT_TRUE(affected.has_value());
  affected->advisory = "GHSA-1";
  EXPECT_EQ(*affected, record.packages[0].affected);
}

TEST(CodecTest, EveryTruncationIsAnError) {
  const std::string value = Encode(Example().packages[0].affected);
  for (std::size_t size = 0; size < value.size(); ++size) {
    const auto decoded = DecodeAffected(std::string_view(value).substr(0, size));
    ASSERT_FALSE(decoded.has_value()) << size;
    EXPECT_EQ(decoded.error().code, Code::kDataLoss);
  }
}

TEST(CodecTest, EveryFlippedBitIsAnError) {
  const std::string value = Encode(Example().packages[0].affected);
  for (std::size_t i = 0; i < value.size() * 8; ++i) {
    std::string flipped = value;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    EXPECT_FALSE(DecodeAffected(flipped).has_value()) << i;
  }
}

TEST(CodecTest, ALengthBeyondTheEndIsAnErrorAlsoBehindAFittingChecksum) {
  // No ranges, then one version of 3 bytes of which 2 are there; the checksum is of these bytes.
  const std::string value(
      "\x54\xe5\x07\xf2\x00\x01\x03"
      "ab",
      9);
  EXPECT_FALSE(DecodeAffected(value).has_value());
}

TEST(CodecTest, BytesLeftOverAreAnError) {
  EXPECT_FALSE(DecodeAffected(Encode(Example().advisory)).has_value());
  EXPECT_FALSE(DecodeAffected(Encode(Affected{}) + "x").has_value());
}

}  // namespace
}  // namespace landwaiter::advisories
