#include "scanner/packages/locks/maven_reactor.h"

#include <algorithm>
#include <iterator>

#include "scanner/packages/locks/beside.h"
#include "scanner/packages/locks/maven_properties.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kPomName = "pom.xml";

std::string NameOf(const std::string& group, const std::string& artifact,
                   const std::string& version) {
  return group + ":" + artifact + ":" + version;
}

// Maven takes paths of Windows everywhere.
std::string Slashed(std::string_view path) {
  std::string slashed(path);
  std::replace(slashed.begin(), slashed.end(), '\\', '/');
  return slashed;
}

}  // namespace

MavenReactor::MavenReactor(std::vector<FileReading>& readings, const RealPath& real_path)
    : real_path_(real_path) {
  members_.reserve(readings.size());
  for (FileReading& reading : readings) {
    members_.push_back({.reading = &reading, .project = DecodeProject(reading.residue)});
  }
  std::stable_sort(members_.begin(), members_.end(), [](const Member& a, const Member& b) {
    return a.reading->path < b.reading->path;
  });
  for (std::size_t i = 0; i < members_.size(); ++i) Name(i);
  for (Member& member : members_) {
    if (member.project.has_parent) FindParent(member);
    FindModules(member);
  }
  std::sort(asked_.begin(), asked_.end());
  asked_.erase(std::unique(asked_.begin(), asked_.end()), asked_.end());
}

// As written, and with the project's own properties: "${revision}" and the like stand beside it.
void MavenReactor::Name(std::size_t i) {
  const MavenProject& project = members_[i].project;
  const bool of_parent = project.has_parent;
  const std::string& group =
      project.group.empty() && of_parent ? project.parent.group : project.group;
  const std::string& version =
      project.version.empty() && of_parent ? project.parent.version : project.version;
  const std::string written = NameOf(group, project.artifact, version);
  by_name_.emplace(written, i);
  if (written.find("${") == std::string::npos) return;
  const MavenProject* const alone[] = {&project};
  if (auto known = MavenProperties(alone).Expand(written)) by_name_.emplace(*std::move(known), i);
}

std::optional<std::size_t> MavenReactor::IndexAt(const std::string& path) const {
  const auto at = std::lower_bound(members_.begin(), members_.end(), path,
                                   [](const Member& member, const std::string& wanted) {
                                     return member.reading->path < wanted;
                                   });
  if (at == members_.end() || at->reading->path != path) return {};
  return static_cast<std::size_t>(at - members_.begin());
}

std::optional<std::size_t> MavenReactor::At(const Member& from, std::string_view relative) {
  const auto beside = PathBeside(from.reading->path, Slashed(relative));
  if (!beside) return {};
  const std::string path = real_path_(*beside);
  if (const auto file = IndexAt(path)) return file;
  const std::string in_folder = path.empty() ? std::string(kPomName) : path + "/pom.xml";
  const std::string there = real_path_(in_folder);
  if (const auto file = IndexAt(there)) return file;
  // A pom.xml was read if it is one of the project's own, and not a package's.
  if (BaseName(path) != kPomName) asked_.push_back(path.ends_with(".xml") ? path : there);
  return {};
}

// By its path, which counts only where the project there is the one that is meant; else by name.
void MavenReactor::FindParent(Member& child) {
  const MavenParent& wanted = child.project.parent;
  const auto self = static_cast<std::size_t>(&child - members_.data());
  const std::string name = NameOf(wanted.group, wanted.artifact, wanted.version);
  if (!wanted.relative_path.empty()) {
    const auto at = At(child, wanted.relative_path);
    const auto [first, last] = by_name_.equal_range(name);
    const bool meant =
        at && std::any_of(first, last, [&](const auto& one) { return one.second == *at; });
    if (meant) child.parent = at;
  }
  if (!child.parent) child.parent = Find(wanted.group, wanted.artifact, wanted.version);
  if (child.parent == self) child.parent.reset();
  if (!child.parent) child.missing_parent = name;
}

void MavenReactor::FindModules(Member& member) {
  for (const std::string& module : member.project.modules) {
    if (!At(member, module)) member.missing_modules.push_back(module);
  }
}

std::optional<std::size_t> MavenReactor::Find(const std::string& group, const std::string& artifact,
                                              const std::string& version) const {
  const auto [first, last] = by_name_.equal_range(NameOf(group, artifact, version));
  if (first == last || std::next(first) != last) return {};
  return first->second;
}

std::vector<std::size_t> MavenReactor::LineageOf(std::size_t i) const {
  std::vector<std::size_t> lineage;
  for (std::optional<std::size_t> at = i; at && lineage.size() < kMaxMavenParents;) {
    if (std::find(lineage.begin(), lineage.end(), *at) != lineage.end()) break;
    lineage.push_back(*at);
    at = members_[*at].parent;
  }
  return lineage;
}

std::vector<const MavenProject*> MavenReactor::Lineage(std::size_t i) const {
  std::vector<const MavenProject*> lineage;
  for (const std::size_t at : LineageOf(i)) lineage.push_back(&members_[at].project);
  return lineage;
}

bool MavenReactor::IsWhole(std::size_t i) const {
  return !members_[LineageOf(i).back()].project.has_parent;
}

}  // namespace landwaiter::packages
