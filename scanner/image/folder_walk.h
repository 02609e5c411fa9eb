// The walk over a folder that makes its tar (folder.h). Inside this room only.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "scanner/image/folder.h"
#include "scanner/image/tar_index.h"
#include "scanner/image/tar_writer.h"

namespace landwaiter::image {

/// A tar of members that come one after another.
class TarStream : public BlobReader {
 public:
  Result<std::size_t> Read(char* buffer, std::size_t size) final;

 protected:
  struct Member {
    std::string header;
    FileDescriptor file;  // none: a link
    std::uint64_t size = 0;
    std::string path;
  };
  /// False at the end.
  virtual Result<bool> NextMember(Member& member) = 0;

 private:
  std::size_t Give(char* buffer, std::size_t size);

  std::string ready_;  // bytes that go out before the file's
  std::size_t given_ = 0;
  Member member_;
  std::uint64_t at_ = 0;  // in the file
  bool ended_ = false;
};

class FolderWalk final : public TarStream {
 public:
  enum class Taken { kWantedFiles, kAllFiles };
  /// Files at the paths of `named` are wanted whatever `wants` says. The report is kept up to date.
  /// `root`, `wants` and `report` outlive the walk.
  FolderWalk(int root, const FolderSource::Wants& wants, Taken taken,
             std::set<std::string, std::less<>> named, FolderReport& report);

 private:
  struct Level {
    FileDescriptor folder;
    std::string path;  // with a trailing '/', "" at the top
    std::vector<std::string> names;
    std::size_t next = 0;
    std::uint64_t device = 0;
  };

  Result<bool> NextMember(Member& member) override;
  /// True where the entry is a member.
  Result<bool> Take(const std::string& name, Member& member);
  Status Enter(FileDescriptor folder, std::string path, std::uint64_t device);
  Status EnterBelow(const std::string& name, const std::string& path, std::uint64_t device);
  bool TakeLink(const std::string& name, const std::string& path, Member& member);
  /// True where the link leads to a file that is taken under the link's name.
  bool TakeThroughLink(const std::string& name, const std::string& path, Member& member);
  bool IsWanted(const FolderFile& file) const;
  /// Whether the file is met on its own way, and wanted there.
  bool IsTakenItself(int file, const FolderFile& facts) const;
  bool TakeFile(const std::string& name, const std::string& path, Member& member);
  /// The member is the file, which is open.
  void Fill(const std::string& path, const struct stat& facts, Member& member);
  void Unread(const std::string& path, const std::string& why);

  const int root_;
  const FolderSource::Wants& wants_;
  const std::set<std::string, std::less<>> named_;
  const Taken taken_;
  FolderReport& report_;
  /// The folder is a system's root: links may lead from where a database is looked for to a file
  /// that nobody wants under its own name, so all files are told, those as empty ones.
  bool system_root_ = false;
  std::uint64_t entries_ = 0;
  std::vector<Level> levels_;
  Status begun_;
};

}  // namespace landwaiter::image
