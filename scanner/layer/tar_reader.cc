#include "scanner/layer/tar_reader.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "lib/base/text.h"
#include "scanner/layer/inflater.h"

namespace landwaiter::layer {
namespace {

std::uint64_t PaddingOf(std::uint64_t size) { return (kBlock - size % kBlock) % kBlock; }

std::string Shown(std::string_view name) {
  return "'" + text::Printable(text::Truncate(name, 200)) + "'";
}

// GNU stores long names with a NUL at their end.
std::string UpToNul(std::string text) {
  text.resize(std::min(text.find('\0'), text.size()));
  return text;
}

}  // namespace

struct TarReader::Pending {
  std::optional<std::string> long_name;
  std::optional<std::string> long_link;
  std::optional<PaxRecords> pax;
  bool any() const { return long_name || long_link || pax; }
};

Result<std::string_view> TarReader::Take(std::size_t most) {
  if (chunk_.empty()) {
    auto chunk = next_();
    if (!chunk) return chunk;
    chunk_ = *chunk;
  }
  const std::string_view taken = chunk_.substr(0, most);
  chunk_.remove_prefix(taken.size());
  return taken;
}

Result<bool> TarReader::ReadBlock(Block& block) {
  std::size_t have = 0;
  while (have < kBlock) {
    auto bytes = Take(kBlock - have);
    if (!bytes) return std::move(bytes).error();
    if (bytes->empty()) {
      if (have == 0) return false;
      return Malformed("the tar breaks off inside a header");
    }
    std::memcpy(block.data() + have, bytes->data(), bytes->size());
    have += bytes->size();
  }
  return true;
}

Status TarReader::Skip(std::uint64_t bytes) {
  return CopyBytes(bytes, [](std::string_view) { return Ok(); });
}

Status TarReader::CopyBytes(std::uint64_t count, const Sink& sink) {
  while (count > 0) {
    auto bytes = Take(static_cast<std::size_t>(std::min<std::uint64_t>(count, SIZE_MAX)));
    if (!bytes) return std::move(bytes).error();
    if (bytes->empty()) return Malformed("the tar breaks off inside a file");
    count -= bytes->size();
    if (auto sunk = sink(*bytes); !sunk) return sunk;
  }
  return Ok();
}

Result<std::string> TarReader::ReadMetadata(std::uint64_t size) {
  const std::size_t most = budget_.limits().tar_metadata_bytes;
  if (size > most) return TooLarge("a tar extension header", most, "bytes");
  std::string bytes;
  bytes.reserve(size);
  auto read = CopyBytes(size, [&](std::string_view piece) {
    bytes += piece;
    return Ok();
  });
  if (!read) return std::move(read).error();
  if (auto skipped = Skip(PaddingOf(size)); !skipped) return std::move(skipped).error();
  return bytes;
}

Result<bool> TarReader::TakeExtension(const TarHeader& header, Pending& pending) {
  if (header.type != 'L' && header.type != 'K' && header.type != 'x' && header.type != 'g') {
    return false;
  }
  auto bytes = ReadMetadata(header.size);
  if (!bytes) return std::move(bytes).error();
  if (header.type == 'L') {
    pending.long_name = UpToNul(*std::move(bytes));
    return true;
  }
  if (header.type == 'K') {
    pending.long_link = UpToNul(*std::move(bytes));
    return true;
  }
  auto records = ParsePax(*bytes, budget_.limits().sparse_pieces);
  if (!records) return std::move(records).error();
  if (header.type == 'x') {
    pending.pax = *std::move(records);
  } else if (records->path || records->link_path || records->size || records->IsSparse()) {
    return Malformed("a global pax header renames files or changes sizes, on which readers differ");
  }
  return true;
}

Result<std::optional<TarEntry>> TarReader::Next() {
  const std::optional<TarEntry> end;
  if (ended_) return end;
  if (auto skipped = Skip(std::exchange(left_, 0)); !skipped) return std::move(skipped).error();
  if (auto skipped = Skip(std::exchange(padding_, 0)); !skipped) return std::move(skipped).error();
  Pending pending;
  for (;;) {
    Block block;
    auto more = ReadBlock(block);
    if (!more) return std::move(more).error();
    const bool zero = *more && IsZero(block);
    if (zero) {
      more = ReadBlock(block);
      if (!more) return std::move(more).error();
      if (*more && !IsZero(block)) return Malformed("a single zero block stands inside the tar");
    }
    if (zero || !*more) {
      ended_ = true;
      if (pending.any()) return Malformed("the tar ends after an extension header");
      return end;
    }
    if (auto counted = budget_.AddEntry(); !counted) return std::move(counted).error();
    auto header = ParseTarHeader(block);
    if (!header) return std::move(header).error();
    auto extension = TakeExtension(*header, pending);
    if (!extension) return std::move(extension).error();
    if (!*extension) return Finish(*std::move(header), std::move(pending), block);
  }
}

Result<std::optional<TarEntry>> TarReader::Finish(TarHeader header, Pending pending,
                                                  const Block& block) {
  const PaxRecords none;
  const PaxRecords& pax = pending.pax ? *pending.pax : none;
  const bool old_regular = header.type == '\0';
  TarEntry entry{.name = pax.path.value_or(std::move(header.name)),
                 .link = pax.link_path.value_or(std::move(header.link)),
                 .type = header.type,
                 .mode = header.mode,
                 .uid = pax.uid.value_or(header.uid),
                 .gid = pax.gid.value_or(header.gid),
                 .capabilities = pax.capabilities};
  if (pending.long_name) entry.name = *pending.long_name;
  if (pending.long_link) entry.link = *pending.long_link;
  if (pax.sparse_name && pax.IsSparse()) entry.name = *pax.sparse_name;
  if (old_regular) entry.type = entry.name.ends_with('/') ? '5' : '0';
  header.size = pax.size.value_or(header.size);
  left_ = IsHeaderOnly(entry.type) ? 0 : header.size;
  padding_ = PaddingOf(left_);
  real_size_ = left_;
  sparse_ = false;
  if (auto sparse = SetUpSparse(header, pending, block, entry); !sparse) {
    return std::move(sparse).error().Context("tar entry " + Shown(entry.name));
  }
  if (entry.type == '7' || entry.type == 'S') entry.type = '0';
  entry.size = real_size_;
  const std::size_t most = budget_.limits().path_bytes;
  if (entry.name.size() > most || entry.link.size() > most) {
    return TooLarge("the path " + Shown(entry.name), most, "bytes");
  }
  return std::optional(std::move(entry));
}

Status TarReader::SetUpSparse(const TarHeader& header, Pending& pending, const Block& block,
                              TarEntry& entry) {
  pieces_.clear();
  if (entry.type == 'S') {
    sparse_ = true;
    if (!header.gnu) return Malformed("is sparse without GNU's magic");
    if (auto read = ReadGnuPieces(block, entry); !read) return read;
    return CheckPieces(real_size_);
  }
  if (!pending.pax || !pending.pax->IsSparse() || (entry.type != '0' && entry.type != '7')) {
    return Ok();
  }
  const PaxRecords& pax = *pending.pax;
  const bool in_data = pax.sparse_major == 1 && pax.sparse_minor == 0;
  if (!in_data && pax.sparse_major > 0) {
    return Malformed("has an unknown sparse format " + std::to_string(pax.sparse_major));
  }
  if (!in_data && !pax.sparse_map) return Ok();  // a size alone says nothing of holes
  if (!pax.sparse_size) return Malformed("is sparse without a real size");
  sparse_ = true;
  if (in_data) {
    if (auto read = ReadPaxPieces(); !read) return read;
  } else {
    pieces_ = std::move(pending.pax->pieces);
  }
  real_size_ = *pending.pax->sparse_size;
  return CheckPieces(real_size_);
}

Status TarReader::ReadGnuPieces(const Block& block, TarEntry& /*entry*/) {
  auto header = ParseGnuSparse(block, pieces_);
  if (!header) return std::move(header).error();
  real_size_ = header->real_size;
  bool more = header->extended;
  while (more) {
    if (pieces_.size() > budget_.limits().sparse_pieces) {
      return TooLarge("a sparse map", budget_.limits().sparse_pieces, "pieces");
    }
    Block extension;
    auto read = ReadBlock(extension);
    if (!read) return std::move(read).error();
    if (!*read) return Malformed("the tar breaks off inside a sparse map");
    auto again = ParseGnuSparseExtension(extension, pieces_);
    if (!again) return std::move(again).error();
    // An extension that adds nothing and asks for another would go on for ever.
    if (auto counted = budget_.AddEntry(); !counted) return counted;
    more = *again;
  }
  return Ok();
}

// Format 1.0: the map stands before the bytes, one number a line, padded to a block.
Status TarReader::ReadPaxPieces() {
  std::vector<std::uint64_t> numbers;
  std::string line;
  std::uint64_t wanted = 1;
  while (numbers.size() < wanted) {
    if (left_ < kBlock) return Malformed("sparse map breaks off");
    Block block;
    auto read = ReadBlock(block);
    if (!read) return std::move(read).error();
    if (!*read) return Malformed("the tar breaks off inside a sparse map");
    left_ -= kBlock;
    for (const char c : block) {
      if (numbers.size() == wanted) break;
      if (c != '\n') {
        line += c;
        if (line.size() > 20) return Malformed("sparse map has a field that is no number");
        continue;
      }
      const auto number = ParseDecimal(line);
      if (!number) return Malformed("sparse map has a field that is no number");
      line.clear();
      numbers.push_back(*number);
      if (numbers.size() > 1) continue;
      if (*number > budget_.limits().sparse_pieces) {
        return TooLarge("a sparse map", budget_.limits().sparse_pieces, "pieces");
      }
      wanted += 2 * *number;
    }
  }
  for (std::size_t i = 1; i + 1 < numbers.size(); i += 2) {
    pieces_.push_back({numbers[i], numbers[i + 1]});
  }
  return Ok();
}

Status TarReader::CheckPieces(std::uint64_t real_size) {
  std::uint64_t end = 0;
  std::uint64_t total = 0;
  for (const auto& piece : pieces_) {
    if (piece.offset < end || piece.length > real_size || piece.offset > real_size - piece.length) {
      return Malformed("has a sparse map that is out of order or beyond the file");
    }
    end = piece.offset + piece.length;
    total += piece.length;
  }
  if (total != left_) {
    return Malformed("has a sparse map of " + std::to_string(total) + " bytes, expected " +
                     std::to_string(left_));
  }
  return Ok();
}

Status TarReader::ReadContent(const Sink& sink) {
  if (!sparse_) return CopyBytes(std::exchange(left_, 0), sink);
  static constexpr std::array<char, 64 * 1024> kZeros{};
  const auto hole = [&](std::uint64_t count) -> Status {
    while (count > 0) {
      const auto now = static_cast<std::size_t>(std::min<std::uint64_t>(count, kZeros.size()));
      if (auto sunk = sink({kZeros.data(), now}); !sunk) return sunk;
      count -= now;
    }
    return Ok();
  };
  std::uint64_t at = 0;
  for (const auto& piece : pieces_) {
    if (auto sunk = hole(piece.offset - at); !sunk) return sunk;
    left_ -= piece.length;
    if (auto sunk = CopyBytes(piece.length, sink); !sunk) return sunk;
    at = piece.offset + piece.length;
  }
  return hole(real_size_ - at);
}

}  // namespace landwaiter::layer
