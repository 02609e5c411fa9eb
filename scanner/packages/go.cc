// Modules of Go programs, as their linker recorded them: the main module, every module that went
// into the program, and the standard library as "stdlib" with the toolchain's version (the names
// that the Go vulnerability database has).
//
// A module replaced by another counts as that other; replaced by a folder, it keeps its own name
// and version, for a folder has none. The main module of a plain `go build` has version "(devel)",
// unless the linker was given one (go_modules.h).
//
// Packed (UPX) ELF programs and obfuscated ones (garble takes the record away) are reported as
// unsupported, Go programs without the record as failed: neither is clean. A build without modules
// (before Go 1.13, GOPATH mode, Bazel) records its toolchain alone, and no more is listed. Not
// handled: TinyGo, which records nothing; universal Mach-O files.
#include "lib/base/text.h"
#include "scanner/packages/elf.h"
#include "scanner/packages/go_build_info.h"
#include "scanner/packages/go_modules.h"
#include "scanner/packages/program_formats.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "go";
constexpr std::uint64_t kMaxProgramBytes = 2ull << 30;
// The linker's smallest program has 1 MB, packed some 300 KB: smaller files are not looked at.
constexpr std::uint64_t kMinProgramBytes = 64u << 10;

Need Wants(const FileFacts& facts) {
  return facts.size >= kMinProgramBytes ? Need::kHead : Need::kNothing;
}

bool WantsHead(std::string_view head) {
  return IsElfProgram(head) || IsPeProgram(head) || IsMachOProgram(head);
}

bool IsToolchain(std::string_view version) {
  return version.starts_with("go") || version.starts_with("devel");
}

// "go1.21.3 X:boringcrypto" is 1.21.3, "go1.20.12-google" 1.20.12, "go1.21rc2" 1.21rc2;
// "devel go1.22-1a2b3c Mon …" stays as it is, without blanks.
std::string ToolchainVersion(std::string_view text) {
  if (!text.starts_with("go")) {
    const auto blank = text.find(' ', text.find(' ') + 1);
    std::string version(text.substr(0, blank));
    for (char& c : version) {
      if (c == ' ') c = '-';
    }
    return version;
  }
  text.remove_prefix(2);
  return std::string(text.substr(0, text.find_first_of(" -+")));
}

bool AddModule(const GoModule& module, ReadingBuilder& out) {
  Package package{.type = "golang", .name = module.path, .version = module.version};
  package.source_name = package.name;
  package.source_version = package.version;
  return out.Add(std::move(package));
}

void AddModules(const GoModules& modules, ReadingBuilder& out) {
  if (modules.main && !AddModule(*modules.main, out)) return;
  for (const GoModule& module : modules.dependencies) {
    if (!AddModule(module, out)) return;
  }
  if (modules.bad_line != 0) {
    out.FailAtLine(modules.bad_line, "of the build information names no module");
  }
}

// Windows' programs do not run in an image of Linux, where they come along with Python's tools.
bool IsPacked(const ElfFile& elf) {
  const std::string head = elf.Head(1024);
  return IsElfProgram(head) && head.find("UPX!") != std::string::npos;
}

bool LooksLikeGo(RandomAccessFile& file) {
  std::string head(2 * kHeadBytes, '\0');
  const auto got = file.ReadAt(0, head.data(), head.size());
  return got && HasGoBuildId(std::string_view(head).substr(0, *got));
}

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  ReadingBuilder out(kName, facts.path, ReadingKind::kRecord);
  if (content.file == nullptr) {
    out.Fail("was not spooled");
    return out.Take();
  }
  auto elf = OpenProgram(*content.file);
  if (!elf) {
    // What the loader cannot read runs nowhere; but a Go program that was cut off is named.
    if (LooksLikeGo(*content.file)) {
      out.Fail("is a Go program that is not whole: " + elf.error().message);
    } else {
      out.NotOurs();
    }
    return out.Take();
  }
  auto info = ReadGoBuildInfo(*elf);
  if (!info) {
    out.Fail(info.error().code == Code::kNotFound
                 ? info.error().message
                 : "has Go build information that cannot be read: " + info.error().message);
    return out.Take();
  }
  if (!*info) {
    if (IsPacked(*elf)) {
      out.Unsupported("is packed with UPX, what it was built of cannot be seen");
    } else {
      out.NotOurs();
    }
    return out.Take();
  }
  const GoBuildInfo& build = **info;
  if (!IsToolchain(build.version)) {
    out.Unsupported("is a Go program whose build information was taken away (its toolchain is \"" +
                    FreeText(build.version) + "\"), what it was built of cannot be seen");
    return out.Take();
  }
  AddModule({"stdlib", ToolchainVersion(build.version)}, out);
  AddModules(ReadGoModules(build.modules), out);
  return out.Take();
}

}  // namespace

PackageSource GoSource() {
  return {.name = kName,
          .version = 2,
          .max_bytes = kMaxProgramBytes,
          .wants = Wants,
          .wants_head = WantsHead,
          .parse = Parse,
          .well_known = {}};
}

}  // namespace landwaiter::packages
