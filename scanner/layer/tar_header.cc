#include "scanner/layer/tar_header.h"

#include <algorithm>
#include <limits>

#include "scanner/layer/inflater.h"

namespace landwaiter::layer {
namespace {

// Offsets of the ustar header and of GNU's additions.
struct FieldAt {
  std::size_t offset;
  std::size_t size;
};
constexpr FieldAt kName = {0, 100};
constexpr FieldAt kMode = {100, 8};
constexpr FieldAt kUid = {108, 8};
constexpr FieldAt kGid = {116, 8};
constexpr FieldAt kSize = {124, 12};
constexpr FieldAt kChecksum = {148, 8};
constexpr std::size_t kTypeAt = 156;
constexpr FieldAt kLink = {157, 100};
constexpr FieldAt kMagic = {257, 6};
constexpr FieldAt kVersion = {263, 2};
constexpr FieldAt kPrefix = {345, 155};
constexpr FieldAt kStarPrefix = {345, 131};
constexpr FieldAt kStarTrailer = {508, 4};
constexpr FieldAt kGnuAtime = {345, 12};
constexpr FieldAt kGnuCtime = {357, 12};
constexpr std::size_t kGnuSparseAt = 386;
constexpr std::size_t kGnuSparseInHeader = 4;
constexpr std::size_t kGnuExtendedAt = 482;
constexpr FieldAt kGnuRealSize = {483, 12};
constexpr std::size_t kSparseInExtension = 21;
constexpr std::size_t kExtensionExtendedAt = 504;

std::string_view Field(const Block& block, FieldAt at) {
  return {block.data() + at.offset, at.size};
}

std::string_view Text(const Block& block, FieldAt at) {
  const std::string_view field = Field(block, at);
  return field.substr(0, std::min(field.find('\0'), field.size()));
}

bool ChecksumHolds(const Block& block) {
  std::uint64_t as_unsigned = 0;
  std::int64_t as_signed = 0;  // what SunOS and old Unix wrote
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool inside = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.size;
    const char c = inside ? ' ' : block[i];
    as_unsigned += static_cast<unsigned char>(c);
    as_signed += static_cast<signed char>(c);
  }
  const auto written = ParseTarNumber(Field(block, kChecksum));
  return written && (*written == as_unsigned ||
                     (as_signed >= 0 && *written == static_cast<std::uint64_t>(as_signed)));
}

Error BadField(std::string_view name, std::string_view what) {
  return Malformed("tar header of '" + std::string(name) + "' has a " + std::string(what) +
                   " that is no number");
}

std::string WithPrefix(std::string_view prefix, std::string_view name) {
  if (prefix.empty()) return std::string(name);
  return std::string(prefix) + "/" + std::string(name);
}

// The name's prefix, which only some formats have: GNU keeps times in its place (and Go before 1.8
// wrote a prefix there all the same), v7 nothing.
std::string_view Prefix(const Block& block, bool gnu) {
  if (gnu) {
    const bool times =
        ParseTarNumber(Field(block, kGnuAtime)) && ParseTarNumber(Field(block, kGnuCtime));
    return times ? std::string_view() : Text(block, kPrefix);
  }
  if (Field(block, kMagic) != std::string_view("ustar\0", 6)) return {};
  if (Field(block, kStarTrailer) == std::string_view("tar\0", 4)) return Text(block, kStarPrefix);
  return Text(block, kPrefix);
}

Status AddPiece(const Block& block, std::size_t at, std::vector<SparsePiece>& pieces, bool& end) {
  const auto offset_field = Field(block, {at, 12});
  if (offset_field[0] == '\0') {
    end = true;
    return Ok();
  }
  const auto offset = ParseTarNumber(offset_field);
  const auto length = ParseTarNumber(Field(block, {at + 12, 12}));
  if (!offset || !length) return Malformed("sparse map has a field that is no number");
  pieces.push_back({*offset, *length});
  return Ok();
}

}  // namespace

bool IsZero(const Block& block) {
  return std::all_of(block.begin(), block.end(), [](char c) { return c == '\0'; });
}

std::optional<std::uint64_t> ParseTarNumber(std::string_view field) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (!field.empty() && (static_cast<unsigned char>(field[0]) & 0x80) != 0) {
    if ((static_cast<unsigned char>(field[0]) & 0x40) != 0) return std::nullopt;  // negative
    std::uint64_t value = static_cast<unsigned char>(field[0]) & 0x3f;
    for (const char c : field.substr(1)) {
      if (value > (kMost >> 8)) return std::nullopt;
      value = (value << 8) | static_cast<unsigned char>(c);
    }
    return value;
  }
  const auto padding = [](char c) { return c == ' ' || c == '\0'; };
  while (!field.empty() && padding(field.front())) field.remove_prefix(1);
  while (!field.empty() && padding(field.back())) field.remove_suffix(1);
  field = field.substr(0, std::min(field.find('\0'), field.size()));
  std::uint64_t value = 0;
  for (const char c : field) {
    if (c < '0' || c > '7' || value > (kMost >> 3)) return std::nullopt;
    value = value * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

Result<TarHeader> ParseTarHeader(const Block& block) {
  TarHeader header;
  if (!ChecksumHolds(block)) return Malformed("tar header's checksum is wrong");
  header.gnu =
      Field(block, kMagic) == "ustar " && Field(block, kVersion) == std::string_view(" \0", 2);
  header.name = WithPrefix(Prefix(block, header.gnu), Text(block, kName));
  header.link = Text(block, kLink);
  header.type = block[kTypeAt];
  const auto size = ParseTarNumber(Field(block, kSize));
  const auto mode = ParseTarNumber(Field(block, kMode));
  const auto uid = ParseTarNumber(Field(block, kUid));
  const auto gid = ParseTarNumber(Field(block, kGid));
  if (!size) return BadField(header.name, "size");
  if (!mode) return BadField(header.name, "mode");
  if (!uid || !gid) return BadField(header.name, "user or group");
  header.size = *size;
  header.mode = static_cast<std::uint32_t>(*mode & 07777);
  header.uid = *uid;
  header.gid = *gid;
  return header;
}

Result<GnuSparseHeader> ParseGnuSparse(const Block& block, std::vector<SparsePiece>& pieces) {
  GnuSparseHeader header;
  bool end = false;
  for (std::size_t i = 0; i < kGnuSparseInHeader && !end; ++i) {
    auto added = AddPiece(block, kGnuSparseAt + 24 * i, pieces, end);
    if (!added) return std::move(added).error();
  }
  const auto real_size = ParseTarNumber(Field(block, kGnuRealSize));
  if (!real_size) return Malformed("sparse file's real size is no number");
  header.real_size = *real_size;
  header.extended = block[kGnuExtendedAt] != '\0';
  return header;
}

Result<bool> ParseGnuSparseExtension(const Block& block, std::vector<SparsePiece>& pieces) {
  bool end = false;
  for (std::size_t i = 0; i < kSparseInExtension && !end; ++i) {
    auto added = AddPiece(block, 24 * i, pieces, end);
    if (!added) return std::move(added).error();
  }
  return block[kExtensionExtendedAt] != '\0';
}

bool IsHeaderOnly(char type) { return type >= '1' && type <= '6'; }

}  // namespace landwaiter::layer
