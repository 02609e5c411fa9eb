#include "scanner/advisories/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "lib/base/file.h"
#include "lib/base/text.h"

namespace landwaiter::advisories {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlockBytes = 256u << 10;
constexpr std::size_t kTarBlockBytes = 512;

Error TooLarge(const std::string& name, std::size_t limit) {
  return ResourceExhausted(text::Printable(name) + ": is larger than " + std::to_string(limit) +
                           " bytes");
}

Result<Digest> DigestOfFile(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    const Code code = errno == ENOENT   ? Code::kNotFound
                      : errno == EACCES ? Code::kPermissionDenied
                                        : Code::kInternal;
    return Error{code, "cannot open " + path + ": " + std::strerror(errno)};
  }
  Sha256 sha;
  std::vector<char> buffer(kBlockBytes);
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Internal("cannot read " + path + ": " + std::strerror(errno));
    if (got == 0) return sha.Finish();
    sha.Update(buffer.data(), static_cast<std::size_t>(got));
  }
}

/// A folder, or one file, of plain records.
class FolderReader final : public MemberReader {
 public:
  static Result<std::unique_ptr<MemberReader>> Open(const std::string& path, std::size_t limit) {
    auto reader = std::make_unique<FolderReader>();
    reader->limit_ = limit;
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      reader->root_ = fs::path(path).parent_path();
      reader->names_.push_back(fs::path(path).filename());
      return std::unique_ptr<MemberReader>(std::move(reader));
    }
    reader->root_ = path;
    fs::recursive_directory_iterator at(path, error);
    for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
      std::error_code ignored;  // what cannot be looked at fails when it is read
      if (at->path().extension() != ".json" || at->is_directory(ignored)) continue;
      reader->names_.push_back(at->path().lexically_relative(path));
      if (reader->names_.size() > kMaxMembers) {
        return ResourceExhausted(path + ": has more than " + std::to_string(kMaxMembers) +
                                 " records");
      }
    }
    if (error)
      return Error{Code::kPermissionDenied, "cannot list " + path + ": " + error.message()};
    std::sort(reader->names_.begin(), reader->names_.end());
    return std::unique_ptr<MemberReader>(std::move(reader));
  }

  Result<bool> Next(Member* member) override {
    if (next_ == names_.size()) return false;
    const fs::path& name = names_[next_++];
    auto bytes = ReadFile((root_ / name).string(), limit_);
    if (!bytes) return std::move(bytes).error();
    member->name = name.string();
    member->bytes = *std::move(bytes);
    sha_.Update(member->name.c_str(), member->name.size() + 1);
    sha_.Update(std::to_string(member->bytes.size()) + ":");
    sha_.Update(member->bytes);
    return true;
  }
  Digest ContentDigest() override { return sha_.Finish(); }

 private:
  fs::path root_;
  std::vector<fs::path> names_;
  std::size_t next_ = 0;
  std::size_t limit_ = 0;
  Sha256 sha_;
};

class ArchiveReader final : public MemberReader {
 public:
  ~ArchiveReader() override { archive_read_free(archive_); }

  static Result<std::unique_ptr<MemberReader>> Open(const std::string& path, std::size_t limit) {
    auto digest = DigestOfFile(path);
    if (!digest) return std::move(digest).error();
    auto reader = std::make_unique<ArchiveReader>();
    reader->limit_ = limit;
    reader->path_ = path;
    reader->digest_ = *std::move(digest);
    archive* const handle = reader->archive_ = archive_read_new();
    if (handle == nullptr) return Internal("no memory for an archive reader");
    // One at a time, and no others: formats that run programs or name files elsewhere stay out.
    archive_read_support_filter_gzip(handle);
    archive_read_support_filter_zstd(handle);
    archive_read_support_filter_xz(handle);
    archive_read_support_filter_bzip2(handle);
    archive_read_support_format_zip(handle);
    archive_read_support_format_tar(handle);
    if (archive_read_open_filename(handle, path.c_str(), kBlockBytes) != ARCHIVE_OK) {
      return InvalidArgument(path + ": cannot be read as an archive: " + reader->Message());
    }
    return std::unique_ptr<MemberReader>(std::move(reader));
  }

  Result<bool> Next(Member* member) override {
    for (;;) {
      archive_entry* entry = nullptr;
      const int code = archive_read_next_header(archive_, &entry);
      if (code == ARCHIVE_EOF) return EndsWhole();
      if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return BrokenOff("");
      if (++members_ > kMaxMembers) {
        return ResourceExhausted("has more than " + std::to_string(kMaxMembers) + " members");
      }
      const char* const name = archive_entry_pathname(entry);
      member->name = name == nullptr ? "" : name;
      if (archive_entry_filetype(entry) != AE_IFREG || !member->name.ends_with(".json")) continue;
      if (Status status = ReadData(member); !status) return status.error();
      return true;
    }
  }
  Digest ContentDigest() override { return digest_; }

 private:
  /// The size in the header is its author's word: only what comes is counted.
  Status ReadData(Member* member) {
    member->bytes.clear();
    for (;;) {
      const void* block = nullptr;
      std::size_t size = 0;
      la_int64_t offset = 0;
      const int code = archive_read_data_block(archive_, &block, &size, &offset);
      if (code == ARCHIVE_EOF) return Ok();
      if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return BrokenOff(member->name);
      // A sparse member leaves holes; a record has none.
      if (offset < 0 || static_cast<std::uint64_t>(offset) != member->bytes.size()) {
        return DataLoss(text::Printable(member->name) + ": has a hole");
      }
      inflated_ += size;
      if (member->bytes.size() + size > limit_) return TooLarge(member->name, limit_);
      if (inflated_ > kMaxInflatedBytes) {
        return ResourceExhausted("inflates to more than " + std::to_string(kMaxInflatedBytes) +
                                 " bytes");
      }
      member->bytes.append(static_cast<const char*>(block), size);
    }
  }
  /// A plain tar that is cut between two members looks whole to libarchive: only the zeroes at its
  /// end tell. In compressed ones the filter sees the cut, in a zip the missing directory tells.
  Result<bool> EndsWhole() const {
    const bool plain = archive_filter_code(archive_, 0) == ARCHIVE_FILTER_NONE;
    const int format = archive_format(archive_) & ARCHIVE_FORMAT_BASE_MASK;
    if (!plain || format != ARCHIVE_FORMAT_TAR) return false;
    const FileDescriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, kTarBlockBytes> last{};
    const off_t size = file ? ::lseek(file.get(), 0, SEEK_END) : -1;
    const auto block = static_cast<off_t>(last.size());
    const bool read = size >= block && ::pread(file.get(), last.data(), last.size(),
                                               size - block) == static_cast<ssize_t>(last.size());
    if (read && std::all_of(last.begin(), last.end(), [](char c) { return c == 0; })) return false;
    return DataLoss("cannot be read whole: the tar has no end mark");
  }
  Error BrokenOff(const std::string& member) const {
    const std::string where =
        member.empty() ? "after " + std::to_string(members_) + " members" : text::Printable(member);
    return DataLoss("cannot be read whole (" + where + "): " + Message());
  }
  std::string Message() const {
    const char* const message = archive_error_string(archive_);
    return message == nullptr ? "unknown fault" : text::Printable(message);
  }

  std::string path_;
  archive* archive_ = nullptr;
  std::size_t limit_ = 0;
  std::uint64_t members_ = 0;
  std::uint64_t inflated_ = 0;
  Digest digest_;
};

}  // namespace

Result<std::unique_ptr<MemberReader>> MemberReader::Open(const std::string& path,
                                                         std::size_t max_member_bytes) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (!fs::exists(status)) return NotFound("cannot open " + path + ": no such file or folder");
  if (fs::is_directory(status) || path.ends_with(".json")) {
    return FolderReader::Open(path, max_member_bytes);
  }
  return ArchiveReader::Open(path, max_member_bytes);
}

}  // namespace landwaiter::advisories
