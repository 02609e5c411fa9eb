// Which Maven project is which one's parent, module or bill of materials, among those of one image
// or folder. Inside this room only.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/packages/locks/maven_model.h"
#include "scanner/packages/source.h"

namespace landwaiter::packages {

/// Apache's projects have five; Maven itself knows no end.
inline constexpr std::size_t kMaxMavenParents = 32;

class MavenReactor {
 public:
  struct Member {
    FileReading* reading = nullptr;
    MavenProject project;
    /// Index of the parent, where it is here.
    std::optional<std::size_t> parent = {};
    /// It has one that is not here: "group:artifact:version".
    std::string missing_parent = {};
    std::vector<std::string> missing_modules = {};  // as written
  };

  MavenReactor(std::vector<FileReading>& readings, const RealPath& real_path);

  const std::vector<Member>& members() const { return members_; }
  Member& member(std::size_t i) { return members_[i]; }
  /// The project itself, its parent and so on, as far as they are here.
  std::vector<const MavenProject*> Lineage(std::size_t i) const;
  std::vector<std::size_t> LineageOf(std::size_t i) const;
  /// No parent is missing in the lineage, and it does not lead in a circle.
  bool IsWhole(std::size_t i) const;
  /// The only project of these coordinates, which hold no properties. nullopt where there is none,
  /// or more than one.
  std::optional<std::size_t> Find(const std::string& group, const std::string& artifact,
                                  const std::string& version) const;
  /// Files that would have to be read.
  const std::vector<std::string>& asked() const { return asked_; }

 private:
  std::optional<std::size_t> IndexAt(const std::string& path) const;
  /// A project by its file or its folder.
  std::optional<std::size_t> At(const Member& from, std::string_view relative);
  void FindParent(Member& child);
  void FindModules(Member& member);
  void Name(std::size_t i);

  const RealPath& real_path_;
  std::vector<Member> members_;                      // in path order
  std::multimap<std::string, std::size_t> by_name_;  // "group:artifact:version"
  std::vector<std::string> asked_;
};

}  // namespace landwaiter::packages
