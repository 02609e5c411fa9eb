#include "scanner/image/folder_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>
#include <utility>

#include "lib/base/text.h"
#include "model/scan_request.h"
#include "scanner/image/failure.h"

namespace landwaiter::image {
namespace {

constexpr std::size_t kMaxExamples = 3;
// linux/magic.h: files there are questions to the kernel, and some never end.
constexpr std::array<long, 5> kKernelFileSystems = {
    0x9fa0,      // proc
    0x62656572,  // sysfs
    0x1cd1,      // devpts
    0x64626720,  // debugfs
    0x74726163,  // tracefs
};

bool IsKernels(int folder) {
  struct statfs facts {};
  if (::fstatfs(folder, &facts) != 0) return false;
  return std::find(kKernelFileSystems.begin(), kKernelFileSystems.end(), facts.f_type) !=
         kKernelFileSystems.end();
}

Result<std::vector<std::string>> NamesIn(int folder) {
  const int copy = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const opened = copy < 0 ? nullptr : ::fdopendir(copy);
  if (opened == nullptr) {
    const int why = errno;
    if (copy >= 0) ::close(copy);
    return Internal(std::strerror(why));
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> guard(opened, ::closedir);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* const entry = ::readdir(opened)) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == ".." || name == ".git") continue;
    if (names.size() >= kMaxFolderEntries) {
      return Failure(Code::kResourceExhausted, scan_reason::kTooLarge,
                     "a folder has more than " + std::to_string(kMaxFolderEntries) + " entries");
    }
    names.emplace_back(name);
  }
  if (errno != 0) return Internal(std::strerror(errno));
  std::sort(names.begin(), names.end());
  return names;
}

// Through links, which mean what they would mean were the folder the root: none leads out of it
// (openat2(2), RESOLVE_IN_ROOT), and the kernel bounds how many there are on a way.
FileDescriptor OpenWithin(int root, const std::string& path, std::uint64_t flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return FileDescriptor(
      static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how)));
}

// "" where the kernel does not say.
std::string PlaceOf(int fd) {
  std::array<char, PATH_MAX> place{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = ::readlink(link.c_str(), place.data(), place.size());
  return size <= 0 ? std::string() : std::string(place.data(), static_cast<std::size_t>(size));
}

FolderFile FileOf(std::string_view path, const struct stat& facts) {
  return {.path = path,
          .mode = facts.st_mode & 07777u,
          .uid = facts.st_uid,
          .gid = facts.st_gid,
          .size = static_cast<std::uint64_t>(facts.st_size)};
}

}  // namespace

std::size_t TarStream::Give(char* buffer, std::size_t size) {
  const std::size_t count = std::min(size, ready_.size() - given_);
  std::memcpy(buffer, ready_.data() + given_, count);
  given_ += count;
  return count;
}

Result<std::size_t> TarStream::Read(char* buffer, std::size_t size) {
  for (;;) {
    if (given_ < ready_.size()) return Give(buffer, size);
    if (member_.file && at_ < member_.size) {
      const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(size, member_.size - at_));
      auto got = ReadAt(member_.file.get(), at_, buffer, want);
      if (!got) return std::move(got).error().Context(text::Printable(member_.path));
      if (*got == 0) return Malformed(member_.path, "became shorter while it was read");
      at_ += *got;
      if (at_ == member_.size) {
        ready_.assign(TarPadding(member_.size), '\0');
        given_ = 0;
      }
      return got;
    }
    if (ended_) return std::size_t{0};
    member_ = {};
    at_ = given_ = 0;
    auto more = NextMember(member_);
    if (!more) return std::move(more).error();
    ended_ = !*more;
    ready_ = ended_ ? TarEnd() : std::move(member_.header);
  }
}

FolderWalk::FolderWalk(int root, const FolderSource::Wants& wants, Taken taken,
                       std::set<std::string, std::less<>> named, FolderReport& report)
    : root_(root), wants_(wants), named_(std::move(named)), taken_(taken), report_(report) {
  report_ = {};
  FileDescriptor folder(::openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat facts {};
  if (!folder || ::fstat(folder.get(), &facts) != 0) {
    begun_ = Internal(std::string("the folder cannot be read: ") + std::strerror(errno));
    return;
  }
  for (const char* const path : {"etc/os-release", "usr/lib/os-release"}) {
    struct stat release {};
    if (::fstatat(root, path, &release, AT_SYMLINK_NOFOLLOW) == 0) system_root_ = true;
  }
  begun_ = Enter(std::move(folder), "", facts.st_dev);
  if (begun_ && levels_.empty()) begun_ = Internal("the folder cannot be read");
}

void FolderWalk::Unread(const std::string& path, const std::string& why) {
  ++report_.unread;
  if (report_.unread_examples.size() >= kMaxExamples) return;
  report_.unread_examples.push_back(text::Truncate(text::Printable(path), 256) + ": " + why);
}

Status FolderWalk::Enter(FileDescriptor folder, std::string path, std::uint64_t device) {
  auto names = NamesIn(folder.get());
  if (!names && names.error().code == Code::kResourceExhausted) return std::move(names).error();
  if (!names) {
    Unread(path, names.error().message);
    return Ok();
  }
  if (!path.empty()) path += '/';
  levels_.push_back({std::move(folder), std::move(path), *std::move(names), 0, device});
  return Ok();
}

Result<bool> FolderWalk::NextMember(Member& member) {
  if (!begun_) return begun_.error();
  while (!levels_.empty()) {
    Level& level = levels_.back();
    if (level.next == level.names.size()) {
      levels_.pop_back();
      continue;
    }
    if (++entries_ > kMaxFolderEntries) {
      return Failure(Code::kResourceExhausted, scan_reason::kTooLarge,
                     "the folder has more than " + std::to_string(kMaxFolderEntries) + " entries");
    }
    const std::string name = std::move(level.names[level.next++]);
    auto taken = Take(name, member);
    if (!taken) return std::move(taken).error();
    if (*taken) return true;
  }
  return false;
}

Result<bool> FolderWalk::Take(const std::string& name, Member& member) {
  const Level& level = levels_.back();
  const std::string path = level.path + name;
  struct stat facts {};
  if (::fstatat(level.folder.get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno != ENOENT) Unread(path, std::strerror(errno));
    return false;  // gone since its folder was read
  }
  if (path.size() >= PATH_MAX) {
    Unread(path, "its path is too long");
    return false;
  }
  if (S_ISLNK(facts.st_mode)) return TakeLink(name, path, member);
  if (S_ISREG(facts.st_mode)) return TakeFile(name, path, member);
  if (S_ISDIR(facts.st_mode)) {
    if (auto entered = EnterBelow(name, path, facts.st_dev); !entered) return entered.error();
  }
  return false;
}

Status FolderWalk::EnterBelow(const std::string& name, const std::string& path,
                              std::uint64_t device) {
  if (levels_.size() >= kMaxFolderDepth) {
    Unread(path, "is deeper than " + std::to_string(kMaxFolderDepth) + " folders");
    return Ok();
  }
  const Level& level = levels_.back();
  FileDescriptor folder(
      ::openat(level.folder.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) {
    if (errno != ENOENT) Unread(path, std::strerror(errno));
    return Ok();
  }
  if (device != level.device && IsKernels(folder.get())) return Ok();
  return Enter(std::move(folder), path, device);
}

bool FolderWalk::IsWanted(const FolderFile& file) const {
  return wants_(file) || named_.contains(file.path);
}

bool FolderWalk::IsTakenItself(int file, const FolderFile& facts) const {
  const std::string root = PlaceOf(root_);
  const std::string place = PlaceOf(file);
  if (root.empty() || !place.starts_with(root + "/")) return false;
  FolderFile own = facts;
  own.path = std::string_view(place).substr(root.size() + 1);
  const bool left_out =
      own.path.starts_with(".git/") || own.path.find("/.git/") != std::string_view::npos;
  return !left_out && IsWanted(own);
}

bool FolderWalk::TakeThroughLink(const std::string& name, const std::string& path, Member& member) {
  struct stat target {};
  // A link that leads nowhere hides nothing. In a system the merge of its layer follows links.
  if (system_root_ || ::fstatat(levels_.back().folder.get(), name.c_str(), &target, 0) != 0) {
    return false;
  }
  const FileDescriptor place = OpenWithin(root_, path, O_PATH);
  struct stat facts {};
  const bool within = place && ::fstat(place.get(), &facts) == 0 && facts.st_dev == target.st_dev &&
                      facts.st_ino == target.st_ino;
  if (!within) {
    ++report_.links_out;
    if (report_.links_out_examples.size() < kMaxExamples) {
      report_.links_out_examples.push_back(text::Truncate(text::Printable(path), 256));
    }
    return false;
  }
  const FolderFile file = FileOf(path, facts);
  if (!S_ISREG(facts.st_mode) || !IsWanted(file) || IsTakenItself(place.get(), file)) return false;
  member.file = OpenWithin(root_, path, O_RDONLY | O_NONBLOCK);
  if (!member.file || ::fstat(member.file.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
    Unread(path, member.file ? "became something else" : std::strerror(errno));
    member.file = {};
    return false;
  }
  ++report_.files;
  Fill(path, facts, member);
  return true;
}

bool FolderWalk::TakeLink(const std::string& name, const std::string& path, Member& member) {
  if (TakeThroughLink(name, path, member)) return true;
  std::array<char, PATH_MAX> target{};
  const ssize_t size =
      ::readlinkat(levels_.back().folder.get(), name.c_str(), target.data(), target.size());
  if (size <= 0) return false;
  const std::string_view link(target.data(), static_cast<std::size_t>(size));
  member.path = path;
  member.header = TarHeaderOf({.path = path, .link = link, .mode = 0777});
  return true;
}

bool FolderWalk::TakeFile(const std::string& name, const std::string& path, Member& member) {
  ++report_.files;
  // O_NONBLOCK: a pipe may have taken the file's place.
  struct stat facts {};
  const int folder = levels_.back().folder.get();
  if (::fstatat(folder, name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) return false;
  const FolderFile wanted = FileOf(path, facts);
  if (taken_ == Taken::kWantedFiles && !IsWanted(wanted)) {
    member.header = TarHeaderOf({.path = path, .mode = wanted.mode});
    return system_root_;
  }
  member.file = FileDescriptor(
      ::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!member.file || ::fstat(member.file.get(), &facts) != 0) {
    if (errno != ENOENT) Unread(path, std::strerror(errno));
    return false;
  }
  if (!S_ISREG(facts.st_mode)) return false;
  Fill(path, facts, member);
  return true;
}

void FolderWalk::Fill(const std::string& path, const struct stat& facts, Member& member) {
  ++report_.taken;
  const FolderFile file = FileOf(path, facts);
  member.path = path;
  member.size = file.size;
  member.header = TarHeaderOf(
      {.path = path, .mode = file.mode, .uid = file.uid, .gid = file.gid, .size = file.size});
}

}  // namespace landwaiter::image
