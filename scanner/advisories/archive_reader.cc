#include "scanner/advisories/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "lib/base/file.h"
#include "lib/base/text.h"

namespace landwaiter::advisories {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlockBytes = 256u << 10;
constexpr std::size_t kTarBlockBytes = 512;
constexpr std::array<std::string_view, 4> kCompressions{".gz", ".zst", ".xz", ".bz2"};
constexpr std::array<std::string_view, 7> kArchives{".zip",     ".tar",    ".tgz",    ".tar.gz",
                                                    ".tar.zst", ".tar.xz", ".tar.bz2"};

struct WantedName {
  std::string name;  // without the suffix of a compression
  bool compressed = false;
};

std::optional<WantedName> Wanted(std::string_view name, const MemberFilter& filter) {
  WantedName wanted{std::string(name), false};
  for (const std::string_view suffix : kCompressions) {
    if (!name.ends_with(suffix)) continue;
    name.remove_suffix(suffix.size());
    wanted = {std::string(name), true};
    break;
  }
  const bool fits = std::any_of(filter.suffixes.begin(), filter.suffixes.end(),
                                [&](std::string_view suffix) { return name.ends_with(suffix); });
  if (!fits) return {};
  return wanted;
}

bool EndsWithAny(std::string_view name, std::span<const std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}
/// Of a folder's files those that are read as archives.
bool IsArchive(std::string_view name) { return EndsWithAny(name, kArchives); }
/// Records in an archive within an archive would be passed over, and the feed look whole.
bool IsPacked(std::string_view name) { return IsArchive(name) || EndsWithAny(name, kCompressions); }
Status Packed(const std::string& name) {
  return InvalidArgument(text::Printable(name) +
                         ": is packed itself; name it as a feed of its own, or unpack it");
}

Error TooLarge(const std::string& name, std::size_t limit) {
  return ResourceExhausted(text::Printable(name) + ": is larger than " + std::to_string(limit) +
                           " bytes");
}

Result<FileDescriptor> OpenFile(const std::string& path) {
  // A pipe without a writer would be waited for.
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat facts {};
  if (file && ::fstat(file.get(), &facts) == 0 && !S_ISREG(facts.st_mode)) {
    return InvalidArgument("cannot read " + path + ": it is no regular file");
  }
  if (file) return file;
  const Code code = errno == ENOENT   ? Code::kNotFound
                    : errno == EACCES ? Code::kPermissionDenied
                                      : Code::kInternal;
  return Error{code, "cannot open " + path + ": " + std::strerror(errno)};
}

/// 0 at the end of the file.
Result<std::size_t> ReadSome(const FileDescriptor& file, const std::string& path, char* to,
                             std::size_t size) {
  for (;;) {
    const ssize_t got = ::read(file.get(), to, size);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return Internal("cannot read " + path + ": " + std::strerror(errno));
  }
}

Result<Digest> DigestOfFile(const std::string& path) {
  const auto file = OpenFile(path);
  if (!file) return file.error();
  Sha256 sha;
  std::vector<char> buffer(kBlockBytes);
  for (;;) {
    const auto got = ReadSome(*file, path, buffer.data(), buffer.size());
    if (!got) return got.error();
    if (*got == 0) return sha.Finish();
    sha.Update(buffer.data(), *got);
  }
}

/// One file that is not compressed.
class PlainFileReader final : public MemberReader {
 public:
  static Result<std::unique_ptr<MemberReader>> Open(const std::string& path, std::string name,
                                                    std::size_t limit) {
    auto file = OpenFile(path);
    if (!file) return std::move(file).error();
    auto reader = std::make_unique<PlainFileReader>();
    reader->file_ = *std::move(file);
    reader->path_ = path;
    reader->name_ = std::move(name);
    reader->limit_ = limit;
    return std::unique_ptr<MemberReader>(std::move(reader));
  }

  Result<bool> Next(Piece* piece) override {
    if (done_) return false;
    piece->name = name_;
    piece->first = read_ == 0;
    piece->bytes.resize(kPieceBytes);
    std::size_t filled = 0;
    while (filled < kPieceBytes && !done_) {
      const auto got = ReadSome(file_, path_, piece->bytes.data() + filled, kPieceBytes - filled);
      if (!got) return got.error();
      done_ = *got == 0;
      filled += *got;
    }
    piece->bytes.resize(filled);
    piece->last = done_;
    read_ += filled;
    if (read_ > limit_) return TooLarge(name_, limit_);
    sha_.Update(piece->bytes);
    return true;
  }
  Digest ContentDigest() override { return sha_.Finish(); }

 private:
  FileDescriptor file_;
  std::string path_;
  std::string name_;
  std::size_t limit_ = 0;
  std::uint64_t read_ = 0;
  bool done_ = false;
  Sha256 sha_;
};

class ArchiveReader final : public MemberReader {
 public:
  ~ArchiveReader() override { archive_read_free(archive_); }

  /// `single`: the file is no archive but one compressed member of this name.
  static Result<std::unique_ptr<MemberReader>> Open(const std::string& path, MemberFilter filter,
                                                    std::optional<std::string> single) {
    auto digest = DigestOfFile(path);
    if (!digest) return std::move(digest).error();
    auto reader = std::make_unique<ArchiveReader>();
    reader->filter_ = filter;
    reader->single_ = std::move(single);
    reader->path_ = path;
    reader->digest_ = *std::move(digest);
    archive* const handle = reader->archive_ = archive_read_new();
    if (handle == nullptr) return Internal("no memory for an archive reader");
    // One at a time, and no others: formats that run programs or name files elsewhere stay out.
    archive_read_support_filter_gzip(handle);
    archive_read_support_filter_zstd(handle);
    archive_read_support_filter_xz(handle);
    archive_read_support_filter_bzip2(handle);
    if (reader->single_) {
      archive_read_support_format_raw(handle);
    } else {
      archive_read_support_format_zip(handle);
      archive_read_support_format_tar(handle);
    }
    if (archive_read_open_filename(handle, path.c_str(), kBlockBytes) != ARCHIVE_OK) {
      return InvalidArgument(path + ": cannot be read as an archive: " + reader->Message());
    }
    return std::unique_ptr<MemberReader>(std::move(reader));
  }

  Result<bool> Next(Piece* piece) override {
    piece->first = !within_;
    while (!within_) {
      archive_entry* entry = nullptr;
      const int code = archive_read_next_header(archive_, &entry);
      if (code == ARCHIVE_EOF) return EndsWhole();
      if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return BrokenOff("");
      if (++members_ > kMaxMembers) {
        return ResourceExhausted("has more than " + std::to_string(kMaxMembers) + " members");
      }
      if (Status entered = Enter(entry); !entered) return entered.error();
    }
    piece->name = name_;
    if (Status status = ReadData(piece); !status) return status.error();
    within_ = !piece->last;
    return true;
  }
  Digest ContentDigest() override { return digest_; }

 private:
  Status Enter(archive_entry* entry) {
    const char* const name = archive_entry_pathname(entry);
    name_ = single_ ? *single_ : std::string(name == nullptr ? "" : name);
    const bool file = single_ || archive_entry_filetype(entry) == AE_IFREG;
    const auto wanted = Wanted(name_, filter_);
    within_ = file && wanted && !wanted->compressed;
    read_ = 0;
    return file && !within_ && !single_ && IsPacked(name_) ? Packed(name_) : Ok();
  }
  /// The size in the header is its author's word: only what comes is counted.
  Status ReadData(Piece* piece) {
    piece->bytes.clear();
    piece->last = false;
    while (piece->bytes.size() < kPieceBytes) {
      const void* block = nullptr;
      std::size_t size = 0;
      la_int64_t offset = 0;
      const int code = archive_read_data_block(archive_, &block, &size, &offset);
      if (code == ARCHIVE_EOF) {
        piece->last = true;
        return Ok();
      }
      if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return BrokenOff(name_);
      // A sparse member leaves holes; a record has none.
      if (offset < 0 || static_cast<std::uint64_t>(offset) != read_) {
        return DataLoss(text::Printable(name_) + ": has a hole");
      }
      inflated_ += size;
      read_ += size;
      if (read_ > filter_.max_member_bytes) return TooLarge(name_, filter_.max_member_bytes);
      if (inflated_ > kMaxInflatedBytes) {
        return ResourceExhausted("inflates to more than " + std::to_string(kMaxInflatedBytes) +
                                 " bytes");
      }
      piece->bytes.append(static_cast<const char*>(block), size);
    }
    return Ok();
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
  MemberFilter filter_;
  std::optional<std::string> single_;
  std::string name_;     // of the member that is being read
  bool within_ = false;  // it has more pieces
  std::uint64_t read_ = 0;
  std::uint64_t members_ = 0;
  std::uint64_t inflated_ = 0;
  Digest digest_;
};

Result<std::unique_ptr<MemberReader>> OpenOneFile(const std::string& path, const WantedName& wanted,
                                                  MemberFilter filter) {
  if (wanted.compressed) return ArchiveReader::Open(path, filter, wanted.name);
  return PlainFileReader::Open(path, wanted.name, filter.max_member_bytes);
}

Result<std::unique_ptr<MemberReader>> OpenFileOrArchive(const fs::path& path, MemberFilter filter) {
  const auto wanted = Wanted(path.filename().string(), filter);
  return wanted ? OpenOneFile(path.string(), *wanted, filter)
                : ArchiveReader::Open(path.string(), filter, {});
}

class FolderReader final : public MemberReader {
 public:
  static Result<std::unique_ptr<MemberReader>> Open(const std::string& path, MemberFilter filter) {
    auto reader = std::make_unique<FolderReader>();
    reader->filter_ = filter;
    reader->root_ = path;
    std::error_code error;
    fs::recursive_directory_iterator at(path, error);
    for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
      std::error_code ignored;  // what cannot be looked at fails when it is read
      if (at->is_directory(ignored)) continue;
      const std::string name = at->path().filename().string();
      if (!Wanted(name, filter) && !IsArchive(name)) continue;
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

  Result<bool> Next(Piece* piece) override {
    for (;;) {
      if (!current_) {
        if (next_ == names_.size()) return false;
        const fs::path& name = names_[next_++];
        auto opened = OpenFileOrArchive(root_ / name, filter_);
        if (!opened) return std::move(opened).error();
        current_ = *std::move(opened);
      }
      const auto more = current_->Next(piece);
      if (!more) return Error(more.error()).Context(names_[next_ - 1].string());
      if (*more) return true;
      const std::string& name = names_[next_ - 1].string();
      sha_.Update(name.c_str(), name.size() + 1);  // with its NUL
      sha_.Update(current_->ContentDigest().ToString());
      current_.reset();
    }
  }
  Digest ContentDigest() override { return sha_.Finish(); }

 private:
  fs::path root_;
  std::vector<fs::path> names_;
  std::size_t next_ = 0;
  MemberFilter filter_;
  std::unique_ptr<MemberReader> current_;
  Sha256 sha_;
};

}  // namespace

Result<std::unique_ptr<MemberReader>> MemberReader::Open(const std::string& path,
                                                         MemberFilter filter) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (!fs::exists(status)) return NotFound("cannot open " + path + ": no such file or folder");
  if (fs::is_directory(status)) return FolderReader::Open(path, filter);
  return OpenFileOrArchive(path, filter);
}

}  // namespace landwaiter::advisories
