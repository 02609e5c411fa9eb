// Entries' bytes: APPNOTE.TXT 4.3.7 (local header), RFC 1951 (deflate, by ISA-L).
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <array>
#include <utility>

#include "scanner/packages/zip_reader.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kLocalMagic("PK\x03\x04", 4);
constexpr std::size_t kLocalBytes = 30;
constexpr std::uint16_t kEncrypted = 1;
constexpr std::uint16_t kStored = 0;
constexpr std::uint16_t kDeflated = 8;
constexpr std::size_t kPieceBytes = 64u << 10;

std::size_t Short(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]) |
         static_cast<std::size_t>(static_cast<unsigned char>(bytes[at + 1])) << 8;
}

std::uint32_t Crc(std::uint32_t crc, std::string_view bytes) {
  // Its declaration lacks const.
  auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  return crc32_gzip_refl(crc, data, bytes.size());
}

// Hands on at most so many bytes, and sums up what it hands on.
class Output {
 public:
  Output(const ZipEntry& entry, std::uint64_t max_bytes,
         const std::function<Status(std::string_view)>& sink)
      : entry_(entry), max_bytes_(max_bytes), sink_(sink) {}

  bool full() const { return given_ >= max_bytes_; }
  Status Take(std::string_view bytes) {
    if (bytes.size() > entry_.size - given_) {
      return DataLoss("is longer than the " + std::to_string(entry_.size) +
                      " bytes that the archive says it has");
    }
    bytes = bytes.substr(
        0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), max_bytes_ - given_)));
    crc_ = Crc(crc_, bytes);
    given_ += bytes.size();
    return sink_(bytes);
  }
  /// After the last byte, where the whole entry was wanted.
  Status Check() const {
    if (given_ < entry_.size) {
      return full() ? Ok()
                    : DataLoss("ends after " + std::to_string(given_) + " of " +
                               std::to_string(entry_.size) + " bytes");
    }
    return crc_ == entry_.crc ? Ok() : DataLoss("is corrupt: its checksum is wrong");
  }

 private:
  const ZipEntry& entry_;
  std::uint64_t max_bytes_;
  const std::function<Status(std::string_view)>& sink_;
  std::uint64_t given_ = 0;
  std::uint32_t crc_ = 0;
};

// The compressed bytes of an entry, piece by piece; empty at their end.
class Input {
 public:
  Input(RandomAccessFile& file, std::uint64_t offset, std::uint64_t size)
      : file_(file), at_(offset), left_(size) {}

  Result<std::string_view> Next() {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left_, buffer_.size()));
    if (wanted == 0) return std::string_view();
    auto got = file_.ReadAt(at_, buffer_.data(), wanted);
    if (!got) return std::move(got).error();
    if (*got == 0) return DataLoss("the archive ends within it");
    at_ += *got;
    left_ -= *got;
    return std::string_view(buffer_.data(), *got);
  }

 private:
  RandomAccessFile& file_;
  std::uint64_t at_;
  std::uint64_t left_;
  std::array<char, kPieceBytes> buffer_;
};

Status CopyStored(Input& input, Output& output) {
  while (!output.full()) {
    auto bytes = input.Next();
    if (!bytes) return std::move(bytes).error();
    if (bytes->empty()) break;
    if (auto taken = output.Take(*bytes); !taken) return taken;
  }
  return output.Check();
}

Status Inflate(Input& input, inflate_state& state, Output& output) {
  std::array<char, kPieceBytes> room;
  isal_inflate_init(&state);
  state.crc_flag = ISAL_DEFLATE;
  while (!output.full() && state.block_state != ISAL_BLOCK_FINISH) {
    if (state.avail_in == 0) {
      auto bytes = input.Next();
      if (!bytes) return std::move(bytes).error();
      state.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes->data()));
      state.avail_in = static_cast<std::uint32_t>(bytes->size());
    }
    const bool ended = state.avail_in == 0;
    state.next_out = reinterpret_cast<std::uint8_t*>(room.data());
    state.avail_out = static_cast<std::uint32_t>(room.size());
    if (isal_inflate(&state) < 0) return DataLoss("is corrupt: it cannot be inflated");
    const std::size_t made = room.size() - state.avail_out;
    if (made == 0 && ended && state.block_state != ISAL_BLOCK_FINISH) {
      return DataLoss("is corrupt: its compressed data break off");
    }
    if (auto taken = output.Take({room.data(), made}); !taken) return taken;
  }
  return output.Check();
}

}  // namespace

ZipInflater::ZipInflater() : state_(std::make_unique<inflate_state>()) {}
ZipInflater::~ZipInflater() = default;

Result<std::uint64_t> ZipReader::DataOffset(const ZipEntry& entry) {
  if ((entry.flags & kEncrypted) != 0) return Unsupported("is encrypted");
  const std::uint64_t end = file_->size();
  if (end < kLocalBytes || entry.header > end - kLocalBytes) {
    return DataLoss("lies outside the archive");
  }
  std::array<char, kLocalBytes> header;
  auto got = file_->ReadAt(entry.header, header.data(), header.size());
  if (!got) return std::move(got).error();
  const std::string_view bytes(header.data(), *got);
  if (bytes.size() < kLocalBytes || !bytes.starts_with(kLocalMagic)) {
    return DataLoss("has no local header");
  }
  const std::uint64_t data = entry.header + kLocalBytes + Short(bytes, 26) + Short(bytes, 28);
  if (data > end || entry.compressed_size > end - data) {
    return DataLoss("has " + std::to_string(entry.compressed_size) +
                    " bytes, the archive ends before");
  }
  return data;
}

Status ZipReader::Unpack(const ZipEntry& entry, ZipInflater& inflater, std::uint64_t max_bytes,
                         const std::function<Status(std::string_view)>& sink) {
  auto data = DataOffset(entry);
  if (!data) return std::move(data).error();
  Input input(*file_, *data, entry.compressed_size);
  Output output(entry, max_bytes, sink);
  if (entry.method == kStored) return CopyStored(input, output);
  if (entry.method == kDeflated) return Inflate(input, inflater.state(), output);
  return Unsupported("is packed with method " + std::to_string(entry.method));
}

Result<std::string> ZipReader::ReadHead(const ZipEntry& entry, ZipInflater& inflater,
                                        std::size_t max_bytes) {
  std::string bytes;
  auto unpacked = Unpack(entry, inflater, max_bytes, [&](std::string_view piece) {
    bytes += piece;
    return Ok();
  });
  if (!unpacked) return std::move(unpacked).error();
  return bytes;
}

}  // namespace landwaiter::packages
