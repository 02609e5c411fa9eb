// pom.xml (Maven, "POM Reference"), one file: what it says itself. What it means together with its
// parents is maven_projects.cc's. Profiles and plugins are not read.
#include <utility>

#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/maven_model.h"
#include "scanner/packages/locks/maven_projects.h"
#include "scanner/packages/locks/rows.h"
#include "scanner/packages/locks/xml_events.h"

namespace landwaiter::packages {
namespace {

bool IsFile(std::string_view path) { return BaseName(path) == "pom.xml"; }

class Pom final : public XmlVisitor {
 public:
  void Begin(const XmlPath& path, const char* const* /*attributes*/) override {
    if (path.size() == 1) is_project_ = path[0] == "project";
    if (path.back() == "dependency") open_ = {};
    if (path.size() == 2 && path[1] == "parent") project_.has_parent = true;
  }
  void End(const XmlPath& path, std::string_view text) override;

  bool is_project() const { return is_project_; }
  /// Some of it is missing in the project.
  bool too_large() const { return kept_bytes_ > kMaxKeptProjectBytes; }
  const MavenProject& project() const { return project_; }

 private:
  static bool IsManaged(const XmlPath& path, std::size_t size) {
    return path.size() == size && path[1] == "dependencyManagement" && path[2] == "dependencies";
  }
  void TakeOwn(const std::string& field, std::string_view text);
  void TakeBelow(const XmlPath& path, std::string_view text);
  void TakeParents(const std::string& field, std::string_view text);
  void Take(const std::string& field, std::string_view text);
  /// False where there is no room.
  bool Fits(std::size_t bytes) {
    kept_bytes_ += bytes + 8;  // and the tabs
    return !too_large();
  }
  void KeepOpen(std::vector<MavenDependency>& list) {
    const std::size_t bytes = open_.group.size() + open_.artifact.size() + open_.version.size() +
                              open_.scope.size() + open_.type.size() + open_.classifier.size();
    if (Fits(bytes)) list.push_back(open_);
  }

  bool is_project_ = false;
  std::size_t kept_bytes_ = 0;
  MavenDependency open_;
  MavenProject project_;
};

void Pom::TakeOwn(const std::string& field, std::string_view text) {
  if (field == "groupId") project_.group = text;
  if (field == "artifactId") project_.artifact = text;
  if (field == "version") project_.version = text;
}

void Pom::TakeParents(const std::string& field, std::string_view text) {
  if (field == "groupId") project_.parent.group = text;
  if (field == "artifactId") project_.parent.artifact = text;
  if (field == "version") project_.parent.version = text;
  if (field == "relativePath") project_.parent.relative_path = text;
}

void Pom::Take(const std::string& field, std::string_view text) {
  if (field == "groupId") open_.group = text;
  if (field == "artifactId") open_.artifact = text;
  if (field == "version") open_.version = text;
  if (field == "scope") open_.scope = text;
  if (field == "type") open_.type = text;
  if (field == "classifier") open_.classifier = text;
}

// What stands in one of the project's lists.
void Pom::TakeBelow(const XmlPath& path, std::string_view text) {
  const std::string& last = path.back();
  if (path[1] == "parent") return TakeParents(last, text);
  const bool room = path[1] == "properties" || path[1] == "modules" || path[1] == "subprojects";
  if (room && !Fits(last.size() + text.size())) return;
  if (path[1] == "properties") project_.properties[last] = text;
  // Maven 4 calls modules so.
  if (path[1] == "modules" && last == "module") project_.modules.emplace_back(text);
  if (path[1] == "subprojects" && last == "subproject") project_.modules.emplace_back(text);
  if (path[1] == "dependencies" && last == "dependency") KeepOpen(project_.used);
}

void Pom::End(const XmlPath& path, std::string_view text) {
  if (path[0] != "project") return;
  const std::string& last = path.back();
  if (path.size() == 2) {
    TakeOwn(last, text);
  } else if (path.size() == 3) {
    TakeBelow(path, text);
  } else if (path.size() == 4 && path[1] == "dependencies" && path[2] == "dependency") {
    Take(last, text);
  } else if (IsManaged(path, 5) && path[3] == "dependency") {
    Take(last, text);
  } else if (IsManaged(path, 4) && last == "dependency") {
    KeepOpen(project_.managed);
  }
}

void Read(std::string_view bytes, LockBuilder& out) {
  Pom pom;
  if (auto read = StreamXml(bytes, pom); !read) {
    out.Fail(read.error().message);
  } else if (!pom.is_project()) {
    out.Fail("is no Maven project");
  } else if (pom.too_large()) {
    out.Fail("declares more than " + std::to_string(kMaxKeptProjectBytes) + " bytes of names");
  }
  out.Keep(EncodeProject(pom.project()));
}

constexpr LockFormat kFormat = {.name = "maven-pom",
                                .type = "maven",
                                .version = 3,
                                .is_file = IsFile,
                                .read = Read,
                                .combine = CombineMavenProjects};

}  // namespace

PackageSource MavenPomSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
