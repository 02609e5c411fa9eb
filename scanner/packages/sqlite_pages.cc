#include "scanner/packages/sqlite_pages.h"

#include <algorithm>

#include "scanner/packages/file_bytes.h"
#include "scanner/packages/sqlite_format.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kDatabaseMagic{"SQLite format 3\0", 16};
constexpr std::string_view kJournalMagic = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7";
constexpr std::size_t kReservedAt = 20;
constexpr std::size_t kFramesAt = 32;  // the log's header goes before
constexpr std::size_t kFrameHeaderBytes = 24;
constexpr std::uint32_t kWalMagic = 0x377f0682;  // its last bit: checksums are of big-endian words
constexpr std::uint32_t kWalVersion = 3'007'000;

std::uint32_t Number(std::string_view bytes, std::size_t at) {
  return ReadU32(bytes.data() + at, ByteOrder::kBig);
}

bool IsPageSize(std::uint32_t bytes) {
  return bytes >= kMinSqlitePageBytes && bytes <= kMaxSqlitePageBytes && (bytes & (bytes - 1)) == 0;
}

// Section 4.2, "Checksum Algorithm".
class Checksum {
 public:
  explicit Checksum(ByteOrder order) : order_(order) {}
  void Add(std::string_view bytes) {
    for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
      first_ += ReadU32(bytes.data() + i, order_) + second_;
      second_ += ReadU32(bytes.data() + i + 4, order_) + first_;
    }
  }
  bool Is(std::string_view bytes, std::size_t at) const {
    return Number(bytes, at) == first_ && Number(bytes, at + 4) == second_;
  }

 private:
  ByteOrder order_;
  std::uint32_t first_ = 0;
  std::uint32_t second_ = 0;
};

}  // namespace

bool IsSqliteDatabase(std::string_view head) { return head.starts_with(kDatabaseMagic); }

bool IsSqliteWal(std::string_view head) {
  return head.size() >= 4 && (Number(head, 0) & ~1u) == kWalMagic;
}

bool IsHotSqliteJournal(std::string_view head) { return head.starts_with(kJournalMagic); }

Result<SqlitePages> SqlitePages::OpenDatabase(RandomAccessFile& file) {
  SqlitePages pages(file);
  std::string header;
  if (auto read = ReadExactly(file, 0, kSqliteHeaderBytes, header); !read) {
    return std::move(read).error();
  }
  pages.page_bytes_ = ReadU16(header.data() + 16, ByteOrder::kBig);
  if (pages.page_bytes_ == 1) pages.page_bytes_ = kMaxSqlitePageBytes;
  pages.reserved_ = static_cast<unsigned char>(header[kReservedAt]);
  if (!IsPageSize(pages.page_bytes_) || pages.usable() < 480) {
    return DataLoss("claims pages of " + std::to_string(pages.page_bytes_) + " bytes, " +
                    std::to_string(pages.reserved_) + " of them reserved");
  }
  pages.page_count_ = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(file.size() / pages.page_bytes_, 0xfffffffe));
  // Older writers leave the number of pages as it is; then the change counters differ.
  if (Number(header, 24) == Number(header, 92)) pages.claimed_pages_ = Number(header, 28);
  return pages;
}

Result<std::optional<SqlitePages>> SqlitePages::OpenWal(RandomAccessFile& file) {
  SqlitePages pages(file);
  pages.wal_ = true;
  if (file.size() < kFramesAt) return std::optional<SqlitePages>();
  std::string header;
  if (auto read = ReadExactly(file, 0, kFramesAt, header); !read) return std::move(read).error();
  pages.page_bytes_ = Number(header, 8);
  if (!IsSqliteWal(header) || !IsPageSize(pages.page_bytes_)) return std::optional<SqlitePages>();
  if (auto read = pages.ReadFrames(header); !read) return std::move(read).error();
  if (pages.frames_.empty()) return std::optional<SqlitePages>();
  if (pages.Has(1)) {
    std::string first;
    if (auto read = pages.Read(1, first); !read) return std::move(read).error();
    pages.reserved_ = static_cast<unsigned char>(first[kReservedAt]);
    if (pages.usable() < 480) return DataLoss("reserves more of a page than there may be");
  }
  return std::optional<SqlitePages>(std::move(pages));
}

Status SqlitePages::ReadFrames(std::string_view header) {
  Checksum sum((Number(header, 0) & 1) != 0 ? ByteOrder::kBig : ByteOrder::kLittle);
  sum.Add(header.substr(0, 24));
  if (!sum.Is(header, 24)) return Ok();
  if (Number(header, 4) != kWalVersion) {
    return Unsupported("is a log of version " + std::to_string(Number(header, 4)));
  }
  const std::size_t frame_bytes = kFrameHeaderBytes + page_bytes_;
  const std::uint64_t most = (file_->size() - kFramesAt) / frame_bytes;
  std::string frame;
  std::size_t committed = 0;
  for (std::uint32_t i = 0; i < most; ++i) {
    if (auto read = ReadExactly(*file_, kFramesAt + i * frame_bytes, frame_bytes, frame); !read) {
      return read;
    }
    const std::string_view view = frame;
    const std::uint32_t page = Number(view, 0);
    if (page == 0 || view.substr(8, 8) != header.substr(16, 8)) break;
    sum.Add(view.substr(0, 8));
    sum.Add(view.substr(kFrameHeaderBytes));
    if (!sum.Is(view, 16)) break;
    frames_.emplace_back(page, i);
    if (Number(view, 4) == 0) continue;
    committed = frames_.size();
    page_count_ = Number(view, 4);
  }
  frames_.resize(committed);
  std::sort(frames_.begin(), frames_.end());
  // The last frame of each page.
  const auto same_page = [](const auto& a, const auto& b) { return a.first == b.first; };
  const auto kept = std::unique(frames_.rbegin(), frames_.rend(), same_page);
  frames_.erase(frames_.begin(), kept.base());
  return Ok();
}

std::vector<std::uint32_t> SqlitePages::Numbers() const {
  std::vector<std::uint32_t> numbers;
  numbers.reserve(frames_.size());
  for (const auto& [page, frame] : frames_) numbers.push_back(page);
  return numbers;
}

// Null where the log has no such page.
const std::uint32_t* SqlitePages::FrameOf(std::uint32_t page) const {
  const auto found = std::lower_bound(frames_.begin(), frames_.end(), std::pair(page, 0u));
  return found != frames_.end() && found->first == page ? &found->second : nullptr;
}

bool SqlitePages::Has(std::uint32_t page) const {
  return wal_ ? FrameOf(page) != nullptr : page >= 1 && page <= page_count_;
}

Status SqlitePages::Read(std::uint32_t page, std::string& out) const {
  if (!Has(page)) return DataLoss("page " + std::to_string(page) + " is not there");
  std::uint64_t at = std::uint64_t{page - 1} * page_bytes_;
  if (wal_) {
    at = kFramesAt + *FrameOf(page) * (kFrameHeaderBytes + page_bytes_) + kFrameHeaderBytes;
  }
  return ReadExactly(*file_, at, page_bytes_, out);
}

}  // namespace landwaiter::packages
