// The little of an ELF file that finding a section or a piece of loaded memory takes: System V ABI,
// "Object Files", 32 and 64 bits, both byte orders. Every number in the file is taken for a lie:
// offsets and sizes are checked against the file, tables are bounded. Inside this room only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "scanner/packages/source.h"

namespace landwaiter::packages {

struct ElfSection {
  std::string name;
  std::uint32_t type = 0;
  std::uint64_t address = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

struct ElfSegment {
  std::uint32_t type = 0;
  std::uint32_t flags = 0;
  std::uint64_t address = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  // in the file
};

inline constexpr std::uint32_t kSegmentLoad = 1;
inline constexpr std::uint32_t kSegmentExecute = 1;
inline constexpr std::uint32_t kSegmentWrite = 2;
inline constexpr std::uint32_t kSectionNoBits = 8;

/// True for the head of an executable or shared object.
bool IsElfProgram(std::string_view head);

class ElfFile {
 public:
  /// Section headers that cannot be read count as none, for no loader asks for them.
  /// Errors: DataLoss where a header or the segments' table lies outside the file; what `file`
  /// reports.
  static Result<ElfFile> Open(RandomAccessFile& file);

  /// A program of another format by its named sections and loaded segments, little endian.
  static ElfFile FromSegments(RandomAccessFile& file, std::vector<ElfSection> sections,
                              std::vector<ElfSegment> segments);

  const std::vector<ElfSection>& sections() const { return sections_; }
  const std::vector<ElfSegment>& segments() const { return segments_; }
  const ElfSection* FindSection(std::string_view name) const;
  bool big_endian() const { return big_endian_; }

  /// The first bytes, fewer where the file ends or cannot be read.
  std::string Head(std::size_t max_bytes) const;
  /// Exactly `size` bytes at a file offset. Errors: DataLoss.
  Result<std::string> Read(std::uint64_t offset, std::uint64_t size) const;
  /// Exactly `size` bytes at an address of a loaded segment. Errors: DataLoss.
  Result<std::string> ReadAtAddress(std::uint64_t address, std::uint64_t size) const;
  /// `size` (1 to 8) bytes of `bytes` as a number. The caller checks the bounds.
  static std::uint64_t Number(std::string_view bytes, std::size_t at, std::size_t size,
                              bool big_endian);

 private:
  explicit ElfFile(RandomAccessFile& file) : file_(&file) {}
  Status ReadSegments(std::uint64_t offset, std::size_t entry_size, std::size_t count);
  Status ReadSections(std::uint64_t offset, std::size_t entry_size, std::size_t count,
                      std::size_t names);

  RandomAccessFile* file_;
  bool is_64_ = false;
  bool big_endian_ = false;
  std::vector<ElfSection> sections_;
  std::vector<ElfSegment> segments_;
};

}  // namespace landwaiter::packages
