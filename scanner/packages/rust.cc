// Crates of Rust programs and shared objects that were built with cargo-auditable: an ELF section
// .dep-v0 holds zlib-compressed JSON (cargo_audit.h).
//
// Programs without it say nothing of their crates and cannot be told from others: they are not
// seen. Not handled: Mach-O, PE and WebAssembly.
#include "scanner/packages/cargo_audit.h"
#include "scanner/packages/elf.h"
#include "scanner/packages/inflate.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "rust";
constexpr std::string_view kSection = ".dep-v0";
constexpr std::uint64_t kMaxProgramBytes = 2ull << 30;
// With the standard library a stripped program has 300 KB; smaller ones come without it.
constexpr std::uint64_t kMinProgramBytes = 16u << 10;
// cargo-auditable's PARSING.md: "should be more than enough to hold any legitimate audit data".
constexpr std::size_t kMaxJsonBytes = 8u << 20;

Need Wants(const FileFacts& facts) {
  return facts.size >= kMinProgramBytes ? Need::kHead : Need::kNothing;
}

bool WantsHead(std::string_view head) { return IsElfProgram(head); }

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  ReadingBuilder out(kName, facts.path, ReadingKind::kRecord);
  if (content.file == nullptr) {
    out.Fail("was not spooled");
    return out.Take();
  }
  // What the loader cannot read runs nowhere.
  const auto elf = ElfFile::Open(*content.file);
  const ElfSection* const section = elf ? elf->FindSection(kSection) : nullptr;
  if (section == nullptr || section->type == kSectionNoBits) {
    out.NotOurs();
    return out.Take();
  }
  const std::string what = "has a list of crates (.dep-v0) that cannot be read: ";
  if (section->size > kMaxJsonBytes) {
    out.Fail(what + "it has " + std::to_string(section->size) + " bytes, the limit is " +
             std::to_string(kMaxJsonBytes));
    return out.Take();
  }
  const auto compressed = elf->Read(section->offset, section->size);
  if (!compressed) {
    out.Fail(what + compressed.error().message);
    return out.Take();
  }
  const auto json = InflateZlib(*compressed, kMaxJsonBytes);
  if (!json) {
    out.Fail(what + json.error().message);
  } else {
    ParseCargoAudit(*json, out);
  }
  return out.Take();
}

}  // namespace

PackageSource RustSource() {
  return {.name = kName,
          .version = 1,
          .max_bytes = kMaxProgramBytes,
          .wants = Wants,
          .wants_head = WantsHead,
          .parse = Parse,
          .well_known = {}};
}

}  // namespace landwaiter::packages
