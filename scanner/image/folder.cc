#include "scanner/image/folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "lib/base/text.h"
#include "scanner/image/folder_walk.h"

namespace landwaiter::image {
namespace {

Error CannotOpen(const std::string& path) {
  const std::string message = "cannot open " + path + ": " + std::strerror(errno);
  if (errno == EACCES || errno == EPERM) return Error{Code::kPermissionDenied, message};
  if (errno == ENOENT) return NotFound(message);
  return InvalidArgument(message);
}

Error NoManifest(const std::string& name) { return Unsupported(name + " is no image"); }

constexpr std::string_view kAnd = ";and=";
constexpr std::string_view kHexDigits = "0123456789abcdef";

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
         c == '.' || c == '-' || c == '_';
}

std::string Escaped(std::string_view path) {
  std::string escaped;
  for (const char c : path) {
    if (IsPlain(c)) {
      escaped += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    escaped += {'%', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
  }
  return escaped;
}

// What is no escape stays as it is: it names no file then.
std::string Unescaped(std::string_view escaped) {
  std::string path;
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    const bool escape = escaped[i] == '%' && i + 2 < escaped.size();
    const auto high = escape ? kHexDigits.find(escaped[i + 1]) : std::string_view::npos;
    const auto low = escape ? kHexDigits.find(escaped[i + 2]) : std::string_view::npos;
    if (high == std::string_view::npos || low == std::string_view::npos) {
      path += escaped[i];
      continue;
    }
    path += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return path;
}

std::set<std::string, std::less<>> NamedIn(std::string_view media_type) {
  std::set<std::string, std::less<>> paths;
  const auto at = media_type.find(kAnd);
  if (at == std::string_view::npos) return paths;
  for (const std::string_view path : text::Split(media_type.substr(at + kAnd.size()), ',')) {
    paths.insert(Unescaped(path));
  }
  return paths;
}

// The one file, once.
class OneFile final : public TarStream {
 public:
  OneFile(FileDescriptor file, std::string name, std::uint64_t size)
      : file_(std::move(file)), name_(std::move(name)), size_(size) {}

 private:
  Result<bool> NextMember(Member& member) override {
    if (!file_) return false;
    member.path = name_;
    member.size = size_;
    member.header = TarHeaderOf({.path = name_, .size = size_});
    member.file = std::move(file_);
    return true;
  }

  FileDescriptor file_;
  const std::string name_;
  const std::uint64_t size_;
};

}  // namespace

Result<std::unique_ptr<FolderSource>> FolderSource::Open(const std::string& path, Wants wants) {
  FileDescriptor root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return CannotOpen(path);
  return std::unique_ptr<FolderSource>(
      new FolderSource(std::move(root), "folder " + path, std::move(wants)));
}

Result<RawManifest> FolderSource::Manifest(const std::optional<Digest>& /*digest*/) {
  return NoManifest(name_);
}

Result<std::unique_ptr<BlobReader>> FolderSource::Blob(const Descriptor& descriptor) {
  const auto taken = descriptor.media_type == kAllFiles ? FolderWalk::Taken::kAllFiles
                                                        : FolderWalk::Taken::kWantedFiles;
  return std::unique_ptr<BlobReader>(std::make_unique<FolderWalk>(
      root_.get(), wants_, taken, NamedIn(descriptor.media_type), report_));
}

std::string WantedFilesAnd(const std::set<std::string>& paths) {
  std::string media_type(kWantedFiles);
  std::string names;
  for (const std::string& path : paths) {
    std::string name = Escaped(path);
    if (names.size() + name.size() >= kMaxNamedFilesBytes) break;
    if (!names.empty()) names += ',';
    names += name;
  }
  if (!names.empty()) media_type.append(kAnd).append(names);
  return media_type;
}

Result<std::unique_ptr<FileSource>> FileSource::Open(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file) return CannotOpen(path);
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) return CannotOpen(path);
  if (!S_ISREG(facts.st_mode)) return InvalidArgument(path + " is no regular file");
  std::string name = path.substr(path.rfind('/') + 1);
  return std::unique_ptr<FileSource>(
      new FileSource(std::move(file), std::move(name), static_cast<std::uint64_t>(facts.st_size)));
}

Result<RawManifest> FileSource::Manifest(const std::optional<Digest>& /*digest*/) {
  return NoManifest(name_);
}

Result<std::unique_ptr<BlobReader>> FileSource::Blob(const Descriptor& /*descriptor*/) {
  FileDescriptor copy(::fcntl(file_.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy) return Internal(std::string("cannot read ") + name_ + ": " + std::strerror(errno));
  return std::unique_ptr<BlobReader>(std::make_unique<OneFile>(std::move(copy), name_, size_));
}

}  // namespace landwaiter::image
