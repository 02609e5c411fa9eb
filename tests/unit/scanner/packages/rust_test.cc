#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <isa-l/igzip_lib.h>

#include <memory>

#include "scanner/packages/inflate.h"
#include "tests/unit/scanner/packages/elf_maker.h"
#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kPath[] = "usr/local/bin/app";
constexpr char kAudit[] =
    R"({"packages":[)"
    R"({"name":"adler","version":"1.0.2","source":"crates.io"},)"
    R"({"name":"autocfg","version":"1.1.0","source":"crates.io","kind":"build"},)"
    R"({"name":"app","version":"0.1.0","source":"local","dependencies":[0,1,3],"root":true},)"
    R"({"name":"my_fork","version":"2.0.0-rc.1","source":"git","kind":"runtime"}],"format":1})";

std::string Zlib(std::string_view text) {
  const auto stream = std::make_unique<isal_zstream>();
  isal_deflate_stateless_init(stream.get());
  std::string out(text.size() + 1024, '\0');
  stream->gzip_flag = IGZIP_ZLIB;
  stream->end_of_stream = 1;
  stream->flush = NO_FLUSH;
  stream->next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  stream->avail_in = static_cast<std::uint32_t>(text.size());
  stream->next_out = reinterpret_cast<std::uint8_t*>(out.data());
  stream->avail_out = static_cast<std::uint32_t>(out.size());
  EXPECT_EQ(isal_deflate_stateless(stream.get()), COMP_OK);
  out.resize(stream->total_out);
  return out;
}

FileReading ReadRust(const std::string& program) {
  MemoryFile file(program);
  return SourceNamed("rust").parse(FactsOf(kPath, program.size()), {.file = &file});
}

std::string ProgramWith(std::string section, const ElfShape& shape = {}) {
  return ElfMaker(shape).Section(".dep-v0", std::move(section)).Build();
}

class RustShapeTest : public testing::TestWithParam<ElfShape> {};

// Pitfall 127: cargo-auditable's record alone says what a Rust program is made of. What only its
// build needed is not in it.
TEST_P(RustShapeTest, ListsTheCratesInTheProgram) {
  const FileReading reading = ReadRust(ProgramWith(Zlib(kAudit), GetParam()));
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_EQ(reading.kind, ReadingKind::kRecord);
  ASSERT_THAT(NamesOf(reading), ElementsAre("adler 1.0.2", "app 0.1.0", "my_fork 2.0.0-rc.1"));
  EXPECT_EQ(reading.packages[0].type, "cargo");
  EXPECT_EQ(reading.packages[0].path, kPath);
}

INSTANTIATE_TEST_SUITE_P(Table, RustShapeTest,
                         testing::Values(ElfShape{true, false}, ElfShape{false, false},
                                         ElfShape{true, true}, ElfShape{false, true}),
                         [](const auto& info) {
                           return std::string(info.param.is_64 ? "Is64" : "Is32") +
                                  (info.param.big_endian ? "BigEndian" : "LittleEndian");
                         });

TEST(RustTest, AsksForProgramsAndSharedObjectsOnly) {
  const PackageSource& rust = SourceNamed("rust");
  EXPECT_EQ(rust.wants(FactsOf("usr/lib/librsvg-2.so.2", 1 << 20)), Need::kHead);
  EXPECT_EQ(rust.wants(FactsOf("usr/bin/x", 100)), Need::kNothing);
  EXPECT_TRUE(rust.wants_head(ProgramWith(Zlib(kAudit))));
  EXPECT_FALSE(rust.wants_head("#!/bin/sh\n" + std::string(100, ' ')));
}

TEST(RustTest, ProgramsWithoutTheRecordAreNotOurs) {
  EXPECT_EQ(ReadRust(ElfMaker({}).Section(".text", "x").Build()).state, ReadingState::kNotOurs);
  EXPECT_EQ(ReadRust("no program").state, ReadingState::kNotOurs);
  EXPECT_EQ(ReadRust(ProgramWith(Zlib(kAudit)).substr(0, 50)).state, ReadingState::kNotOurs);
}

struct BrokenCase {
  const char* name;
  std::string section;
  const char* reason;
};

class BrokenRustTest : public testing::TestWithParam<BrokenCase> {};

// Pitfall 159: a record that cannot be read is never no crates.
TEST_P(BrokenRustTest, FailsNamingFileAndFault) {
  const FileReading reading = ReadRust(ProgramWith(GetParam().section));
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_THAT(reading.reason, HasSubstr("usr/local/bin/app: has a list of crates (.dep-v0)"));
  EXPECT_THAT(reading.reason, HasSubstr(GetParam().reason));
}

std::string WithWrongChecksum() {
  std::string bytes = Zlib(kAudit);
  bytes.back() = static_cast<char>(bytes.back() + 1);
  return bytes;
}

INSTANTIATE_TEST_SUITE_P(
    Table, BrokenRustTest,
    testing::Values(BrokenCase{"NoZlib", "partial", "zlib stream is corrupt"},
                    BrokenCase{"CutStream", Zlib(kAudit).substr(0, 40), "zlib stream breaks off"},
                    BrokenCase{"WrongChecksum", WithWrongChecksum(), "zlib stream is corrupt"},
                    BrokenCase{"NoJson", Zlib("not json"), "is no JSON"},
                    BrokenCase{"Null", Zlib("null"), "without \"packages\""},
                    BrokenCase{"NoList", Zlib(R"({"packages":{}})"), "without \"packages\""},
                    BrokenCase{"CutJson", Zlib(std::string(kAudit).substr(0, 150)), "is no JSON"}),
    [](const auto& info) { return info.param.name; });

TEST(RustTest, CratesWithoutVersionFail) {
  const FileReading reading =
      ReadRust(ProgramWith(Zlib(R"({"packages":[{"name":"a"},{"name":"b","version":"1.0.0"}]})")));
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_THAT(NamesOf(reading), ElementsAre("b 1.0.0"));
}

// Pitfall 26: neither the section's size nor what it inflates to is believed.
TEST(RustTest, IsBounded) {
  const FileReading bomb = ReadRust(ProgramWith(Zlib(std::string(9 << 20, ' '))));
  EXPECT_EQ(bomb.state, ReadingState::kFailed);
  EXPECT_THAT(bomb.reason, HasSubstr("more than 8388608 bytes inflated"));
  const FileReading liar =
      ReadRust(ElfMaker({}).Section(".dep-v0", Zlib(kAudit)).Claim(1ull << 40).Build());
  EXPECT_EQ(liar.state, ReadingState::kFailed);
  EXPECT_THAT(liar.packages, IsEmpty());
}

TEST(ZlibTest, AgreesWithTheCompressor) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i * 7919) + " ";
  const auto inflated = InflateZlib(Zlib(text), 1 << 20);
  ASSERT_TRUE(inflated) << inflated.error().message;
  EXPECT_EQ(*inflated, text);
  EXPECT_EQ(*InflateZlib(Zlib(""), 10), "");
  EXPECT_EQ(*InflateZlib(Zlib("0123456789"), 10), "0123456789");
  EXPECT_FALSE(InflateZlib(Zlib("0123456789x"), 10));
  EXPECT_FALSE(InflateZlib("", 10));
}

}  // namespace
}  // namespace landwaiter::packages
