// The end record and the central directory: APPNOTE.TXT 4.3.12, 4.3.14 to 4.3.16, 4.5.3.
#include <algorithm>
#include <string>

#include "scanner/packages/zip_reader.h"

namespace landwaiter::packages {
namespace {

constexpr std::uint32_t kEntrySignature = 0x02014b50;
constexpr std::uint32_t kLocalSignature = 0x04034b50;
constexpr std::uint32_t kEndSignature = 0x06054b50;
constexpr std::uint32_t kEnd64Signature = 0x06064b50;
constexpr std::uint32_t kLocator64Signature = 0x07064b50;
constexpr std::size_t kEntryBytes = 46;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kEnd64Bytes = 56;
constexpr std::size_t kLocator64Bytes = 20;
// The comment behind the end record has a length of 16 bits.
constexpr std::size_t kMaxTail = kEndBytes + 0xffff;
// Records with bytes behind them that could be the archive's; each costs two reads.
constexpr int kMaxCandidates = 64;
constexpr std::uint32_t kIn64 = 0xffffffff;
constexpr std::uint16_t kZip64Field = 1;
// One entry with name, extra field and comment has 197 KB at most.
constexpr std::size_t kPieceBytes = 64u << 10;

std::uint64_t Number(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

std::uint16_t Short(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(Number(bytes, at, 2));
}
std::uint32_t Word(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint32_t>(Number(bytes, at, 4));
}

// Exactly `count` bytes.
Result<std::string> ReadBytes(RandomAccessFile& file, std::uint64_t offset, std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    auto got = file.ReadAt(offset + have, bytes.data() + have, count - have);
    if (!got) return std::move(got).error();
    if (*got == 0) return DataLoss("the file ends within it");
    have += *got;
  }
  return bytes;
}

// Bytes of the directory, read ahead in pieces.
class Pieces {
 public:
  Pieces(RandomAccessFile& file, std::uint64_t begin, std::uint64_t end)
      : file_(file), at_(begin), end_(end) {}

  bool done() const { return at_ == end_; }
  /// The next `count` bytes, which stay in front. Errors: DataLoss.
  Result<std::string_view> Peek(std::size_t count) {
    if (count > end_ - at_) return DataLoss("the central directory breaks off within an entry");
    if (count > bytes_.size() - from_) {
      const std::uint64_t most = std::max<std::uint64_t>(count, kPieceBytes);
      auto read = ReadBytes(file_, at_, static_cast<std::size_t>(std::min(most, end_ - at_)));
      if (!read) return std::move(read).error().Context("the central directory");
      bytes_ = *std::move(read);
      from_ = 0;
    }
    return std::string_view(bytes_).substr(from_, count);
  }
  void Skip(std::size_t count) {
    from_ += count;
    at_ += count;
  }

 private:
  RandomAccessFile& file_;
  std::uint64_t at_;
  std::uint64_t end_;
  std::string bytes_;
  std::size_t from_ = 0;
};

// Sizes and offset that did not fit into the entry stand in its zip64 field, in this order, those
// that are missing left out.
Status TakeZip64Field(std::string_view extra, ZipEntry& entry) {
  const bool any = entry.size == kIn64 || entry.compressed_size == kIn64 || entry.header == kIn64;
  while (any && extra.size() >= 4) {
    const std::uint16_t id = Short(extra, 0);
    const std::size_t size = std::min<std::size_t>(Short(extra, 2), extra.size() - 4);
    std::string_view field = extra.substr(4, size);
    extra.remove_prefix(4 + size);
    if (id != kZip64Field) continue;
    for (std::uint64_t* const value : {&entry.size, &entry.compressed_size, &entry.header}) {
      if (*value != kIn64) continue;
      if (field.size() < 8) return DataLoss("a zip64 field of an entry is too short");
      *value = Number(field, 0, 8);
      field.remove_prefix(8);
    }
    return Ok();
  }
  return Ok();  // 2^32 - 1 is a size, too
}

}  // namespace

struct ZipReader::End {
  std::uint64_t at = 0;         // of the record that says where the directory is
  std::uint64_t directory = 0;  // offset as written, from the beginning of the archive
  std::uint64_t size = 0;       // of the directory
  bool maybe_zip64 = false;
};

// Some tools pad archives: a record with bytes behind its comment counts if a directory and a first
// entry stand where it says (ZipFile.Source.findEND).
bool ZipReader::HasDirectory(const End& end) {
  const std::uint64_t directory = end.at - end.size;
  auto entry = ReadBytes(*file_, directory, 4);
  auto local = ReadBytes(*file_, directory - end.directory, 4);
  return entry && local && Word(*entry, 0) == kEntrySignature && Word(*local, 0) == kLocalSignature;
}

Result<ZipReader::End> ZipReader::FindEnd() {
  const std::uint64_t size = file_->size();
  if (size < kEndBytes) return NotFound("has no zip end record");
  const std::uint64_t from = size - std::min<std::uint64_t>(size, kMaxTail);
  auto tail = ReadBytes(*file_, from, static_cast<std::size_t>(size - from));
  if (!tail) return std::move(tail).error();
  const std::string_view bytes = *tail;
  constexpr std::string_view kMagic("PK\x05\x06", 4);
  std::size_t at = bytes.rfind(kMagic, bytes.size() - kEndBytes);
  int looked_at = 0;
  while (at != std::string_view::npos) {
    End end{.at = from + at, .directory = Word(bytes, at + 16), .size = Word(bytes, at + 12)};
    end.maybe_zip64 =
        end.directory == kIn64 || end.size == kIn64 || Short(bytes, at + 10) == 0xffff;
    const std::size_t comment = Short(bytes, at + 20);
    if (at + kEndBytes + comment == bytes.size()) return end;
    if (end.size <= end.at && end.directory <= end.at - end.size) {
      if (++looked_at > kMaxCandidates) return DataLoss("has more end records than an archive can");
      if (HasDirectory(end)) return end;
    }
    at = at == 0 ? std::string_view::npos : bytes.rfind(kMagic, at - 1);
  }
  return NotFound("has no zip end record");
}

// The locator's offset counts from the beginning of the archive; with a script in front the record
// stands all the same right before the locator.
Status ZipReader::TakeZip64(End& end) {
  if (!end.maybe_zip64 || end.at < kLocator64Bytes + kEnd64Bytes) return Ok();
  auto locator = ReadBytes(*file_, end.at - kLocator64Bytes, kLocator64Bytes);
  if (!locator) return std::move(locator).error();
  if (Word(*locator, 0) != kLocator64Signature) return Ok();
  const std::uint64_t before = end.at - kLocator64Bytes - kEnd64Bytes;
  for (const std::uint64_t at : {Number(*locator, 8, 8), before}) {
    if (at > before) continue;
    auto record = ReadBytes(*file_, at, kEnd64Bytes);
    if (!record) return std::move(record).error();
    if (Word(*record, 0) != kEnd64Signature) continue;
    end = {.at = at, .directory = Number(*record, 48, 8), .size = Number(*record, 40, 8)};
    return Ok();
  }
  return DataLoss("has a zip64 locator that leads to no end record");
}

Status ZipReader::SetDirectory(const End& end) {
  if (end.size > end.at) {
    return DataLoss("has a central directory of " + std::to_string(end.size) +
                    " bytes, before it there are only " + std::to_string(end.at));
  }
  directory_end_ = end.at;
  directory_ = end.at - end.size;
  if (end.directory > directory_) {
    return DataLoss("says that its central directory stands at " + std::to_string(end.directory) +
                    ", it is at " + std::to_string(directory_));
  }
  base_ = directory_ - end.directory;
  return Ok();
}

Result<ZipReader> ZipReader::Open(RandomAccessFile& file) {
  ZipReader reader(file);
  auto end = reader.FindEnd();
  if (!end) return std::move(end).error();
  if (auto taken = reader.TakeZip64(*end); !taken) return std::move(taken).error();
  if (auto set = reader.SetDirectory(*end); !set) return std::move(set).error();
  return reader;
}

Status ZipReader::ForEach(const std::function<Status(const ZipEntry&)>& visit) {
  Pieces pieces(*file_, directory_, directory_end_);
  while (!pieces.done()) {
    auto head = pieces.Peek(kEntryBytes);
    if (!head) return std::move(head).error();
    if (Word(*head, 0) != kEntrySignature) {
      return DataLoss("the central directory holds something else than entries");
    }
    const std::size_t name = Short(*head, 28);
    const std::size_t extra = Short(*head, 30);
    const std::size_t whole = kEntryBytes + name + extra + Short(*head, 32);
    auto bytes = pieces.Peek(whole);
    if (!bytes) return std::move(bytes).error();
    ZipEntry entry{.name = bytes->substr(kEntryBytes, name),
                   .flags = Short(*bytes, 8),
                   .method = Short(*bytes, 10),
                   .crc = Word(*bytes, 16),
                   .compressed_size = Word(*bytes, 20),
                   .size = Word(*bytes, 24),
                   .header = Word(*bytes, 42)};
    auto taken = TakeZip64Field(bytes->substr(kEntryBytes + name, extra), entry);
    if (!taken) return taken;
    if (entry.header > UINT64_MAX - base_) return DataLoss("an entry lies outside the file");
    entry.header += base_;
    if (auto visited = visit(entry); !visited) return visited;
    pieces.Skip(whole);
  }
  return Ok();
}

}  // namespace landwaiter::packages
