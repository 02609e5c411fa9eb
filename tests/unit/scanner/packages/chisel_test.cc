#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include "scanner/packages/inflate.h"
#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kPath[] = "var/lib/chisel/manifest.wall";
constexpr char kHeader[] = R"({"jsonwall":"1.0","schema":"1.0","count":6})";
constexpr char kLines[] =
    R"({"kind":"content","slice":"python3.12-minimal_bins","path":"/usr/bin/python3.12"})"
    "\n"
    R"({"kind":"package","name":"libssl3t64","version":"3.0.13-0ubuntu3.4","sha256":"aa","arch":"amd64"})"
    "\n"
    R"({"kind":"path","path":"/usr/bin/","mode":"0755","slices":["base-files_bin"]})"
    "\n"
    R"({"kind":"path","path":"/usr/bin/python3.12","mode":"0755","slices":["python3.12-minimal_bins","x_y"],"size":8021824})"
    "\n"
    R"({"kind":"slice","name":"libssl3t64_libs"})"
    "\n";

std::string Zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string Wall(std::string_view header = kHeader, std::string_view lines = kLines) {
  return Zstd(std::string(header) + "\n" + std::string(lines));
}

// Pitfall 56: chiselled images have no dpkg, only this.
TEST(ChiselTest, ListsDebianPackages) {
  const FileReading reading = Read("chisel", kPath, Wall());
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_EQ(reading.kind, ReadingKind::kDatabase);
  ASSERT_THAT(NamesOf(reading), ElementsAre("libssl3t64 3.0.13-0ubuntu3.4"));
  EXPECT_EQ(reading.packages[0].type, "deb");
  EXPECT_EQ(reading.packages[0].architecture, "amd64");
  EXPECT_EQ(reading.packages[0].source_name, "libssl3t64");
  EXPECT_TRUE(reading.packages[0].source_assumed) << "PITFALL: it is of the source openssl";
  EXPECT_THAT(reading.owned, ElementsAre(OwnedFile{"usr/bin/python3.12", "python3.12-minimal"}));
}

TEST(ChiselTest, AsksForTheManifestWhereverItStands) {
  EXPECT_EQ(WantedBy(kPath), "chisel");
  EXPECT_EQ(WantedBy("opt/rootfs/var/lib/chisel/manifest.wall"), "chisel");
  EXPECT_EQ(WantedBy("var/lib/chisel/other.wall"), "");
}

struct BrokenCase {
  const char* name;
  std::string bytes;
  const char* reason;
};

class BrokenChiselTest : public testing::TestWithParam<BrokenCase> {};

// Pitfall 159: a manifest that cannot be read is never an empty list.
TEST_P(BrokenChiselTest, FailsNamingFileAndFault) {
  const FileReading reading = Read("chisel", kPath, GetParam().bytes);
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_THAT(reading.reason, HasSubstr(std::string(kPath) + ": "));
  EXPECT_THAT(reading.reason, HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BrokenChiselTest,
    testing::Values(
        BrokenCase{"Empty", "", "has 0 lines"}, BrokenCase{"NoZstd", "invalid", "zstd stream"},
        BrokenCase{"CutFrame", Wall().substr(0, 60), "breaks off"},
        BrokenCase{"NoJson", Zstd("invalid\n"), "line 1: is no JSON"},
        BrokenCase{"NoHeader", Zstd("{}\n"), "line 1 is no jsonwall header"},
        BrokenCase{"Null", Wall(kHeader, "null\n"), "has 2 lines"},
        BrokenCase{"FewerLinesThanPromised", Wall(R"({"jsonwall":"1.0","schema":"1.0","count":9})"),
                   "has 6 lines"},
        BrokenCase{"CountIsAText", Wall(R"({"jsonwall":"1.0","schema":"1.0","count":"x"})"),
                   "header says \"x\""},
        BrokenCase{"PackageWithoutVersion",
                   Wall(R"({"jsonwall":"1.0","schema":"1.0","count":2})",
                        R"({"kind":"package","name":"a"})"),
                   "version"},
        // Pitfall 157: hostile names.
        BrokenCase{"ControlCharacter",
                   Wall(R"({"jsonwall":"1.0","schema":"1.0","count":2})",
                        R"({"kind":"package","name":"a\u001b[2J","version":"1"})"),
                   "printable"}),
    [](const auto& info) { return info.param.name; });

TEST(ChiselTest, AnotherFormatIsUnsupported) {
  for (const char* header : {R"({"jsonwall":"2.0","schema":"1.0","count":6})",
                             R"({"jsonwall":"1.0","schema":"2.0","count":6})"}) {
    const FileReading reading = Read("chisel", kPath, Wall(header));
    EXPECT_EQ(reading.state, ReadingState::kUnsupported) << header;
    EXPECT_THAT(reading.packages, IsEmpty());
  }
}

TEST(ChiselTest, CutAnywhereFails) {
  const std::string whole = Wall();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(Read("chisel", kPath, whole.substr(0, size)).state, ReadingState::kFailed) << size;
  }
}

// Pitfall 26: what it inflates to is bounded, line by line and whole.
TEST(ZstdLinesTest, AreBounded) {
  const auto none = [](std::string_view) { return Ok(); };
  const std::string zeros = Zstd(std::string(1 << 20, '0'));
  EXPECT_EQ(
      ForEachZstdLine(zeros, {.total_bytes = 1 << 21, .line_bytes = 1 << 19}, none).error().code,
      Code::kResourceExhausted);
  EXPECT_EQ(
      ForEachZstdLine(zeros, {.total_bytes = 1 << 19, .line_bytes = 1 << 21}, none).error().code,
      Code::kResourceExhausted);
  EXPECT_TRUE(ForEachZstdLine(zeros, {.total_bytes = 1 << 20, .line_bytes = 1 << 20}, none));
}

TEST(ZstdLinesTest, ComeWholeAcrossPiecesAndFrames) {
  std::string text;
  for (int i = 0; i < 30'000; ++i) text += "line " + std::to_string(i) + "\n";
  std::vector<std::string> lines;
  const auto read =
      ForEachZstdLine(Zstd(text) + Zstd("\nlast"), {.total_bytes = 1 << 20, .line_bytes = 100},
                      [&](std::string_view line) {
                        lines.emplace_back(line);
                        return Ok();
                      });
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(lines.size(), 30'002u);
  EXPECT_EQ(lines[29'999], "line 29999");
  EXPECT_EQ(lines[30'000], "");
  EXPECT_EQ(lines[30'001], "last");
}

}  // namespace
}  // namespace landwaiter::packages
