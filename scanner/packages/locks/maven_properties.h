// Properties of a Maven project, and what is written with them (Maven, "POM Reference",
// Properties). Inside this room only.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "scanner/packages/locks/maven_model.h"

namespace landwaiter::packages {

class MavenProperties {
 public:
  /// `lineage` is the project itself, its parent, that one's parent and so on, as far as they are
  /// known. What the project says goes before what its parents say; what parents write is expanded
  /// with the project's own values, as Maven does.
  explicit MavenProperties(std::span<const MavenProject* const> lineage);

  /// nullopt where a property is not known, or one leads to itself.
  std::optional<std::string> Expand(std::string text) const;

 private:
  void Describe(const MavenProject& project);
  void DescribeParent(const MavenProject& project);

  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace landwaiter::packages
