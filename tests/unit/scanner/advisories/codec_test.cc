#include "scanner/advisories/codec.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "scanner/advisories/value_bytes.h"

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
  package.affected.ranges[1].stream = "el9_2";
  package.affected.claim = Claim::kNotAffected;
  package.affected.architectures = {"aarch64", "x86_64"};
  package.affected.of_source = true;
  record.packages = {package};
  record.part = "a part";
  record.adds = true;
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
  auto affected = DecodeAffected(Encode(std::vector{record.packages[0].affected}));
  ASSERT_TRUE(affected.has_value());
  EXPECT_EQ(*affected, std::vector{record.packages[0].affected});
}

TEST(CodecTest, EachPartOfARowIsKeptByItself) {
  const auto with = [](auto change) {
    Affected row;
    row.advisory = "A";
    change(row);
    return row;
  };
  const std::vector<Affected> rows{
      with([](Affected&) {}),
      with([](Affected& row) { row.claim = Claim::kNotAffected; }),
      with([](Affected& row) { row.of_source = true; }),
      with([](Affected& row) { row.module = "a:1"; }),
      with([](Affected& row) { row.architectures = {"x86_64"}; }),
      with([](Affected& row) {
        row.severity = {Severity::kLow, "word", {}, {}};
      }),
      with([](Affected& row) { row.versions = {"1"}; }),
      with([](Affected& row) { row.unfixed_state = FindingState::kWillNotFix; }),
      with([](Affected& row) {
        row.ranges = {{{{EventKind::kIntroduced, "0"}}, "el9_2"}};
      }),
  };
  const auto read = DecodeAffected(Encode(rows));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, rows);
}

TEST(CodecTest, PlainRowsAreShownAndLeftOut) {
  const auto row = [](const std::string& id, std::vector<Event> events) {
    Affected affected;
    affected.advisory = id;
    affected.ranges = {{std::move(events)}};
    return affected;
  };
  const auto fixed = [&](const std::string& id, const std::string& version) {
    return row(id, {{EventKind::kIntroduced, "0"}, {EventKind::kFixed, version}});
  };
  std::vector<Affected> rows{fixed("plain", "1"), fixed("module", "2"), fixed("for some", "3"),
                             fixed("source", "4"), fixed("severe", "5")};
  rows[1].module = "a:1";
  rows[2].architectures = {"aarch64", "x86_64"};
  rows[3].of_source = true;
  rows[4].severity = {Severity::kLow, "word", 4.5, "vector"};
  rows[4].unfixed_state = FindingState::kEndOfLife;
  const std::size_t plain = rows.size();
  rows.push_back(row("no fix", {{EventKind::kIntroduced, "0"}}));
  rows.push_back(row("later", {{EventKind::kIntroduced, "1"}, {EventKind::kFixed, "2"}}));
  rows.push_back(row("last", {{EventKind::kIntroduced, "0"}, {EventKind::kLastAffected, "2"}}));
  rows.push_back(row("turned", {{EventKind::kFixed, "2"}, {EventKind::kIntroduced, "0"}}));
  for (const auto change : {+[](Affected& a) { a.claim = Claim::kNotAffected; },
                            +[](Affected& a) { a.versions = {"1"}; },
                            +[](Affected& a) { a.ranges[0].stream = "el9_2"; },
                            +[](Affected& a) { a.ranges.push_back(a.ranges[0]); }}) {
    rows.push_back(fixed("special " + std::to_string(rows.size()), "2"));
    change(rows.back());
  }
  const std::string value = Encode(rows);
  for (const bool want : {false, true}) {
    std::vector<Affected> taken;
    std::vector<std::string> shown;
    Status status = EachAffected(
        value,
        [&](Affected& one) {
          taken.push_back(one);
          return Ok();
        },
        [&](const PlainRow& one) {
          shown.push_back(std::string(one.advisory) + " " + std::string(one.fixed) +
                          (one.of_source ? " of source" : "") + (one.for_all ? " for all" : ""));
          return !want;
        });
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_EQ(shown, (std::vector<std::string>{"plain 1 for all", "module 2", "for some 3",
                                               "source 4 of source for all", "severe 5 for all"}));
    EXPECT_EQ(taken,
              std::vector<Affected>(rows.begin() + (want ? 0 : static_cast<std::ptrdiff_t>(plain)),
                                    rows.end()));
  }
}

TEST(CodecTest, FactsAreKept) {
  CveFacts facts;
  EXPECT_EQ(*DecodeCveFacts(Encode(facts)), facts);
  facts.exploited_since = "";
  facts.epss = Epss{0.00001, 1};
  facts.severities = {{Severity::kHigh, "CVSS_V3 of NVD", 8.8, "CVSS:3.1/…"}};
  facts.weaknesses = {"CWE-79"};
  EXPECT_EQ(*DecodeCveFacts(Encode(facts)), facts);
  facts.exploited_due = "2026-12-01";
  EXPECT_EQ(*DecodeCveFacts(Encode(facts)), facts) << "a day without the one that it began on";
  facts.exploited_since = "2026-11-10";
  EXPECT_EQ(*DecodeCveFacts(Encode(facts)), facts);
  const auto lifecycle =
      DecodeLifecycle(Encode(Lifecycle{"debian", "9", "2020-07-18", "2022-07-01"}));
  ASSERT_TRUE(lifecycle.has_value());
  EXPECT_EQ(lifecycle->end_of_life, "2020-07-18");
  EXPECT_EQ(lifecycle->end_of_extension, "2022-07-01");
  EXPECT_EQ(*DecodeTexts(EncodeTexts({"a", ""})), (std::vector<std::string>{"a", ""}));
}

TEST(CodecTest, EveryTruncationIsAnError) {
  const std::string value = Encode(std::vector{Example().packages[0].affected});
  for (std::size_t size = 0; size < value.size(); ++size) {
    const auto decoded = DecodeAffected(std::string_view(value).substr(0, size));
    ASSERT_FALSE(decoded.has_value()) << size;
    EXPECT_EQ(decoded.error().code, Code::kDataLoss);
  }
}

TEST(CodecTest, EveryFlippedBitIsAnError) {
  const std::string value = Encode(std::vector{Example().packages[0].affected});
  for (std::size_t i = 0; i < value.size() * 8; ++i) {
    std::string flipped = value;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    EXPECT_FALSE(DecodeAffected(flipped).has_value()) << i;
  }
}

// Words that differ in their last byte alone, and values that zeros make longer.
TEST(CodecTest, ValuesThatAreNearlyTheSameHaveOtherChecksums) {
  const std::string values[] = {
      "",         std::string(1, '\0'), std::string(8, '\0'), std::string(9, '\0'),
      "abcdefgh", "abcdefgi",           "abcdefgha",          "abcdefghb",
      "Abcdefgh"};
  std::set<std::uint32_t> sums;
  for (const std::string& value : values) sums.insert(ValueChecksum(value));
  EXPECT_EQ(sums.size(), std::size(values));
}

TEST(CodecTest, ALengthBeyondTheEndIsAnErrorAlsoBehindAFittingChecksum) {
  // One row whose id has 3 bytes, of which 2 are there; the checksum is of these bytes.
  const std::string payload(
      "\x01\x03"
      "ab",
      4);
  const std::uint32_t sum = ValueChecksum(payload);
  std::string value;
  for (int shift = 0; shift < 32; shift += 8) value += static_cast<char>(sum >> shift);
  EXPECT_FALSE(DecodeAffected(value + payload).has_value());
}

TEST(CodecTest, BytesLeftOverAreAnError) {
  EXPECT_FALSE(DecodeAffected(Encode(Example().advisory)).has_value());
  EXPECT_FALSE(DecodeAffected(Encode(std::vector<Affected>{}) + "x").has_value());
}

}  // namespace
}  // namespace landwaiter::advisories
