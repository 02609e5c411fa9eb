// rpm's own database format, NDB (rpm, lib/backend/ndb/rpmpkg.c; no other specification exists):
// a header of 32 bytes, pages of slots (package number, where its blob begins, how long it is),
// then the blobs, each with a head and a tail. Numbers are little endian, places count in blocks of
// 16 bytes.
//
// As in rpm, a blob's checksum is not asked for when it is read. A slot or blob that is not what it
// should be fails the reading; the others still count.
#include <algorithm>

#include "scanner/packages/file_bytes.h"
#include "scanner/packages/rpm_header.h"
#include "scanner/packages/rpm_records.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kMagic = "RpmP";
constexpr std::string_view kSlotMagic = "Slot";
constexpr std::string_view kHeadMagic = "BlbS";
constexpr std::string_view kTailMagic = "BlbE";
constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kSlotBytes = 16;
constexpr std::uint64_t kBlockBytes = 16;
constexpr std::size_t kHeadBytesOfBlob = 16;
constexpr std::size_t kTailBytes = 12;

std::uint32_t Number(std::string_view bytes, std::size_t at) {
  return ReadU32(bytes.data() + at, ByteOrder::kLittle);
}

struct Slot {
  std::uint32_t package = 0;
  std::uint32_t first_block = 0;  // 0: the slot is free
  std::uint32_t blocks = 0;
};

class Reader {
 public:
  Reader(RandomAccessFile& file, RpmRecords& out) : file_(file), out_(out) {}

  void Run();

 private:
  bool ReadSlotPage(std::uint32_t page);
  void ReadBlob(const Slot& slot);
  Status ReadBlobBytes(const Slot& slot);

  RandomAccessFile& file_;
  RpmRecords& out_;
  std::uint64_t slot_pages_ = 0;
  std::uint64_t bytes_read_ = 0;  // of all blobs
  std::string page_;
  std::string blob_;
};

void Reader::Run() {
  if (auto read = ReadExactly(file_, 0, kHeaderBytes, page_); !read) {
    return out_.Fail(read.error().message);
  }
  const std::uint32_t version = Number(page_, 4);
  if (version != 0) return out_.Fail("is of NDB version " + std::to_string(version));
  slot_pages_ = Number(page_, 12);
  if (slot_pages_ == 0 || slot_pages_ > file_.size() / kPageBytes) {
    return out_.Fail("claims " + std::to_string(slot_pages_) + " pages of slots in " +
                     std::to_string(file_.size()) + " bytes");
  }
  for (std::uint32_t page = 0; page < slot_pages_; ++page) {
    if (!ReadSlotPage(page)) return;
  }
}

// False where reading on makes no sense.
bool Reader::ReadSlotPage(std::uint32_t page) {
  if (auto read = ReadExactly(file_, page * kPageBytes, kPageBytes, page_); !read) {
    out_.Fail(read.error().message);
    return false;
  }
  for (std::size_t at = page == 0 ? kHeaderBytes : 0; at < kPageBytes; at += kSlotBytes) {
    if (page_.compare(at, kSlotMagic.size(), kSlotMagic) != 0) {
      out_.Fail("slot at byte " + std::to_string(page * kPageBytes + at) + " is none");
      continue;
    }
    const Slot slot{Number(page_, at + 4), Number(page_, at + 8), Number(page_, at + 12)};
    if (slot.first_block == 0) continue;
    if (out_.full()) {
      out_.Fail("has more than " + std::to_string(kMaxPackagesPerFile) + " packages");
      return false;
    }
    ReadBlob(slot);
    if (bytes_read_ > file_.size()) {
      out_.Fail("has packages that lie on top of each other");
      return false;
    }
  }
  return true;
}

void Reader::ReadBlob(const Slot& slot) {
  if (auto read = ReadBlobBytes(slot); !read) {
    out_.AddBroken(slot.package, read.error().message);
    return;
  }
  out_.Add(slot.package, blob_);
}

Status Reader::ReadBlobBytes(const Slot& slot) {
  const std::uint64_t begin = slot.first_block * kBlockBytes;
  const std::uint64_t size = slot.blocks * kBlockBytes;
  if (slot.package == 0 || begin < slot_pages_ * kPageBytes) {
    return DataLoss("its slot leads to the pages of slots");
  }
  if (size < kHeadBytesOfBlob + kTailBytes ||
      size > kMaxRpmHeaderBytes + kHeadBytesOfBlob + kTailBytes + kBlockBytes) {
    return DataLoss("it has " + std::to_string(size) + " bytes");
  }
  bytes_read_ += size;
  if (auto read = ReadExactly(file_, begin, size, blob_); !read) return read;
  const std::uint64_t length = Number(blob_, 12);
  const std::uint64_t whole = kHeadBytesOfBlob + length + kTailBytes;
  if (!blob_.starts_with(kHeadMagic) || Number(blob_, 4) != slot.package ||
      (whole + kBlockBytes - 1) / kBlockBytes != slot.blocks) {
    return DataLoss("what its slot leads to is not its beginning");
  }
  // The tail closes the last block; what fills it up stands before.
  const std::size_t tail = blob_.size() - kTailBytes;
  if (blob_.compare(tail + 8, kTailMagic.size(), kTailMagic) != 0 ||
      Number(blob_, tail + 4) != length) {
    return DataLoss("it is not whole");
  }
  blob_.resize(kHeadBytesOfBlob + length);
  blob_.erase(0, kHeadBytesOfBlob);
  return Ok();
}

}  // namespace

bool IsRpmNdb(std::string_view head) { return head.starts_with(kMagic); }

void ReadRpmNdb(RandomAccessFile& file, RpmRecords& out) { Reader(file, out).Run(); }

}  // namespace landwaiter::packages
