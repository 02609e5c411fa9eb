#include "scanner/packages/elf.h"

#include <algorithm>
#include <utility>

namespace landwaiter::packages {
namespace {

constexpr std::size_t kIdentBytes = 16;
constexpr std::size_t kHeader64Bytes = 64;
constexpr std::size_t kHeader32Bytes = 52;
// Go programs have some 40 sections and 10 segments; a file of -ffunction-sections has thousands.
constexpr std::size_t kMaxTableEntries = 65'535;
constexpr std::uint64_t kMaxNamesBytes = 16u << 20;

std::string Hex(std::uint64_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  do {
    out.insert(out.begin(), kDigits[value & 15]);
    value >>= 4;
  } while (value != 0);
  return "0x" + out;
}

}  // namespace

bool IsElfProgram(std::string_view head) {
  if (head.size() < kHeader32Bytes || !head.starts_with("\x7f"
                                                        "ELF")) {
    return false;
  }
  const bool big_endian = head[5] == 2;
  const std::uint64_t type = ElfFile::Number(head, 16, 2, big_endian);
  return type == 2 || type == 3;  // ET_EXEC, ET_DYN
}

std::uint64_t ElfFile::Number(std::string_view bytes, std::size_t at, std::size_t size,
                              bool big_endian) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t index = big_endian ? i : size - 1 - i;
    value = value << 8 | static_cast<unsigned char>(bytes[at + index]);
  }
  return value;
}

std::string ElfFile::Head(std::size_t max_bytes) const {
  auto bytes = Read(0, std::min<std::uint64_t>(max_bytes, file_->size()));
  return bytes ? std::move(*bytes) : std::string();
}

Result<std::string> ElfFile::Read(std::uint64_t offset, std::uint64_t size) const {
  const std::uint64_t end = file_->size();
  if (offset > end || size > end - offset) {
    return DataLoss(Hex(size) + " bytes at " + Hex(offset) + " lie outside the file of " +
                    Hex(end) + " bytes");
  }
  std::string bytes(size, '\0');
  std::uint64_t done = 0;
  while (done < size) {
    auto got = file_->ReadAt(offset + done, bytes.data() + done, size - done);
    if (!got) return std::move(got).error();
    if (*got == 0) return DataLoss("the file ends at " + Hex(offset + done));
    done += *got;
  }
  return bytes;
}

Result<std::string> ElfFile::ReadAtAddress(std::uint64_t address, std::uint64_t size) const {
  for (const ElfSegment& segment : segments_) {
    if (segment.type != kSegmentLoad || address < segment.address) continue;
    const std::uint64_t within = address - segment.address;
    if (within >= segment.size || size > segment.size - within) continue;
    if (segment.offset > UINT64_MAX - within) continue;
    return Read(segment.offset + within, size);
  }
  return DataLoss(Hex(size) + " bytes at address " + Hex(address) + " are in no loaded segment");
}

Result<ElfFile> ElfFile::Open(RandomAccessFile& file) {
  ElfFile elf(file);
  auto ident = elf.Read(0, kIdentBytes);
  if (!ident) return std::move(ident).error();
  elf.is_64_ = (*ident)[4] == 2;
  elf.big_endian_ = (*ident)[5] == 2;
  auto header = elf.Read(0, elf.is_64_ ? kHeader64Bytes : kHeader32Bytes);
  if (!header) return std::move(header).error();
  const auto field = [&](std::size_t at64, std::size_t at32, std::size_t size64,
                         std::size_t size32) {
    return elf.is_64_ ? Number(*header, at64, size64, elf.big_endian_)
                      : Number(*header, at32, size32, elf.big_endian_);
  };
  const std::uint64_t segments_at = field(32, 28, 8, 4);
  const std::uint64_t sections_at = field(40, 32, 8, 4);
  if (auto status = elf.ReadSegments(segments_at, field(54, 42, 2, 2), field(56, 44, 2, 2));
      !status) {
    return std::move(status).error().Context("program headers");
  }
  if (auto status = elf.ReadSections(sections_at, field(58, 46, 2, 2), field(60, 48, 2, 2),
                                     field(62, 50, 2, 2));
      !status) {
    // No loader needs them, so a program may lie about them and run all the same.
    elf.sections_.clear();
  }
  return elf;
}

ElfFile ElfFile::FromSegments(RandomAccessFile& file, std::vector<ElfSection> sections,
                              std::vector<ElfSegment> segments) {
  ElfFile elf(file);
  elf.sections_ = std::move(sections);
  elf.segments_ = std::move(segments);
  return elf;
}

Status ElfFile::ReadSegments(std::uint64_t offset, std::size_t entry_size, std::size_t count) {
  const std::size_t expected = is_64_ ? 56 : 32;
  if (count == 0) return Ok();
  if (entry_size < expected || count > kMaxTableEntries) {
    return DataLoss("entries of " + std::to_string(entry_size) + " bytes, expected " +
                    std::to_string(expected));
  }
  auto table = Read(offset, static_cast<std::uint64_t>(entry_size) * count);
  if (!table) return std::move(table).error();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = i * entry_size;
    const auto field = [&](std::size_t at64, std::size_t at32, bool word) {
      const std::size_t size = is_64_ && word ? 8 : 4;
      return Number(*table, at + (is_64_ ? at64 : at32), size, big_endian_);
    };
    segments_.push_back({static_cast<std::uint32_t>(field(0, 0, false)),
                         static_cast<std::uint32_t>(field(4, 24, false)), field(16, 8, true),
                         field(8, 4, true), field(32, 16, true)});
  }
  return Ok();
}

Status ElfFile::ReadSections(std::uint64_t offset, std::size_t entry_size, std::size_t count,
                             std::size_t names) {
  const std::size_t expected = is_64_ ? 64 : 40;
  if (count == 0 || offset == 0) return Ok();  // stripped of its section headers
  if (entry_size < expected || count > kMaxTableEntries) {
    return DataLoss("entries of " + std::to_string(entry_size) + " bytes, expected " +
                    std::to_string(expected));
  }
  auto table = Read(offset, static_cast<std::uint64_t>(entry_size) * count);
  if (!table) return std::move(table).error();
  std::vector<std::uint64_t> name_at;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = i * entry_size;
    const auto field = [&](std::size_t at64, std::size_t at32) {
      return Number(*table, at + (is_64_ ? at64 : at32), is_64_ ? 8 : 4, big_endian_);
    };
    name_at.push_back(Number(*table, at, 4, big_endian_));
    sections_.push_back({"", static_cast<std::uint32_t>(Number(*table, at + 4, 4, big_endian_)),
                         field(16, 12), field(24, 16), field(32, 20)});
  }
  if (names >= count) return Ok();  // sections without names
  const ElfSection& strings = sections_[names];
  if (strings.size > kMaxNamesBytes)
    return DataLoss("the names have " + Hex(strings.size) + " bytes");
  auto text = Read(strings.offset, strings.size);
  if (!text) return std::move(text).error();
  for (std::size_t i = 0; i < count; ++i) {
    if (name_at[i] >= text->size()) continue;
    // A name is as long as the longest that anybody looks for; a table of overlapping names
    // cannot make this quadratic.
    const std::string_view rest = std::string_view(*text).substr(name_at[i], 64);
    sections_[i].name = rest.substr(0, rest.find('\0'));
  }
  return Ok();
}

const ElfSection* ElfFile::FindSection(std::string_view name) const {
  const auto found = std::find_if(sections_.begin(), sections_.end(),
                                  [&](const ElfSection& s) { return s.name == name; });
  return found == sections_.end() ? nullptr : &*found;
}

}  // namespace landwaiter::packages
