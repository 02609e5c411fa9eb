// The residue of a pom.xml: a line for each fact, a letter and its fields with tabs between.
#include "scanner/packages/locks/maven_model.h"

#include <initializer_list>

#include "lib/base/text.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr char kItself = 'i';
constexpr char kParent = 'p';
constexpr char kProperty = 'v';
constexpr char kUsed = 'd';
constexpr char kManaged = 'm';
constexpr char kModule = 'o';

void AddLine(char kind, std::initializer_list<std::string_view> fields, std::string& out) {
  out += kind;
  for (const std::string_view field : fields) {
    // No name, version or path that means anything has one of these.
    for (const char c : field) out += c == '\t' || c == '\n' || c == '\r' ? ' ' : c;
    out += '\t';
  }
  out.back() = '\n';
}

void AddDependency(char kind, const MavenDependency& one, std::string& out) {
  AddLine(kind, {one.group, one.artifact, one.version, one.scope, one.type, one.classifier}, out);
}

class Fields {
 public:
  explicit Fields(std::string_view line) : fields_(text::Split(line.substr(1), '\t')) {}
  /// "" where there is none.
  std::string operator[](std::size_t i) const {
    return i < fields_.size() ? std::string(fields_[i]) : std::string();
  }

 private:
  const std::vector<std::string_view> fields_;
};

MavenDependency DependencyOf(const Fields& fields) {
  return {fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]};
}

void TakeLine(std::string_view line, MavenProject& project) {
  const Fields fields(line);
  switch (line.front()) {
    case kItself:
      project.group = fields[0];
      project.artifact = fields[1];
      project.version = fields[2];
      break;
    case kParent:
      project.has_parent = true;
      project.parent = {fields[0], fields[1], fields[2], fields[3]};
      break;
    case kProperty:
      project.properties[fields[0]] = fields[1];
      break;
    case kUsed:
      project.used.push_back(DependencyOf(fields));
      break;
    case kManaged:
      project.managed.push_back(DependencyOf(fields));
      break;
    case kModule:
      project.modules.push_back(fields[0]);
      break;
    default:
      break;
  }
}

}  // namespace

std::string EncodeProject(const MavenProject& project) {
  std::string out;
  AddLine(kItself, {project.group, project.artifact, project.version}, out);
  if (project.has_parent) {
    const MavenParent& parent = project.parent;
    AddLine(kParent, {parent.group, parent.artifact, parent.version, parent.relative_path}, out);
  }
  for (const auto& [name, value] : project.properties) AddLine(kProperty, {name, value}, out);
  for (const MavenDependency& one : project.used) AddDependency(kUsed, one, out);
  for (const MavenDependency& one : project.managed) AddDependency(kManaged, one, out);
  for (const std::string& module : project.modules) AddLine(kModule, {module}, out);
  return out;
}

MavenProject DecodeProject(std::string_view residue) {
  MavenProject project;
  Lines lines(residue);
  while (const auto line = lines.Next()) {
    if (!line->empty()) TakeLine(*line, project);
  }
  return project;
}

}  // namespace landwaiter::packages
