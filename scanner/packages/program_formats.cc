#include "scanner/packages/program_formats.h"

#include <algorithm>
#include <utility>

namespace landwaiter::packages {
namespace {

constexpr std::size_t kDosHeaderBytes = 64;
constexpr std::size_t kCoffBytes = 24;  // with the signature "PE\0\0"
constexpr std::size_t kMaxOptionalBytes = 1024;
constexpr std::size_t kPeSectionBytes = 40;
constexpr std::uint32_t kPeExecute = 0x20000000;
constexpr std::uint32_t kPeWrite = 0x80000000;

constexpr std::uint32_t kMachO64 = 0xfeedfacf;
constexpr std::size_t kMachOHeaderBytes = 32;
constexpr std::uint32_t kSegment64 = 0x19;
constexpr std::size_t kSegment64Bytes = 72;
constexpr std::size_t kMachOSectionBytes = 80;
constexpr std::uint32_t kMachOWrite = 2;
constexpr std::uint32_t kMachOExecute = 4;
// Go's have some 2 KB, Apple's largest some 20.
constexpr std::uint64_t kMaxCommandBytes = 1u << 20;

std::uint64_t Number(std::string_view bytes, std::size_t at, std::size_t size) {
  return ElfFile::Number(bytes, at, size, false);
}

std::uint32_t Flags(bool execute, bool write) {
  return (execute ? kSegmentExecute : 0) | (write ? kSegmentWrite : 0);
}

Result<ElfFile> OpenPe(RandomAccessFile& file) {
  const ElfFile bytes = ElfFile::FromSegments(file, {}, {});
  auto dos = bytes.Read(0, kDosHeaderBytes);
  if (!dos) return std::move(dos).error();
  const std::uint64_t at = Number(*dos, 60, 4);
  auto coff = bytes.Read(at, kCoffBytes);
  if (!coff) return std::move(coff).error();
  const std::size_t optional_size = Number(*coff, 20, 2);
  if (!coff->starts_with(std::string_view("PE\0\0", 4)) || optional_size < 32 ||
      optional_size > kMaxOptionalBytes) {
    return DataLoss("no PE header is where the DOS header says");
  }
  auto optional = bytes.Read(at + kCoffBytes, optional_size);
  if (!optional) return std::move(optional).error();
  const bool wide = Number(*optional, 0, 2) == 0x20b;
  const std::uint64_t base = wide ? Number(*optional, 24, 8) : Number(*optional, 28, 4);
  const std::size_t count = Number(*coff, 6, 2);
  auto table = bytes.Read(at + kCoffBytes + optional_size, count * kPeSectionBytes);
  if (!table) return std::move(table).error();
  std::vector<ElfSegment> segments;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view row = std::string_view(*table).substr(i * kPeSectionBytes);
    const std::uint64_t flags = Number(row, 36, 4);
    segments.push_back({kSegmentLoad, Flags((flags & kPeExecute) != 0, (flags & kPeWrite) != 0),
                        base + Number(row, 12, 4), Number(row, 20, 4), Number(row, 16, 4)});
  }
  return ElfFile::FromSegments(file, {}, std::move(segments));
}

// The section that Go's linker writes has this name here, to its end.
constexpr std::string_view kBuildInfoName{"__go_buildinfo\0", sizeof("__go_buildinfo")};

void AddBuildInfo(std::string_view command, std::vector<ElfSection>& sections) {
  const std::size_t count = Number(command, 64, 4);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = kSegment64Bytes + i * kMachOSectionBytes;
    if (at + kMachOSectionBytes > command.size()) return;
    const std::string_view row = command.substr(at, kMachOSectionBytes);
    if (!row.starts_with(kBuildInfoName)) continue;
    sections.push_back(
        {".go.buildinfo", 1, Number(row, 32, 8), Number(row, 48, 4), Number(row, 40, 8)});
  }
}

Result<ElfFile> OpenMachO(RandomAccessFile& file) {
  const ElfFile bytes = ElfFile::FromSegments(file, {}, {});
  auto header = bytes.Read(0, kMachOHeaderBytes);
  if (!header) return std::move(header).error();
  const std::uint64_t size = Number(*header, 20, 4);
  if (size > kMaxCommandBytes) {
    return DataLoss("the load commands have " + std::to_string(size) + " bytes");
  }
  auto commands = bytes.Read(kMachOHeaderBytes, size);
  if (!commands) return std::move(commands).error();
  std::vector<ElfSection> sections;
  std::vector<ElfSegment> segments;
  std::string_view rest = *commands;
  while (rest.size() >= 8) {
    const std::size_t length = Number(rest, 4, 4);
    if (length < 8 || length > rest.size()) return DataLoss("a load command breaks off");
    const std::string_view command = rest.substr(0, length);
    rest.remove_prefix(length);
    if (Number(command, 0, 4) != kSegment64 || length < kSegment64Bytes) continue;
    const std::uint64_t protection = Number(command, 60, 4);
    segments.push_back({kSegmentLoad,
                        Flags((protection & kMachOExecute) != 0, (protection & kMachOWrite) != 0),
                        Number(command, 24, 8), Number(command, 40, 8), Number(command, 48, 8)});
    AddBuildInfo(command, sections);
  }
  return ElfFile::FromSegments(file, std::move(sections), std::move(segments));
}

}  // namespace

bool IsPeProgram(std::string_view head) {
  if (head.size() < kDosHeaderBytes || !head.starts_with("MZ")) return false;
  const std::uint64_t at = Number(head, 60, 4);
  return at < head.size() && head.substr(at).starts_with(std::string_view("PE\0\0", 4));
}

bool IsMachOProgram(std::string_view head) {
  constexpr std::uint64_t kExecute = 2;
  return head.size() >= kMachOHeaderBytes && Number(head, 0, 4) == kMachO64 &&
         Number(head, 12, 4) == kExecute;
}

Result<ElfFile> OpenProgram(RandomAccessFile& file) {
  std::string head(kHeadBytes, '\0');
  auto got = file.ReadAt(0, head.data(), head.size());
  if (!got) return std::move(got).error();
  head.resize(*got);
  if (IsPeProgram(head)) return OpenPe(file);
  if (IsMachOProgram(head)) return OpenMachO(file);
  return ElfFile::Open(file);
}

}  // namespace landwaiter::packages
