#include "scanner/image/tar_index.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <vector>

#include "lib/base/text.h"
#include "model/scan_request.h"
#include "scanner/image/archive.h"
#include "scanner/image/failure.h"

namespace landwaiter::image {
namespace {

constexpr std::uint64_t kBlock = 512;
constexpr std::uint64_t kMaxExtendedHeader = 1u << 20;  // PAX records of one member
constexpr std::size_t kMaxPath = 4096;                  // PATH_MAX
constexpr std::size_t kChecksumAt = 148;
constexpr std::size_t kChecksumSize = 8;

/// A header block and where it lies.
struct Header {
  char bytes[kBlock];
  std::uint64_t at = 0;

  std::string_view Field(std::size_t offset, std::size_t size) const {
    const std::string_view field(bytes + offset, size);
    return field.substr(0, field.find('\0'));
  }
  char type() const { return bytes[156]; }
  bool IsZero() const {
    return std::all_of(std::begin(bytes), std::end(bytes), [](char c) { return c == 0; });
  }
};

/// Octal text, or base-256 where the first bit is set. nullopt: no number, negative, above 2^63.
std::optional<std::uint64_t> Number(const char* field, std::size_t size) {
  const auto first = static_cast<unsigned char>(field[0]);
  std::uint64_t value = 0;
  if (first & 0x80) {
    if (first != 0x80) return std::nullopt;  // negative, or beyond 64 bits
    for (std::size_t i = 1; i < size; ++i) {
      if (value >> 55) return std::nullopt;
      value = value << 8 | static_cast<unsigned char>(field[i]);
    }
    return value;
  }
  std::string_view text = text::Trim(std::string_view(field, strnlen(field, size)));
  for (const char c : text) {
    if (c < '0' || c > '7' || value >> 60) return std::nullopt;
    value = value * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

bool ChecksumHolds(const Header& header) {
  const auto wanted = Number(header.bytes + kChecksumAt, kChecksumSize);
  std::uint64_t sum = 0;
  std::int64_t signed_sum = 0;  // what some old writers computed
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool blank = i >= kChecksumAt && i < kChecksumAt + kChecksumSize;
    const char c = blank ? ' ' : header.bytes[i];
    sum += static_cast<unsigned char>(c);
    signed_sum += static_cast<signed char>(c);
  }
  return wanted && (*wanted == sum || static_cast<std::int64_t>(*wanted) == signed_sum);
}

/// "./a//b/" becomes "a/b"; nullopt for what is absolute, steps upwards or is longer than a path.
std::optional<std::string> Normalize(std::string_view name) {
  if (name.size() > kMaxPath || (!name.empty() && name.front() == '/')) return std::nullopt;
  if (name.find('\0') != std::string_view::npos) return std::nullopt;
  std::vector<std::string> parts;
  for (const std::string_view part : text::Split(name, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return std::nullopt;
    parts.emplace_back(part);
  }
  return text::Join(parts, "/");
}

/// Where a symbolic link at `from` leads; nullopt out of the archive.
std::optional<std::string> FollowFrom(std::string_view from, std::string_view target) {
  if (target.empty() || target.front() == '/' || target.size() > kMaxPath) return std::nullopt;
  std::vector<std::string> parts;
  for (const std::string_view part : text::Split(from, '/')) parts.emplace_back(part);
  parts.pop_back();
  for (const std::string_view part : text::Split(target, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.emplace_back(part);
    } else if (parts.empty()) {
      return std::nullopt;
    } else {
      parts.pop_back();
    }
  }
  return text::Join(parts, "/");
}

std::string Shown(std::string_view path) {
  return "'" + text::Printable(text::Truncate(path, 200)) + "'";
}

/// What PAX and GNU headers say of the member that follows.
struct Overrides {
  std::optional<std::string> path;
  std::optional<std::string> link;
  std::optional<std::uint64_t> size;
  bool sparse = false;
};

/// Records "LENGTH KEY=VALUE\n". False where one is malformed.
bool ReadPax(std::string_view records, Overrides& out) {
  while (!records.empty()) {
    std::size_t length = 0;
    const auto [end, error] =
        std::from_chars(records.data(), records.data() + records.size(), length);
    const auto digits = static_cast<std::size_t>(end - records.data());
    if (error != std::errc() || length > records.size() || length < digits + 4 ||
        records[digits] != ' ' || records[length - 1] != '\n') {
      return false;
    }
    const std::string_view record = records.substr(digits + 1, length - digits - 2);
    const auto equals = record.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view key = record.substr(0, equals);
    const std::string_view value = record.substr(equals + 1);
    if (key == "path") out.path = value;
    if (key == "linkpath") out.link = value;
    if (key.substr(0, 11) == "GNU.sparse.") out.sparse = true;
    if (key == "size") {
      std::uint64_t size = 0;
      const auto [stop, bad] = std::from_chars(value.data(), value.data() + value.size(), size);
      if (bad != std::errc() || stop != value.data() + value.size()) return false;
      out.size = size;
    }
    records.remove_prefix(length);
  }
  return true;
}

}  // namespace

Result<std::size_t> ReadAt(int fd, std::uint64_t offset, char* buffer, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(fd, buffer + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return Unavailable("read at byte " + std::to_string(offset + done) + ": " +
                         std::strerror(errno));
    }
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

class TarIndexBuilder {
 public:
  TarIndexBuilder(int fd, const Cancellation& cancel) : fd_(fd), cancel_(cancel) {}

  Result<TarIndex> Build() {
    struct stat info {};
    if (::fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode)) {
      return Malformed("archive", "is no regular file");
    }
    file_size_ = static_cast<std::uint64_t>(info.st_size);
    for (;;) {
      if (cancel_.Stopped() || cancel_.Expired()) {
        return Error{cancel_.Stopped() ? Code::kCancelled : Code::kDeadlineExceeded,
                     "archive: not indexed in time"};
      }
      Header header;
      header.at = at_;
      auto got = ReadAt(fd_, at_, header.bytes, kBlock);
      if (!got) return std::move(got).error();
      if (*got < kBlock) return Malformed(At(header), "breaks off without an end marker");
      if (header.IsZero()) return std::move(index_);
      if (auto added = Add(header); !added) return std::move(added).error();
    }
  }

 private:
  static std::string At(const Header& header) {
    return "archive at byte " + std::to_string(header.at);
  }

  Status Add(const Header& header) {
    if (!ChecksumHolds(header)) {
      return Malformed(At(header), header.at == 0 ? "is no tar archive" : "bad header checksum");
    }
    auto size = Number(header.bytes + 124, 12);
    const bool extends = header.type() == 'x' || header.type() == 'g' || header.type() == 'L' ||
                         header.type() == 'K';
    if (next_.size && !extends) size = next_.size;
    const char type = header.type();
    const bool has_data =
        type != '1' && type != '2' && type != '3' && type != '4' && type != '5' && type != '6';
    if (!size) return Malformed(At(header), "its size is no number");
    if (!has_data) size = 0;
    const std::uint64_t data = at_ + kBlock;
    if (data > file_size_ || *size > file_size_ - data) {
      return Malformed(At(header), "a member of " + std::to_string(*size) +
                                       " bytes breaks off: the file ends at " +
                                       std::to_string(file_size_));
    }
    at_ = data + (*size + kBlock - 1) / kBlock * kBlock;
    return extends ? Extend(header, data, *size) : AddMember(header, data, *size);
  }

  Status Extend(const Header& header, std::uint64_t data, std::uint64_t size) {
    if (size > kMaxExtendedHeader) {
      return Failure(Code::kResourceExhausted, scan_reason::kTooLarge,
                     At(header) + ": extended header of " + std::to_string(size) + " bytes");
    }
    if (header.type() == 'g') return Ok();  // global records name no member
    std::string bytes(size, '\0');
    auto got = ReadAt(fd_, data, bytes.data(), bytes.size());
    if (!got) return std::move(got).error();
    if (header.type() == 'x') {
      if (!ReadPax(bytes, next_)) return Malformed(At(header), "malformed PAX records");
      return Ok();
    }
    bytes.resize(std::min(bytes.find('\0'), bytes.size()));
    (header.type() == 'L' ? next_.path : next_.link) = std::move(bytes);
    return Ok();
  }

  Status AddMember(const Header& header, std::uint64_t data, std::uint64_t size) {
    std::string name;
    const std::string_view prefix = header.Field(345, 155);
    // The prefix is ustar's; GNU's old format keeps times in its place.
    if (std::memcmp(header.bytes + 257, "ustar\0", 6) == 0 && !prefix.empty()) {
      name = std::string(prefix) + "/";
    }
    name += header.Field(0, 100);
    if (next_.path) name = *next_.path;
    TarMember member;
    member.offset = data;
    member.size = size;
    member.link_target = next_.link ? *next_.link : std::string(header.Field(157, 100));
    const bool sparse = next_.sparse || header.type() == 'S';
    next_ = {};
    const auto path = Normalize(name);
    if (!path) {
      return Malformed(At(header), "member " + Shown(name) + " has a name outside of the archive");
    }
    if (sparse || header.type() == 'M') {
      return Malformed(At(header), "member " + Shown(name) + " is sparse or split");
    }
    switch (header.type()) {
      case '0':
      case '\0':
      case '7':
        member.kind = TarMember::Kind::kFile;
        break;
      case '1':
        member.kind = TarMember::Kind::kHardLink;
        break;
      case '2':
        member.kind = TarMember::Kind::kSymbolicLink;
        break;
      default:
        member.kind = TarMember::Kind::kOther;
        break;
    }
    if (index_.members_.size() >= kMaxArchiveEntries) {
      return Failure(Code::kResourceExhausted, scan_reason::kTooLarge,
                     "archive: more than " + std::to_string(kMaxArchiveEntries) + " members");
    }
    if (!path->empty()) index_.members_[*path] = std::move(member);
    return Ok();
  }

  const int fd_;
  const Cancellation cancel_;
  std::uint64_t file_size_ = 0;
  std::uint64_t at_ = 0;
  Overrides next_;
  TarIndex index_;
};

Result<TarIndex> TarIndex::Build(int fd, const Cancellation& cancel) {
  return TarIndexBuilder(fd, cancel).Build();
}

Result<TarMember> TarIndex::Find(std::string_view asked) const {
  auto path = Normalize(asked);
  for (int links = 0; path && links <= kMaxLinkDepth; ++links) {
    const auto found = members_.find(*path);
    if (found == members_.end()) {
      const std::string through = *path == asked ? "" : " (by way of a link: " + Shown(*path) + ")";
      return Malformed("archive", "has no member " + Shown(asked) + through);
    }
    const TarMember& member = found->second;
    switch (member.kind) {
      case TarMember::Kind::kFile:
        return member;
      case TarMember::Kind::kOther:
        return Malformed("archive", "member " + Shown(asked) + " is no file");
      case TarMember::Kind::kHardLink:
        path = Normalize(member.link_target);
        break;
      case TarMember::Kind::kSymbolicLink:
        path = FollowFrom(found->first, member.link_target);
        break;
    }
  }
  return Malformed("archive", "member " + Shown(asked) +
                                  (path ? " is a loop of links" : " leads out of the archive"));
}

}  // namespace landwaiter::image
