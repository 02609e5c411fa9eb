#include "scanner/packages/locks/maven_properties.h"

#include <utility>

#include "scanner/packages/locks/xml_events.h"

namespace landwaiter::packages {
namespace {

// Properties refer to properties; real chains have three links.
constexpr int kMaxReferences = 16;

}  // namespace

MavenProperties::MavenProperties(std::span<const MavenProject* const> lineage) {
  if (lineage.empty()) return;
  const MavenProject& project = *lineage.front();
  Describe(project);
  if (project.has_parent) DescribeParent(project);
  for (const MavenProject* const one : lineage) {
    values_.insert(one->properties.begin(), one->properties.end());
  }
  // Names without a prefix still mean the project where no property has them.
  for (const char* const field : {"groupId", "artifactId", "version"}) {
    const auto known = values_.find(std::string("project.") + field);
    if (known != values_.end()) values_.emplace(field, known->second);
  }
}

void MavenProperties::Describe(const MavenProject& project) {
  const auto say = [&](const std::string& field, const std::string& value) {
    if (value.empty()) return;
    values_.emplace("project." + field, value);
    values_.emplace("pom." + field, value);
  };
  say("groupId", project.group);
  say("artifactId", project.artifact);
  say("version", project.version);
  // What the project does not say itself it has of its parent.
  if (!project.has_parent) return;
  say("groupId", project.parent.group);
  say("version", project.parent.version);
}

void MavenProperties::DescribeParent(const MavenProject& project) {
  values_.emplace("project.parent.groupId", project.parent.group);
  values_.emplace("project.parent.artifactId", project.parent.artifact);
  values_.emplace("project.parent.version", project.parent.version);
}

std::optional<std::string> MavenProperties::Expand(std::string text) const {
  for (int i = 0; i <= kMaxReferences; ++i) {
    const auto open = text.find("${");
    if (open == std::string::npos) return text;
    const auto close = text.find('}', open);
    if (close == std::string::npos) return {};
    const auto known = values_.find(std::string_view(text).substr(open + 2, close - open - 2));
    if (known == values_.end()) return {};
    text.replace(open, close + 1 - open, known->second);
    if (text.size() > kMaxXmlTextBytes) return {};
  }
  return {};
}

}  // namespace landwaiter::packages
