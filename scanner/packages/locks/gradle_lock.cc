// gradle.lockfile and buildscript-gradle.lockfile (Gradle User Manual, "Locking Versions"): lines
// "group:artifact:version=configuration,configuration"; a file per configuration below
// gradle/dependency-locks before Gradle 7, without the part behind '='.
//
// For development is what only configurations of tests hold, as Gradle's own plugins and Android's
// name them, and what only the build itself runs (buildscript-gradle.lockfile).
#include <algorithm>

#include "lib/base/text.h"
#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/rows.h"

namespace landwaiter::packages {
namespace {

bool IsFile(std::string_view path) {
  const std::string_view base = BaseName(path);
  return base == "gradle.lockfile" || base == "buildscript-gradle.lockfile" ||
         (base.ends_with(".lockfile") && BaseName(DirName(path)) == "dependency-locks");
}

bool IsOfTests(std::string_view configuration) {
  return configuration.starts_with("test") || configuration.starts_with("androidTest") ||
         configuration.ends_with("TestCompileClasspath") ||
         configuration.ends_with("TestRuntimeClasspath");
}

// Before Gradle 7 the file's name is the configuration's, "buildscript-" before the build's own.
Use UseOf(std::string_view path, std::string_view configurations) {
  const std::string_view base = BaseName(path);
  if (base.starts_with("buildscript-")) return Use::kDevelopment;
  if (configurations.empty()) configurations = base.substr(0, base.rfind('.'));
  const auto names = text::Split(configurations, ',');
  return std::all_of(names.begin(), names.end(), IsOfTests) ? Use::kDevelopment : Use::kRuntime;
}

void Read(std::string_view bytes, LockBuilder& out) {
  Lines lines(bytes);
  while (const auto line = lines.Next()) {
    const std::string_view text = text::Trim(*line);
    // "empty=" names the configurations without any package.
    if (text.empty() || text.starts_with('#') || text.starts_with("empty=")) continue;
    const std::string_view module = text.substr(0, text.find('='));
    const auto colon = module.rfind(':');
    if (colon == std::string_view::npos || module.find(':') == colon) {
      return out.FailAtLine(lines.number(), "is no group:artifact:version");
    }
    const std::string_view used =
        module.size() == text.size() ? std::string_view() : text.substr(module.size() + 1);
    out.Add(std::string(module.substr(0, colon)), std::string(module.substr(colon + 1)),
            UseOf(out.path(), used));
  }
}

constexpr LockFormat kFormat = {
    .name = "gradle-lock", .type = "maven", .version = 2, .is_file = IsFile, .read = Read};

}  // namespace

PackageSource GradleLockSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
