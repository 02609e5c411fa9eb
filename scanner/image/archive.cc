#include "scanner/image/archive.h"

#include <archive.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "lib/base/text.h"
#include "model/scan_request.h"
#include "scanner/image/failure.h"
#include "scanner/image/layout.h"
#include "scanner/image/tar_index.h"

namespace landwaiter::image {
namespace {

constexpr std::size_t kSpoolChunk = 1u << 20;
// security.md: a ratio of 1000 counts after the first 100 MiB.
constexpr std::uint64_t kRatioFrom = 100u << 20;
constexpr std::uint64_t kMaxRatio = 1000;

/// The file and its index, shared with the readers that were opened.
struct OpenTar {
  FileDescriptor file;
  TarIndex index;
  std::string name;
};

class MemberReader final : public BlobReader {
 public:
  MemberReader(std::shared_ptr<const OpenTar> tar, std::uint64_t offset, std::uint64_t size)
      : tar_(std::move(tar)), at_(offset), left_(size) {}

  Result<std::size_t> Read(char* buffer, std::size_t size) override {
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(size, left_));
    if (want == 0) return std::size_t{0};
    auto got = ReadAt(tar_->file.get(), at_, buffer, want);
    if (!got) return std::move(got).error().Context(tar_->name);
    if (*got == 0) return Malformed(tar_->name, "became shorter while it was read");
    at_ += *got;
    left_ -= *got;
    return got;
  }

 private:
  const std::shared_ptr<const OpenTar> tar_;
  std::uint64_t at_;
  std::uint64_t left_;
};

class TarTree final : public FileTree {
 public:
  explicit TarTree(std::shared_ptr<const OpenTar> tar) : tar_(std::move(tar)) {}

  std::string Name() const override { return tar_->name; }
  bool Has(const std::string& path) const override { return tar_->index.Has(path); }

  Result<std::string> ReadAll(const std::string& path, std::size_t max_bytes) const override {
    auto member = tar_->index.Find(path);
    if (!member) return std::move(member).error().Context(tar_->name);
    if (member->size > max_bytes) {
      return Failure(Code::kResourceExhausted, scan_reason::kTooLarge,
                     tar_->name + ": '" + text::Printable(text::Truncate(path, 200)) + "' of " +
                         std::to_string(member->size) + " bytes is above the limit of " +
                         std::to_string(max_bytes));
    }
    std::string bytes(static_cast<std::size_t>(member->size), '\0');
    auto got = ReadAt(tar_->file.get(), member->offset, bytes.data(), bytes.size());
    if (!got) return std::move(got).error().Context(tar_->name);
    if (*got != bytes.size()) return Malformed(tar_->name, "became shorter while it was read");
    return bytes;
  }

  Result<Opened> Open(const std::string& path) const override {
    auto member = tar_->index.Find(path);
    if (!member) return std::move(member).error().Context(tar_->name);
    return Opened{std::make_unique<MemberReader>(tar_, member->offset, member->size), member->size};
  }

 private:
  const std::shared_ptr<const OpenTar> tar_;
};

/// What a file is by its first bytes, or "" for what may be a plain tar.
std::string_view CompressionOf(std::string_view first) {
  if (first.starts_with("\x1f\x8b")) return "gzip";
  if (first.starts_with("\x28\xb5\x2f\xfd")) return "zstd";
  if (first.starts_with(std::string_view("\xfd"
                                         "7zXZ\0",
                                         6)))
    return "xz";
  if (first.starts_with("BZh")) return "bzip2";
  return {};
}

struct CloseArchive {
  void operator()(struct ::archive* reader) const { archive_read_free(reader); }
};

/// Inflates a whole file into the scratch file.
class Spooler {
 public:
  Spooler(const std::string& name, const ArchiveOptions& options, const Cancellation& cancel)
      : name_(name), options_(options), cancel_(cancel), chunk_(kSpoolChunk, '\0') {}

  Status Run(int file, std::uint64_t compressed_size) {
    const std::unique_ptr<struct ::archive, CloseArchive> reader(archive_read_new());
    if (!reader) return ResourceExhausted(name_ + ": out of memory");
    archive_read_support_filter_gzip(reader.get());
    archive_read_support_filter_zstd(reader.get());
    archive_read_support_format_raw(reader.get());
    struct archive_entry* entry = nullptr;
    if (::lseek(file, 0, SEEK_SET) != 0 ||
        archive_read_open_fd(reader.get(), file, kSpoolChunk) != ARCHIVE_OK ||
        archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK) {
      return Broken(reader.get());
    }
    for (std::uint64_t at = 0;;) {
      const la_ssize_t got = archive_read_data(reader.get(), chunk_.data(), chunk_.size());
      if (got < 0) return Broken(reader.get());
      if (got == 0) return Ok();
      const auto size = static_cast<std::size_t>(got);
      if (auto bounded = CheckBounds(at + size, compressed_size); !bounded) return bounded;
      if (auto written = Write(at, size); !written) return written;
      at += size;
    }
  }

 private:
  Status Broken(struct ::archive* reader) const {
    const char* why = archive_error_string(reader);
    return Malformed(
        name_, std::string("cannot be inflated: ") + (why == nullptr ? "unknown fault" : why));
  }

  Status CheckBounds(std::uint64_t inflated, std::uint64_t compressed) const {
    if (cancel_.Stopped()) return Error{Code::kCancelled, name_ + ": cancelled"};
    if (cancel_.Expired()) return Error{Code::kDeadlineExceeded, name_ + ": not inflated in time"};
    const bool bomb = inflated > kRatioFrom && inflated / kMaxRatio > compressed;
    if (inflated <= options_.max_inflated_bytes && !bomb) return Ok();
    return Failure(Code::kResourceExhausted, scan_reason::kTooLarge,
                   name_ + ": inflates to more than " +
                       (bomb ? std::to_string(kMaxRatio) + " times its size"
                             : std::to_string(options_.max_inflated_bytes) + " bytes"));
  }

  Status Write(std::uint64_t at, std::size_t size) const {
    for (std::size_t done = 0; done < size;) {
      const ssize_t put = ::pwrite(options_.scratch.get(), chunk_.data() + done, size - done,
                                   static_cast<off_t>(at + done));
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) {
        return Failure(Code::kResourceExhausted, scan_reason::kScannerFailed,
                       name_ + ": the scratch file cannot be written: " + std::strerror(errno));
      }
      done += static_cast<std::size_t>(put);
    }
    return Ok();
  }

  const std::string& name_;
  const ArchiveOptions& options_;
  const Cancellation& cancel_;
  std::string chunk_;
};

/// The plain tar behind `file`: itself, or the inflated scratch file.
Result<FileDescriptor> PlainTar(FileDescriptor file, const std::string& name,
                                ArchiveOptions& options, const Cancellation& cancel) {
  struct stat info {};
  if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return Malformed(name, "is no regular file");
  }
  char first[6] = {};
  auto got = ReadAt(file.get(), 0, first, sizeof first);
  if (!got) return std::move(got).error().Context(name);
  if (*got == 0) return Malformed(name, "is empty");
  const std::string_view compression = CompressionOf({first, *got});
  if (compression.empty()) return file;
  if (compression != "gzip" && compression != "zstd") {
    return Failure(Code::kUnsupported, scan_reason::kUnsupportedMediaType,
                   name + ": is compressed with " + std::string(compression) +
                       ", only gzip and zstd are read");
  }
  if (!options.scratch) {
    return Failure(Code::kUnsupported, scan_reason::kUnsupportedMediaType,
                   name + ": is compressed with " + std::string(compression) +
                       ", and there is no scratch file to inflate it to");
  }
  Spooler spooler(name, options, cancel);
  if (auto spooled = spooler.Run(file.get(), static_cast<std::uint64_t>(info.st_size)); !spooled) {
    return std::move(spooled).error();
  }
  return std::move(options.scratch);
}

}  // namespace

Result<std::unique_ptr<ImageSource>> OpenArchive(FileDescriptor file, std::string name,
                                                 ArchiveOptions options,
                                                 const Cancellation& cancel) {
  auto plain = PlainTar(std::move(file), name, options, cancel);
  if (!plain) return std::move(plain).error();
  auto index = TarIndex::Build(plain->get(), cancel);
  if (!index) return std::move(index).error().Context(name);
  auto tar =
      std::make_shared<OpenTar>(OpenTar{std::move(*plain), std::move(*index), std::move(name)});
  auto tree = std::make_shared<TarTree>(tar);
  // Archives of Docker 25 and later are both; the layout has the true manifests.
  if (tree->Has("index.json")) return OpenLayoutTree(std::move(tree), options.image);
  if (tree->Has("manifest.json")) return OpenDockerSave(std::move(tree), options.image, cancel);
  return Malformed(tar->name, "has neither index.json nor manifest.json: no image archive");
}

}  // namespace landwaiter::image
