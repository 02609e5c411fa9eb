// rpm's database in a hash of Berkeley DB 4 and 5 (the Berkeley DB sources, dbinc/db_page.h):
// pages of one size, the first one says which and in which byte order; hash pages hold pairs of
// key and value, a long value stands on a chain of overflow pages. Key: the package's number, in
// the byte order of the file; value: its header. Key 0 holds the highest number instead.
//
// All pages are gone through in turn, for a package is where a hash page says so, whatever its
// bucket. Not handled: what stands only in the environment's cache and log (__db.*, log.*), which
// rpm writes out before it ends; encrypted or checksummed files, which rpm does not make.
#include <array>
#include <limits>
#include <vector>

#include "scanner/packages/file_bytes.h"
#include "scanner/packages/rpm_header.h"
#include "scanner/packages/rpm_records.h"

namespace landwaiter::packages {
namespace {

constexpr std::uint32_t kHashMagic = 0x061561;
constexpr std::size_t kMagicAt = 12;
constexpr std::size_t kMetaBytes = 72;  // as much of it as is read
constexpr std::size_t kPageHeaderBytes = 26;
constexpr std::uint32_t kMinPageBytes = 512;
constexpr std::uint32_t kMaxPageBytes = 65'536;
constexpr std::uint32_t kMinVersion = 7;  // Berkeley DB 4.0
constexpr std::uint32_t kMaxVersion = 10;
// Kinds of pages and of what stands on hash pages.
constexpr unsigned char kHashUnsorted = 2;
constexpr unsigned char kOverflow = 7;
constexpr unsigned char kHashMeta = 8;
constexpr unsigned char kHashSorted = 13;
constexpr unsigned char kKeyOrData = 1;
constexpr unsigned char kOffPage = 3;
constexpr std::size_t kOffPageBytes = 12;

struct PageHeader {
  std::uint32_t next = 0;
  std::uint16_t entries = 0;
  std::uint16_t used = 0;  // of an overflow page: its bytes of the value
  unsigned char kind = 0;
};

class Reader {
 public:
  Reader(RandomAccessFile& file, RpmRecords& out) : file_(file), out_(out) {}

  void Run();

 private:
  Status ReadMeta();
  Status ReadPage(std::uint32_t number, std::string& page, PageHeader& header);
  void ReadHashPage(std::uint32_t number, std::size_t entries);
  void ReadPair(std::string_view key, std::string_view value);
  Status ReadChain(std::string_view item);
  std::uint16_t U16(std::string_view bytes, std::size_t at) const {
    return ReadU16(bytes.data() + at, order_);
  }
  std::uint32_t U32(std::string_view bytes, std::size_t at) const {
    return ReadU32(bytes.data() + at, order_);
  }

  RandomAccessFile& file_;
  RpmRecords& out_;
  ByteOrder order_ = ByteOrder::kLittle;
  std::uint32_t page_bytes_ = 0;
  std::uint64_t pages_ = 0;    // of the file
  std::vector<bool> chained_;  // overflow pages that belong to a value already
  std::string page_;           // a hash page
  std::string overflow_;       // an overflow page
  std::string blob_;
};

Status Reader::ReadMeta() {
  if (auto read = ReadExactly(file_, 0, kMetaBytes, page_); !read) return read;
  if (U32(page_, kMagicAt) != kHashMagic) order_ = ByteOrder::kBig;
  const std::uint32_t version = U32(page_, 16);
  page_bytes_ = U32(page_, 20);
  const std::uint32_t last = U32(page_, 32);
  if (version < kMinVersion || version > kMaxVersion) {
    return Unsupported("is a hash of version " + std::to_string(version));
  }
  if (static_cast<unsigned char>(page_[25]) != kHashMeta) {
    return DataLoss("begins with no description of a hash");
  }
  if (page_[24] != 0 || page_[26] != 0) {
    return Unsupported("is encrypted, has checksums or is one part of several");
  }
  if (page_bytes_ < kMinPageBytes || page_bytes_ > kMaxPageBytes ||
      (page_bytes_ & (page_bytes_ - 1)) != 0) {
    return DataLoss("claims pages of " + std::to_string(page_bytes_) + " bytes");
  }
  pages_ = file_.size() / page_bytes_;
  if (last >= pages_) {
    out_.Fail("breaks off: it has " + std::to_string(pages_) + " pages, page " +
              std::to_string(last) + " is the last");
  }
  chained_.resize(pages_);
  return Ok();
}

Status Reader::ReadPage(std::uint32_t number, std::string& page, PageHeader& header) {
  const std::uint64_t at = std::uint64_t{number} * page_bytes_;
  if (auto read = ReadExactly(file_, at, page_bytes_, page); !read) return read;
  header = {.next = U32(page, 16),
            .entries = U16(page, 20),
            .used = U16(page, 22),
            .kind = static_cast<unsigned char>(page[25])};
  return Ok();
}

void Reader::Run() {
  if (auto read = ReadMeta(); !read) return out_.Fail(read.error().message);
  for (std::uint32_t number = 1; number < pages_; ++number) {
    PageHeader header;
    if (auto read = ReadPage(number, page_, header); !read) {
      return out_.Fail(read.error().message);
    }
    if (header.kind != kHashUnsorted && header.kind != kHashSorted) continue;
    ReadHashPage(number, header.entries);
    if (out_.full()) {
      return out_.Fail("has more than " + std::to_string(kMaxPackagesPerFile) + " packages");
    }
  }
}

// The items fill the page from its end; where each begins stands behind the page's header.
void Reader::ReadHashPage(std::uint32_t number, std::size_t entries) {
  const std::size_t items_from = kPageHeaderBytes + 2 * entries;
  std::size_t end = page_bytes_;
  std::string_view key;
  for (std::size_t i = 0; i < entries && !out_.full(); ++i) {
    const std::size_t at =
        items_from <= page_bytes_ ? U16(page_, kPageHeaderBytes + 2 * i) : page_bytes_;
    if (at < items_from || at >= end) {
      return out_.Fail("page " + std::to_string(number) + " has items that lie outside of it");
    }
    const std::string_view item = std::string_view(page_).substr(at, end - at);
    end = at;
    if (i % 2 == 0) {
      key = item;
    } else {
      ReadPair(key, item);
    }
  }
  if (entries % 2 != 0) out_.Fail("page " + std::to_string(number) + " has a key without value");
}

void Reader::ReadPair(std::string_view key, std::string_view value) {
  if (static_cast<unsigned char>(key[0]) != kKeyOrData || key.size() != 5) {
    return out_.Fail("has a key that is no package number");
  }
  const std::uint32_t number = U32(key, 1);
  if (number == 0) return;
  const auto kind = static_cast<unsigned char>(value[0]);
  if (kind == kKeyOrData) {
    out_.Add(number, value.substr(1));
  } else if (kind != kOffPage) {
    out_.AddBroken(number, "its value is of kind " + std::to_string(kind));
  } else if (auto read = ReadChain(value); !read) {
    out_.AddBroken(number, read.error().message);
  } else {
    out_.Add(number, blob_);
  }
}

Status Reader::ReadChain(std::string_view item) {
  if (item.size() < kOffPageBytes) return DataLoss("its value is cut off");
  std::uint32_t next = U32(item, 4);
  const std::uint32_t length = U32(item, 8);
  if (length > kMaxRpmHeaderBytes) {
    return ResourceExhausted("it has " + std::to_string(length) + " bytes, the limit is " +
                             std::to_string(kMaxRpmHeaderBytes));
  }
  blob_.clear();
  while (next != 0) {
    if (next >= pages_) return DataLoss("it goes on at page " + std::to_string(next));
    // A page belongs to one value; this also ends chains that bite their tails.
    if (chained_[next]) return DataLoss("page " + std::to_string(next) + " is in use twice");
    chained_[next] = true;
    PageHeader header;
    if (auto read = ReadPage(next, overflow_, header); !read) return read;
    if (header.kind != kOverflow || header.used > page_bytes_ - kPageHeaderBytes) {
      return DataLoss("page " + std::to_string(next) + " is no part of a value");
    }
    blob_.append(overflow_, kPageHeaderBytes, header.used);
    if (blob_.size() > length) break;
    next = header.next;
  }
  if (blob_.size() != length) {
    return DataLoss("it has " + std::to_string(blob_.size()) + " bytes or more where " +
                    std::to_string(length) + " are claimed");
  }
  return Ok();
}

}  // namespace

bool IsRpmBdb(std::string_view head) {
  if (head.size() < kMetaBytes) return false;
  return ReadU32(head.data() + kMagicAt, ByteOrder::kLittle) == kHashMagic ||
         ReadU32(head.data() + kMagicAt, ByteOrder::kBig) == kHashMagic;
}

void ReadRpmBdb(RandomAccessFile& file, RpmRecords& out) { Reader(file, out).Run(); }

}  // namespace landwaiter::packages
