// pom.xml (Maven, "POM Reference"): its direct dependencies with the versions that the file itself
// gives them, by value, by property or by its own dependencyManagement.
//
// Nothing is fetched and no other file read: what a parent or an imported POM decides, and ranges,
// are left out and counted. Dependencies of dependencies, profiles and plugins are not listed.
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/rows.h"
#include "scanner/packages/locks/xml_events.h"

namespace landwaiter::packages {
namespace {

// Properties refer to properties; real chains have three links.
constexpr int kMaxReferences = 16;

bool IsFile(std::string_view path) { return BaseName(path) == "pom.xml"; }

struct Dependency {
  std::string group;
  std::string artifact;
  std::string version;
  std::string scope;
};

class Pom final : public XmlVisitor {
 public:
  void Begin(const XmlPath& path, const char* const* /*attributes*/) override {
    if (path.size() == 1) is_project_ = path[0] == "project";
    if (path.back() == "dependency") open_ = {};
  }
  void End(const XmlPath& path, std::string_view text) override {
    if (path[0] != "project") return;
    const std::string& last = path.back();
    if (path.size() == 2) {
      if (last == "groupId" || last == "version" || last == "artifactId") Define(last, text);
    } else if (path.size() == 3 && path[1] == "parent") {
      // What the project does not say itself it has of its parent.
      if (last == "groupId" || last == "version") Inherit(last, text);
    } else if (path.size() == 3 && path[1] == "properties") {
      properties_[last] = text;
    } else if (path.size() == 4 && path[1] == "dependencies" && path[2] == "dependency") {
      Take(last, text);
    } else if (path.size() == 3 && path[1] == "dependencies" && last == "dependency") {
      used_.push_back(open_);
    } else if (IsManaged(path, 5) && path[3] == "dependency") {
      Take(last, text);
    } else if (IsManaged(path, 4) && last == "dependency") {
      managed_.push_back(open_);
    }
  }
  void Report(LockBuilder& out) const;
  bool is_project() const { return is_project_; }

 private:
  using Managed = std::map<std::pair<std::string, std::string>, const Dependency*>;

  static bool IsManaged(const XmlPath& path, std::size_t size) {
    return path.size() == size && path[1] == "dependencyManagement" && path[2] == "dependencies";
  }
  void Define(const std::string& field, std::string_view text) {
    properties_["project." + field] = text;
    properties_["pom." + field] = text;
    properties_.emplace(field, text);
  }
  void Inherit(const std::string& field, std::string_view text) {
    properties_["project.parent." + field] = text;
    properties_.emplace("project." + field, text);
    properties_.emplace("pom." + field, text);
  }
  void Take(const std::string& field, std::string_view text) {
    if (field == "groupId") open_.group = text;
    if (field == "artifactId") open_.artifact = text;
    if (field == "version") open_.version = text;
    if (field == "scope") open_.scope = text;
  }
  std::optional<std::string> Expand(std::string text) const;
  void AddTo(LockBuilder& out, const Dependency& one, const Managed& managed) const;

  bool is_project_ = false;
  Dependency open_;
  std::vector<Dependency> used_;
  std::vector<Dependency> managed_;
  std::map<std::string, std::string> properties_;
};

// nullopt where a property is not the file's own, or one leads to itself.
std::optional<std::string> Pom::Expand(std::string text) const {
  for (int i = 0; i <= kMaxReferences; ++i) {
    const auto open = text.find("${");
    if (open == std::string::npos) return text;
    const auto close = text.find('}', open);
    if (close == std::string::npos) return {};
    const auto known = properties_.find(text.substr(open + 2, close - open - 2));
    if (known == properties_.end()) return {};
    text.replace(open, close + 1 - open, known->second);
    if (text.size() > kMaxXmlTextBytes) return {};
  }
  return {};
}

// "[1.2.3]" is that version; every other range is none.
std::string ExactVersion(std::string version) {
  if (version.find_first_of("[(,)]") == std::string::npos) return version;
  const bool one = version.size() > 2 && version.front() == '[' && version.back() == ']' &&
                   version.find(',') == std::string::npos;
  return one ? version.substr(1, version.size() - 2) : std::string();
}

void Pom::AddTo(LockBuilder& out, const Dependency& one, const Managed& managed) const {
  const auto group = Expand(one.group);
  const auto artifact = Expand(one.artifact);
  if (!group || !artifact || group->empty() || artifact->empty()) return out.LeaveOut();
  std::string scope = one.scope;
  std::string written = one.version;
  if (const auto as = managed.find({*group, *artifact}); as != managed.end()) {
    if (scope.empty()) scope = as->second->scope;
    if (written.empty()) written = as->second->version;
  }
  const auto version = Expand(std::move(written));
  const std::string exact = version ? ExactVersion(*version) : std::string();
  if (exact.empty()) return out.LeaveOut();
  out.Add(*group + ":" + *artifact, exact, scope == "test" ? Use::kDevelopment : Use::kRuntime);
}

void Pom::Report(LockBuilder& out) const {
  Managed managed;
  for (const Dependency& one : managed_) {
    const auto group = Expand(one.group);
    const auto artifact = Expand(one.artifact);
    if (group && artifact && one.scope != "import")
      managed.emplace(std::pair(*group, *artifact), &one);
  }
  for (const Dependency& one : used_) AddTo(out, one, managed);
}

void Read(std::string_view bytes, LockBuilder& out) {
  Pom pom;
  if (auto read = StreamXml(bytes, pom); !read) {
    out.Fail(read.error().message);
  } else if (!pom.is_project()) {
    out.Fail("is no Maven project");
  }
  pom.Report(out);
}

constexpr LockFormat kFormat = {
    .name = "maven-pom", .type = "maven", .version = 2, .is_file = IsFile, .read = Read};

}  // namespace

PackageSource MavenPomSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
