// A pom.xml as far as it decides about dependencies (Maven, "POM Reference"), as written: nothing
// is expanded or inherited. Inside this room only.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace landwaiter::packages {

/// The same as FileReading::residue. The largest bill of materials (Spring Boot's) has 200 KB.
inline constexpr std::size_t kMaxKeptProjectBytes = 1u << 20;

struct MavenDependency {
  std::string group;
  std::string artifact;
  std::string version;
  std::string scope;
  std::string type;
  std::string classifier;
};

struct MavenParent {
  std::string group;
  std::string artifact;
  std::string version;
  /// Where it is looked for, below the project's folder. "" where the project says: nowhere.
  std::string relative_path = "../pom.xml";
};

struct MavenProject {
  std::string group;
  std::string artifact;
  std::string version;
  bool has_parent = false;
  MavenParent parent;
  std::map<std::string, std::string> properties;
  std::vector<MavenDependency> used;
  std::vector<MavenDependency> managed;  // of scope "import": bills of materials
  std::vector<std::string> modules;      // folders, or files
};

/// FileReading::residue and back: what it does not know it passes over.
std::string EncodeProject(const MavenProject& project);
MavenProject DecodeProject(std::string_view residue);

}  // namespace landwaiter::packages
