#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kModules[] =
    "path\texample.com/app\n"
    "mod\texample.com/app\t(devel)\t\n"
    "dep\tgithub.com/gin-gonic/gin\tv1.7.0\th1:abc=\n"
    "dep\tgolang.org/x/text\tv0.3.5\th1:def=\n"
    "=>\tgithub.com/fork/text\tv0.3.6\th1:ghi=\n"
    "dep\tk8s.io/api\tv0.20.0\n"
    "=>\t./staging/api\t(devel)\n"
    "build\t-compiler=gc\n";

struct Layout {
  const char* name;
  bool is_64 = true;
  bool big_endian = false;
  bool inline_texts = true;
  bool section = true;  // .go.buildinfo stands in the section headers
};

// A program with one writable segment that holds the build information.
class Program {
 public:
  explicit Program(const Layout& layout) : layout_(layout) {}
  Program& Version(std::string text) { return version_ = std::move(text), *this; }
  Program& Modules(std::string text) { return modules_ = std::move(text), *this; }

  std::string Build() const {
    const std::string blob = Blob();
    std::string file = Header(blob.size());
    file.resize(kBlobAt, '\0');
    file += blob;
    if (layout_.section) file += Sections(blob.size());
    return file;
  }

  static constexpr std::uint64_t kBlobAt = 0x200;
  static constexpr std::uint64_t kAddress = 0x400000;

 private:
  std::size_t Word() const { return layout_.is_64 ? 8 : 4; }

  std::string Number(std::uint64_t value, std::size_t size) const {
    std::string out(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t at = layout_.big_endian ? size - 1 - i : i;
      out[at] = static_cast<char>(value >> (8 * i));
    }
    return out;
  }

  std::string Framed() const {
    return modules_.empty() ? "" : std::string(16, 'S') + modules_ + std::string(16, 'E');
  }

  static std::string Varint(std::uint64_t value) {
    std::string out;
    for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
    return out + static_cast<char>(value);
  }

  std::string Blob() const {
    std::string blob("\xff Go buildinf:", 14);
    blob += static_cast<char>(Word());
    blob += static_cast<char>((layout_.big_endian ? 1 : 0) | (layout_.inline_texts ? 2 : 0));
    const std::string modules = Framed();
    if (layout_.inline_texts) {
      blob.resize(32, '\0');
      return blob + Varint(version_.size()) + version_ + Varint(modules.size()) + modules;
    }
    // Two string headers at 32, their texts behind them.
    const std::uint64_t headers = kAddress + 32;
    const std::uint64_t texts = headers + 4 * Word();
    blob += Number(headers, Word()) + Number(headers + 2 * Word(), Word());
    blob.resize(32, '\0');
    blob += Number(texts, Word()) + Number(version_.size(), Word());
    blob += Number(texts + version_.size(), Word()) + Number(modules.size(), Word());
    return blob + version_ + modules;
  }

  std::string Header(std::uint64_t blob_size) const {
    const std::size_t header_size = layout_.is_64 ? 64 : 52;
    const std::uint64_t sections_at = layout_.section ? kBlobAt + blob_size + 16 : 0;
    std::string out(
        "\x7f"
        "ELF");
    out += layout_.is_64 ? '\2' : '\1';
    out += layout_.big_endian ? '\2' : '\1';
    out.resize(16, '\0');
    out += Number(2, 2) + Number(62, 2) + Number(1, 4) + Number(0, Word());
    out += Number(header_size, Word()) + Number(sections_at, Word()) + Number(0, 4);
    out += Number(header_size, 2) + Number(layout_.is_64 ? 56 : 32, 2) + Number(1, 2);
    out += Number(layout_.is_64 ? 64 : 40, 2) + Number(layout_.section ? 2 : 0, 2) + Number(1, 2);
    const std::string type = Number(1, 4);
    const std::string flags = Number(6, 4);
    const std::string rest = Number(kBlobAt, Word()) + Number(kAddress, Word()) +
                             Number(kAddress, Word()) + Number(blob_size, Word()) +
                             Number(blob_size, Word());
    out += layout_.is_64 ? type + flags + rest : type + rest + flags;
    return out + Number(16, Word());
  }

  std::string Section(std::uint64_t name, std::uint64_t type, std::uint64_t address,
                      std::uint64_t offset, std::uint64_t size) const {
    return Number(name, 4) + Number(type, 4) + Number(0, Word()) + Number(address, Word()) +
           Number(offset, Word()) + Number(size, Word()) + Number(0, 4) + Number(0, 4) +
           Number(0, Word()) + Number(0, Word());
  }

  // The names fit into the 16 bytes before the headers.
  std::string Sections(std::uint64_t blob_size) const {
    std::string names(".go.buildinfo", 14);
    names.resize(16, '\0');
    return names + Section(0, 1, kAddress, kBlobAt, blob_size) +
           Section(14, 3, 0, kBlobAt + blob_size, names.size());
  }

  Layout layout_;
  std::string version_ = "go1.21.3";
  std::string modules_ = kModules;
};

std::string Fixed(std::uint64_t value, std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = i < 8 ? static_cast<char>(value >> (8 * i)) : 0;
  return out;
}

std::string Padded(std::string bytes, std::size_t size) {
  bytes.resize(std::max(bytes.size(), size), '\0');
  return bytes;
}

// 64 bits, with one writable section that holds `data`.
std::string PeProgram(const std::string& data, std::size_t at) {
  std::string out = Padded("MZ", 60) + Fixed(0x80, 4);
  out = Padded(out, 0x80) + std::string("PE\0\0", 4);
  out += Fixed(0x8664, 2) + Fixed(1, 2) + Fixed(0, 12) + Fixed(112, 2) + Fixed(0x22, 2);
  out += Padded(Padded(Fixed(0x20b, 2), 24) + Fixed(0x140000000, 8), 112);
  out += Padded(".data", 8) + Fixed(data.size(), 4) + Fixed(0x1000, 4) + Fixed(data.size(), 4) +
         Fixed(at, 4) + Fixed(0, 12) + Fixed(0xc0000040, 4);
  return Padded(out, at) + data;
}

std::string MachOProgram(const std::string& data, std::size_t at) {
  const std::string section = Padded("__go_buildinfo", 16) + Padded("__DATA", 16) +
                              Fixed(0x100001000, 8) + Fixed(data.size(), 8) + Fixed(at, 4) +
                              Fixed(0, 28);
  const std::string segment = Fixed(0x19, 4) + Fixed(72 + section.size(), 4) +
                              Padded("__DATA", 16) + Fixed(0x100001000, 8) + Fixed(data.size(), 8) +
                              Fixed(at, 8) + Fixed(data.size(), 8) + Fixed(3, 4) + Fixed(3, 4) +
                              Fixed(1, 4) + Fixed(0, 4);
  const std::string header = Fixed(0xfeedfacf, 4) + Fixed(0x01000007, 4) + Fixed(3, 4) +
                             Fixed(2, 4) + Fixed(1, 4) + Fixed(72 + section.size(), 4) +
                             Fixed(0, 8);
  return Padded(header + segment + section, at) + data;
}

class GoLayoutTest : public testing::TestWithParam<Layout> {};

TEST_P(GoLayoutTest, ListsToolchainMainModuleAndDependencies) {
  const FileReading reading = ReadProgram("usr/local/bin/app", Program(GetParam()).Build());
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_THAT(NamesOf(reading), ElementsAre("stdlib 1.21.3", "example.com/app (devel)",
                                            "github.com/gin-gonic/gin v1.7.0",
                                            "github.com/fork/text v0.3.6", "k8s.io/api v0.20.0"));
  EXPECT_EQ(reading.packages[0].type, "golang");
  EXPECT_EQ(reading.packages[0].path, "usr/local/bin/app");
}

TEST_P(GoLayoutTest, CutAnywhereIsNeverSilentlyShort) {
  const std::string whole = Program(GetParam()).Build();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const FileReading reading = ReadProgram("bin/app", whole.substr(0, size));
    if (reading.state == ReadingState::kRead) {
      EXPECT_EQ(reading.packages.size(), 5u) << "cut at " << size;
    }
  }
}

TEST_P(GoLayoutTest, AnyByteChangedNeverCrashes) {
  const std::string whole = Program(GetParam()).Build();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char value : {'\0', '\x7f', '\xff'}) {
      std::string changed = whole;
      changed[at] = value;
      ReadProgram("bin/app", changed);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Table, GoLayoutTest,
                         testing::Values(Layout{"Inline64"},
                                         Layout{"InlineWithoutSections", true, false, true, false},
                                         Layout{"Inline32", false},
                                         Layout{"Pointers64", true, false, false},
                                         Layout{"PointersBigEndian64", true, true, false},
                                         Layout{"Pointers32", false, false, false},
                                         Layout{"PointersBigEndian32", false, true, false},
                                         Layout{"InlineBigEndian64", true, true, true}),
                         [](const auto& info) { return info.param.name; });

struct ToolchainCase {
  const char* name;
  const char* recorded;
  const char* version;
};

class ToolchainTest : public testing::TestWithParam<ToolchainCase> {};

// Pitfall 117: experiments and vendors' suffixes.
TEST_P(ToolchainTest, IsThatOfTheStandardLibrary) {
  const FileReading reading =
      ReadProgram("bin/app", Program({"x"}).Version(GetParam().recorded).Modules("").Build());
  EXPECT_THAT(NamesOf(reading), ElementsAre("stdlib " + std::string(GetParam().version)));
}

INSTANTIATE_TEST_SUITE_P(
    Table, ToolchainTest,
    testing::Values(ToolchainCase{"Release", "go1.20.3", "1.20.3"},
                    ToolchainCase{"Experiment", "go1.19.4 X:boringcrypto", "1.19.4"},
                    ToolchainCase{"Vendor", "go1.20.12-google", "1.20.12"},
                    ToolchainCase{"Distribution", "go1.20.12 (Red Hat 1.20.12-1.el9)", "1.20.12"},
                    ToolchainCase{"Candidate", "go1.21rc2", "1.21rc2"},
                    ToolchainCase{"Commit", "devel go1.22-1a2b3c Mon Jan 1",
                                  "devel-go1.22-1a2b3c"}),
    [](const auto& info) { return info.param.name; });

struct ReleaseCase {
  const char* name;
  const char* module;   // path and version of the main module
  const char* ldflags;  // as the build settings have it
  const char* release;
};

class GoReleaseTest : public testing::TestWithParam<ReleaseCase> {};

// Pitfall 116: a main module without a release takes the one that the linker was given.
TEST_P(GoReleaseTest, IsTheMainModulesOrThatOfTheLinkerFlags) {
  const std::string text = "mod\t" + std::string(GetParam().module) +
                           "\t\nbuild\t-ldflags=" + GetParam().ldflags + "\nbuild\tGOOS=linux\n";
  const FileReading reading = ReadProgram("bin/app", Program({"x"}).Modules(text).Build());
  ASSERT_EQ(reading.packages.size(), 2u) << reading.reason;
  EXPECT_EQ(reading.packages[1].version, GetParam().release);
}

INSTANTIATE_TEST_SUITE_P(
    Table, GoReleaseTest,
    testing::Values(
        ReleaseCase{"MainVersion", "example.com/app\t(devel)",
                    "\"-s -w -X main.version=v1.2.3 -X main.commit=abc\"", "v1.2.3"},
        ReleaseCase{"WithoutTheLetter", "example.com/app\t(devel)", "\"-X main.Version=1.2.3\"",
                    "v1.2.3"},
        ReleaseCase{"OwnPackage", "example.com/app\t(devel)",
                    "\"-X=example.com/app/internal/version.Version=1.2.3\"", "v1.2.3"},
        ReleaseCase{"OfAPseudoVersion", "example.com/app\tv0.0.0-20240101000000-abcdef012345",
                    "\"-X main.version=1.2.3\"", "v1.2.3"},
        ReleaseCase{"QuotedPart", "example.com/app\t(devel)",
                    "\"-X 'main.version=1.2.3' -X \\\"main.date=a b\\\"\"", "v1.2.3"},
        ReleaseCase{"LibraryOfVersions", "k8s.io/kubernetes\t(devel)",
                    "\"-X k8s.io/component-base/version.gitVersion=v1.29.0\"", "v1.29.0"},
        ReleaseCase{"MainBeforeLibraries", "example.com/app\t(devel)",
                    "\"-X lib.org/x.Version=9.9.9 -X main.version=1.2.3\"", "v1.2.3"},
        ReleaseCase{"ReleaseStays", "example.com/app\tv1.0.0", "\"-X main.version=1.2.3\"",
                    "v1.0.0"},
        ReleaseCase{"TaggedPseudoVersionStays", "example.com/app\tv1.0.1-0.20240101000000-abcdef",
                    "\"-X main.version=1.2.3\"", "v1.0.1-0.20240101000000-abcdef"},
        ReleaseCase{"OtherNamesAreNone", "example.com/app\t(devel)",
                    "\"-X main.goVersion=1.21.3 -X main.commit=1.2.3\"", "(devel)"},
        ReleaseCase{"NoRelease", "example.com/app\t(devel)", "\"-X main.version=dev\"", "(devel)"},
        ReleaseCase{"TheyDoNotAgree", "example.com/app\t(devel)",
                    "\"-X a.b/x.Version=1.2.3 -X a.b/y.Version=4.5.6\"", "(devel)"},
        ReleaseCase{"CutOff", "example.com/app\t(devel)", "\"-X", "(devel)"},
        ReleaseCase{"Nothing", "example.com/app\t(devel)", "", "(devel)"}),
    [](const auto& info) { return info.param.name; });

TEST(GoTest, OtherProgramsAreNotOurs) {
  std::string program = Program({"x", true, false, true, false}).Build();
  program.replace(Program::kBlobAt, 14, 14, 'x');
  EXPECT_EQ(ReadProgram("bin/c", program).state, ReadingState::kNotOurs);
  EXPECT_EQ(ReadProgram("bin/c", "#!/bin/sh\n").state, ReadingState::kNotOurs);
}

// Pitfall 118: stripped and packed programs are not clean.
TEST(GoTest, WithoutItsRecordAGoProgramFails) {
  std::string program = Program({"x"}).Build();
  program.replace(Program::kBlobAt, 14, 14, 'x');
  const FileReading reading = ReadProgram("bin/app", program);
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_THAT(reading.reason, HasSubstr("bin/app: is a Go program without build information"));
}

TEST(GoTest, PackedProgramsAreUnsupported) {
  std::string program = Program({"x", true, false, true, false}).Build();
  program.replace(Program::kBlobAt, 14, 14, 'x');
  program.replace(0x100, 4, "UPX!");
  const FileReading reading = ReadProgram("bin/app", program);
  EXPECT_EQ(reading.state, ReadingState::kUnsupported);
  EXPECT_THAT(reading.reason, HasSubstr("packed with UPX"));
}

// What Python's launchers for Windows are, among others: they run in no image of Linux.
TEST(GoTest, PackedProgramsOfOtherSystemsAreNotOurs) {
  std::string program = PeProgram("no build information", 0x600);
  program.replace(0x100, 4, "UPX!");
  EXPECT_EQ(ReadProgram("t64.exe", program).state, ReadingState::kNotOurs);
}

// Pitfall 118: garble takes the modules away and writes "unknown" for the toolchain.
TEST(GoTest, ObfuscatedProgramsAreUnsupported) {
  const FileReading reading =
      ReadProgram("bin/app", Program({"x"}).Version("unknown").Modules("").Build());
  EXPECT_EQ(reading.state, ReadingState::kUnsupported);
  EXPECT_THAT(reading.reason, HasSubstr("build information was taken away"));
  EXPECT_THAT(NamesOf(reading), IsEmpty());
}

std::string InlineBlob() {
  std::string blob = Padded("\xff Go buildinf:\x08\x02", 32);
  return blob + "\x08" + "go1.21.3" + std::string(1, '\0');
}

TEST(GoTest, ReadsProgramsOfWindowsAndMacOs) {
  const std::string blob = InlineBlob();
  EXPECT_THAT(NamesOf(ReadProgram("app.exe", PeProgram(blob, 0x600))),
              ElementsAre("stdlib 1.21.3"));
  EXPECT_THAT(NamesOf(ReadProgram("app", MachOProgram(blob, 0x600))), ElementsAre("stdlib 1.21.3"));
  EXPECT_EQ(ReadProgram("cli.exe", PeProgram("launcher", 0x600)).state, ReadingState::kNotOurs);
  EXPECT_EQ(ReadProgram("tool", MachOProgram("tool", 0x600)).state, ReadingState::kFailed)
      << "it has the section of the record, and no record";
}

TEST(GoTest, ProgramsOfWindowsAndMacOsNeverCrash) {
  const std::string blob = InlineBlob();
  for (const std::string& whole : {PeProgram(blob, 0x400), MachOProgram(blob, 0x400)}) {
    for (std::size_t at = 0; at < whole.size(); ++at) {
      ReadProgram("app", whole.substr(0, at));
      std::string changed = whole;
      changed[at] = '\xff';
      ReadProgram("app", changed);
    }
  }
}

TEST(GoTest, LyingLengthsFail) {
  Layout layout{"x"};
  std::string program = Program(layout).Build();
  program.replace(Program::kBlobAt + 32, 1, "\xff");
  program.replace(Program::kBlobAt + 33, 1, "\xff");
  const FileReading reading = ReadProgram("bin/app", program);
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_THAT(reading.reason, HasSubstr("cannot be read"));
  EXPECT_THAT(
      ReadProgram("bin/app", Program(layout).Modules("no frame").Build().substr(0, 0)).packages,
      IsEmpty());
}

TEST(GoTest, AsksForProgramsOnly) {
  const PackageSource& go = SourceNamed("go");
  EXPECT_EQ(go.wants(FactsOf("usr/bin/app", 1 << 20)), Need::kHead);
  EXPECT_EQ(go.wants(FactsOf("usr/bin/small", 1000)), Need::kNothing);
  EXPECT_TRUE(go.wants_head(Program({"x"}).Build().substr(0, kHeadBytes)));
  EXPECT_FALSE(
      go.wants_head("\x7f"
                    "ELF"));
  EXPECT_FALSE(go.wants_head(std::string(4096, 'x')));
}

}  // namespace
}  // namespace landwaiter::packages
