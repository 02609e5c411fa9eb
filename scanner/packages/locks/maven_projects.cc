// Maven projects together (Maven, "POM Reference" and "Introduction to the Dependency Mechanism"):
// direct dependencies with the versions that the project itself, its parents, its managed
// dependencies and imported bills of materials give them, as far as these stand beside it.
//
// Nothing is fetched. A version that something which is not here could decide otherwise is none: a
// managed version of a bill of materials where a parent is missing (a parent's goes before it), or
// where one that was imported earlier is. Those are counted as left out and named, with what is
// missing. Dependencies of dependencies, profiles and plugins are not listed.
//
// What a parent declares is listed at the parent, and at a child where that makes another version
// of it.
#include "scanner/packages/locks/maven_projects.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "lib/base/text.h"
#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/maven_properties.h"
#include "scanner/packages/locks/maven_reactor.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

// Bills of materials import each other; Spring Boot's are two deep.
constexpr int kMaxImportDepth = 8;
// What all projects together take from themselves, their parents and imports: a thousand modules
// below a parent that manages three thousand versions need a third.
constexpr std::uint64_t kMaxTaken = 10'000'000;
// Names in a reason, which is for a person to read.
constexpr std::size_t kMaxTold = 3;
constexpr std::size_t kMaxToldBytes = 128;

using Listed = std::set<std::pair<std::string, std::string>>;  // name and version

struct Managed {
  std::string version;  // as written
  std::string scope;
};

// A project with what it has of its parents.
struct Effective {
  MavenProperties properties;
  std::map<std::string, Managed> managed;           // by KeyOf
  std::vector<std::optional<std::size_t>> imports;  // nullopt: not here
  std::vector<std::string> missing_imports;
  bool whole = true;  // no parent is missing
};

// A version from somewhere else, if there is one, and if nothing that is missing could overrule it.
struct Verdict {
  enum class Kind { kFound, kAbsent, kUnknown } kind = Kind::kAbsent;
  std::string version = {};
  std::string scope = {};
};

// "[1.2.3]" is that version; every other range is none.
std::string ExactVersion(std::string version) {
  if (version.find_first_of("[(,)]") == std::string::npos) return version;
  const bool one = version.size() > 2 && version.front() == '[' && version.back() == ']' &&
                   version.find(',') == std::string::npos;
  return one ? version.substr(1, version.size() - 2) : std::string();
}

std::string Short(const std::string& text) {
  return text::Truncate(text::Printable(text), kMaxToldBytes);
}

// What Maven tells dependencies apart by; "" where a property is not known.
std::string KeyOf(const MavenDependency& one, const MavenProperties& properties) {
  const auto group = properties.Expand(one.group);
  const auto artifact = properties.Expand(one.artifact);
  if (!group || !artifact || group->empty() || artifact->empty()) return {};
  const std::string type = one.type.empty() ? "jar" : one.type;
  return *group + ":" + *artifact + ":" + type + ":" + one.classifier;
}

// "group:artifact" of a key.
std::string NameIn(const std::string& key) {
  return key.substr(0, key.find(':', key.find(':') + 1));
}

class Projects {
 public:
  Projects(std::vector<FileReading>& readings, const RealPath& real_path)
      : reactor_(readings, real_path), listed_(readings.size()) {}

  std::vector<std::string> Combine();

 private:
  Effective Make(std::size_t i);
  void Import(const MavenDependency& one, Effective& effective);
  const Effective& BillOf(std::size_t i);
  Verdict Look(const Effective& effective, const std::string& key, int depth);
  /// nullopt: no exact version is known. With its use.
  std::optional<std::pair<std::string, Use>> Resolve(const MavenDependency& one,
                                                     const std::string& key,
                                                     const Effective& effective);
  /// False where all is spent.
  bool Spend(std::uint64_t count) {
    taken_ += std::min(count, kMaxTaken);
    return taken_ <= kMaxTaken;
  }
  void List(std::size_t i);
  bool IsListedAbove(std::size_t i, const std::pair<std::string, std::string>& one) const;
  void Tell(std::size_t i, const std::vector<std::string>& open, const Effective& effective);

  MavenReactor reactor_;
  std::vector<Listed> listed_;                               // by index
  std::map<std::size_t, std::unique_ptr<Effective>> bills_;  // those that were imported
  std::uint64_t taken_ = 0;
};

void Projects::Import(const MavenDependency& one, Effective& effective) {
  const auto group = effective.properties.Expand(one.group);
  const auto artifact = effective.properties.Expand(one.artifact);
  const auto version = effective.properties.Expand(one.version);
  std::optional<std::size_t> bill;
  if (group && artifact && version) bill = reactor_.Find(*group, *artifact, *version);
  effective.imports.push_back(bill);
  if (bill) return;
  effective.missing_imports.push_back(group.value_or(one.group) + ":" +
                                      artifact.value_or(one.artifact) + ":" +
                                      version.value_or(one.version));
}

Effective Projects::Make(std::size_t i) {
  const std::vector<const MavenProject*> lineage = reactor_.Lineage(i);
  std::uint64_t takes = 0;
  for (const MavenProject* const project : lineage) {
    takes += project->properties.size() + project->managed.size() + project->used.size();
  }
  if (!Spend(takes)) return {.properties = MavenProperties({}), .whole = false};
  Effective effective{.properties = MavenProperties(lineage), .whole = reactor_.IsWhole(i)};
  for (const MavenProject* const project : lineage) {
    for (const MavenDependency& one : project->managed) {
      if (one.scope == "import") {
        Import(one, effective);
        continue;
      }
      std::string key = KeyOf(one, effective.properties);
      if (!key.empty()) effective.managed.emplace(std::move(key), Managed{one.version, one.scope});
    }
  }
  return effective;
}

const Effective& Projects::BillOf(std::size_t i) {
  auto& bill = bills_[i];
  if (!bill) bill = std::make_unique<Effective>(Make(i));
  return *bill;
}

Verdict Projects::Look(const Effective& effective, const std::string& key, int depth) {
  if (!Spend(1) || depth > kMaxImportDepth) return {Verdict::Kind::kUnknown};
  if (const auto own = effective.managed.find(key); own != effective.managed.end()) {
    const auto version = effective.properties.Expand(own->second.version);
    if (!version) return {Verdict::Kind::kUnknown, {}, own->second.scope};
    return {Verdict::Kind::kFound, *version, own->second.scope};
  }
  if (!effective.whole) return {Verdict::Kind::kUnknown};
  for (const auto& bill : effective.imports) {
    if (!bill) return {Verdict::Kind::kUnknown};
    Verdict verdict = Look(BillOf(*bill), key, depth + 1);
    if (verdict.kind != Verdict::Kind::kAbsent) return verdict;
  }
  return {};
}

std::optional<std::pair<std::string, Use>> Projects::Resolve(const MavenDependency& one,
                                                             const std::string& key,
                                                             const Effective& effective) {
  if (key.empty()) return {};
  std::string scope = one.scope;
  std::string written = one.version;
  if (scope.empty() || written.empty()) {
    const Verdict managed = Look(effective, key, 0);
    if (scope.empty()) scope = managed.scope;
    if (written.empty()) written = managed.version;
  }
  auto version = effective.properties.Expand(std::move(written));
  if (!version) return {};
  std::string exact = ExactVersion(*std::move(version));
  if (exact.empty()) return {};
  return std::pair(std::move(exact), scope == "test" ? Use::kDevelopment : Use::kRuntime);
}

bool Projects::IsListedAbove(std::size_t i, const std::pair<std::string, std::string>& one) const {
  const auto lineage = reactor_.LineageOf(i);
  return std::any_of(lineage.begin() + 1, lineage.end(),
                     [&](std::size_t above) { return listed_[above].contains(one); });
}

void Projects::List(std::size_t i) {
  FileReading& reading = *reactor_.member(i).reading;
  const Effective effective = Make(i);
  LockBuilder out(reading.source, reading.path, "maven");
  if (taken_ > kMaxTaken) {
    out.Fail("takes more from its parents and imports than is followed, or others before it did");
  }
  std::vector<std::string> open;
  std::set<std::string> seen;
  bool own = true;
  for (const MavenProject* const project : reactor_.Lineage(i)) {
    if (taken_ > kMaxTaken) break;
    for (const MavenDependency& one : project->used) {
      const std::string key = KeyOf(one, effective.properties);
      if (!own && !seen.insert(key).second) continue;  // a child's word goes before its parent's
      if (own) seen.insert(key);
      const auto resolved = Resolve(one, key, effective);
      if (!resolved && own) {
        out.LeaveOut();
        open.push_back(one.group + ":" + one.artifact);
      }
      if (!resolved) continue;
      std::pair listed(NameIn(key), resolved->first);
      if (!own && IsListedAbove(i, listed)) continue;
      out.Add(listed.first, listed.second, resolved->second);
      listed_[i].insert(std::move(listed));
    }
    own = false;
  }
  FileReading read = out.Take();
  reading.packages = std::move(read.packages);
  reading.left_out = read.left_out;
  if (reading.state != ReadingState::kRead) return;
  reading.state = read.state;
  reading.reason = std::move(read.reason);
  if (reading.state == ReadingState::kRead) Tell(i, open, effective);
}

std::string Names(const std::vector<std::string>& names) {
  std::string told;
  for (std::size_t i = 0; i < std::min(names.size(), kMaxTold); ++i) {
    told += (i == 0 ? "" : ", ") + Short(names[i]);
  }
  if (names.size() > kMaxTold) told += " and " + std::to_string(names.size() - kMaxTold) + " more";
  return told;
}

// What would have to be here to know more. A module that is not here hides its dependencies.
void Projects::Tell(std::size_t i, const std::vector<std::string>& open,
                    const Effective& effective) {
  const MavenReactor::Member& member = reactor_.members()[i];
  std::vector<std::string> told;
  if (!member.missing_modules.empty()) {
    told.push_back("modules that were not read: " + Names(member.missing_modules));
  }
  if (!open.empty()) told.push_back("no version is known here of " + Names(open));
  if (!member.missing_parent.empty()) {
    told.push_back("its parent is not here: " + Short(member.missing_parent));
  } else if (reactor_.members()[reactor_.LineageOf(i).back()].parent) {
    told.push_back("its parents lead in a circle, or are more than " +
                   std::to_string(kMaxMavenParents));
  }
  if (!effective.missing_imports.empty()) {
    told.push_back("imports that are not here: " + Names(effective.missing_imports));
  }
  if (told.empty()) return;
  FileReading& reading = *member.reading;
  if (!member.missing_modules.empty()) reading.state = ReadingState::kFailed;
  reading.reason =
      text::Truncate(text::Printable(reading.path), 256) + ": " + text::Join(told, "; ");
}

// Parents before their children.
std::vector<std::string> Projects::Combine() {
  std::vector<std::pair<std::size_t, std::size_t>> order;
  for (std::size_t i = 0; i < listed_.size(); ++i) {
    order.emplace_back(reactor_.LineageOf(i).size(), i);
  }
  std::sort(order.begin(), order.end());
  for (const auto& [parents, i] : order) List(i);
  return reactor_.asked();
}

}  // namespace

std::vector<std::string> CombineMavenProjects(std::vector<FileReading>& readings,
                                              const RealPath& real_path) {
  return Projects(readings, real_path).Combine();
}

}  // namespace landwaiter::packages
