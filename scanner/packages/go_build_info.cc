// The blob starts with 14 bytes of magic, on a 16-byte boundary, in section .go.buildinfo or else
// anywhere in the first writable segment. Its 15th byte is the size of a pointer, the 16th a set of
// flags: bit 0 big endian, bit 1 inline. Since Go 1.18 (inline) both texts follow at byte 32, each
// behind its length as a varint. Before, bytes 16 and on hold two pointers to Go string headers
// (address, length) in the program's memory.
#include "scanner/packages/go_build_info.h"

#include <algorithm>
#include <utility>

namespace landwaiter::packages {
namespace {

constexpr std::string_view kMagic("\xff Go buildinf:", 14);
constexpr std::uint64_t kAlignment = 16;
constexpr std::uint64_t kHeaderBytes = 32;
constexpr std::uint64_t kMaxVersionTextBytes = 4096;
// Kubernetes' programs have 60 KB.
constexpr std::uint64_t kMaxModulesBytes = 16u << 20;
// The magic is looked for in pieces of this size.
constexpr std::uint64_t kPieceBytes = 1u << 20;
// "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6" and its like: 16 bytes before
// and behind the text of the modules (cmd/go/internal/modload).
constexpr std::size_t kSentinelBytes = 16;

// The build id stands in the first pages of the file.
constexpr std::uint64_t kBuildIdBytes = 8192;

struct Range {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

// Where the blob may stand, by file offset.
std::optional<Range> SearchRange(const ElfFile& elf) {
  if (const ElfSection* const section = elf.FindSection(".go.buildinfo");
      section != nullptr && section->type != kSectionNoBits) {
    return Range{section->offset, section->size};
  }
  for (const ElfSegment& segment : elf.segments()) {
    if (segment.type == kSegmentLoad &&
        (segment.flags & (kSegmentExecute | kSegmentWrite)) == kSegmentWrite) {
      return Range{segment.offset, segment.size};
    }
  }
  return std::nullopt;
}

// The offset of the magic. Pieces overlap by nothing: boundaries are aligned, so is the magic.
Result<std::optional<std::uint64_t>> FindMagic(const ElfFile& elf, const Range& range) {
  for (std::uint64_t done = 0; done < range.size; done += kPieceBytes) {
    auto piece = elf.Read(range.offset + done, std::min(kPieceBytes, range.size - done));
    if (!piece) return std::move(piece).error();
    const std::string_view bytes = *piece;
    for (std::size_t at = bytes.find(kMagic); at != std::string_view::npos;
         at = bytes.find(kMagic, at + 1)) {
      if (at % kAlignment == 0) return std::optional(range.offset + done + at);
    }
  }
  return std::optional<std::uint64_t>();
}

// One text behind its length; `offset` moves behind it.
Result<std::string> ReadInline(const ElfFile& elf, std::uint64_t& offset, std::uint64_t limit) {
  std::uint64_t size = 0;
  for (unsigned shift = 0;; shift += 7) {
    if (shift > 28) return DataLoss("a length has more than five bytes");
    auto byte = elf.Read(offset++, 1);
    if (!byte) return byte;
    const auto value = static_cast<unsigned char>(byte->front());
    size |= static_cast<std::uint64_t>(value & 0x7f) << shift;
    if ((value & 0x80) == 0) break;
  }
  if (size > limit) {
    return DataLoss("a text has " + std::to_string(size) + " bytes, the limit is " +
                    std::to_string(limit));
  }
  auto text = elf.Read(offset, size);
  offset += size;
  return text;
}

// The text of the Go string header that the pointer at `at` of the blob points to.
Result<std::string> ReadPointed(const ElfFile& elf, std::string_view header, std::size_t at,
                                std::size_t pointer_size, bool big_endian, std::uint64_t limit) {
  const std::uint64_t address = ElfFile::Number(header, at, pointer_size, big_endian);
  if (address == 0) return std::string();
  auto string_header = elf.ReadAtAddress(address, pointer_size * 2);
  if (!string_header) return string_header;
  const std::uint64_t data = ElfFile::Number(*string_header, 0, pointer_size, big_endian);
  const std::uint64_t size =
      ElfFile::Number(*string_header, pointer_size, pointer_size, big_endian);
  if (size == 0) return std::string();
  if (size > limit) {
    return DataLoss("a text has " + std::to_string(size) + " bytes, the limit is " +
                    std::to_string(limit));
  }
  return elf.ReadAtAddress(data, size);
}

Result<GoBuildInfo> ReadBlob(const ElfFile& elf, std::uint64_t offset) {
  auto header = elf.Read(offset, kHeaderBytes);
  if (!header) return std::move(header).error();
  const auto pointer_size = static_cast<std::size_t>(static_cast<unsigned char>((*header)[14]));
  const auto flags = static_cast<unsigned char>((*header)[15]);
  GoBuildInfo info;
  if ((flags & 2) != 0) {
    std::uint64_t at = offset + kHeaderBytes;
    auto version = ReadInline(elf, at, kMaxVersionTextBytes);
    if (!version) return std::move(version).error();
    auto modules = ReadInline(elf, at, kMaxModulesBytes);
    if (!modules) return std::move(modules).error();
    return GoBuildInfo{std::move(*version), std::move(*modules)};
  }
  if (pointer_size != 4 && pointer_size != 8) {
    return DataLoss("pointers of " + std::to_string(pointer_size) + " bytes");
  }
  const bool big_endian = (flags & 1) != 0;
  auto version = ReadPointed(elf, *header, 16, pointer_size, big_endian, kMaxVersionTextBytes);
  if (!version) return std::move(version).error();
  auto modules =
      ReadPointed(elf, *header, 16 + pointer_size, pointer_size, big_endian, kMaxModulesBytes);
  if (!modules) return std::move(modules).error();
  return GoBuildInfo{std::move(*version), std::move(*modules)};
}

bool HasTraceOfGo(const ElfFile& elf) {
  return HasGoBuildId(elf.Head(kBuildIdBytes)) || elf.FindSection(".go.buildinfo") != nullptr ||
         elf.FindSection(".gopclntab") != nullptr || elf.FindSection(".note.go.buildid") != nullptr;
}

}  // namespace

bool HasGoBuildId(std::string_view head) {
  // At the start of the text; or a note of type 4 by "Go".
  constexpr std::string_view kText("\xff Go build ID: \"");
  constexpr std::string_view kNote("\x04\x00\x00\x00Go\x00\x00", 8);
  constexpr std::string_view kNoteBigEndian("\x00\x00\x00\x04Go\x00\x00", 8);
  head = head.substr(0, kBuildIdBytes);
  return head.find(kText) != head.npos || head.find(kNote) != head.npos ||
         head.find(kNoteBigEndian) != head.npos;
}

Result<std::optional<GoBuildInfo>> ReadGoBuildInfo(const ElfFile& elf) {
  std::optional<std::uint64_t> offset;
  if (const auto range = SearchRange(elf)) {
    auto found = FindMagic(elf, *range);
    if (found) {
      offset = *found;
    } else if (HasTraceOfGo(elf)) {
      return std::move(found).error();
    }
  }
  if (!offset) {
    if (HasTraceOfGo(elf)) return NotFound("is a Go program without build information");
    return std::optional<GoBuildInfo>();
  }
  auto info = ReadBlob(elf, *offset);
  if (!info) return std::move(info).error();
  if (info->version.empty()) return DataLoss("the Go version is empty");
  std::string& modules = info->modules;
  if (modules.size() >= 2 * kSentinelBytes + 1 &&
      modules[modules.size() - kSentinelBytes - 1] == '\n') {
    modules = modules.substr(kSentinelBytes, modules.size() - 2 * kSentinelBytes);
  } else if (!modules.empty()) {
    return DataLoss("the text of the modules is not framed as the linker frames it");
  }
  return std::optional(std::move(*info));
}

}  // namespace landwaiter::packages
