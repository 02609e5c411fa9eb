#include "tests/unit/scanner/versions/shared_tables.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "lib/base/text.h"

namespace landwaiter::versions {

std::vector<SharedTable> SharedTables() {
  return {{Scheme::kDpkg, "dpkg"},
          {Scheme::kApk, "apk"},
          {Scheme::kApk, "apk-ranges"},
          {Scheme::kRpm, "rpm"},
          {Scheme::kSemver, "semver"},
          {Scheme::kNpm, "semver"},
          {Scheme::kNpm, "semver-loose"},
          {Scheme::kNpm, "npm-ranges"},
          {Scheme::kPep440, "pep440"},
          {Scheme::kPep440, "pep440-ranges"},
          {Scheme::kGo, "gomod"},
          {Scheme::kMaven, "maven"},
          {Scheme::kRubygems, "rubygems"},
          {Scheme::kRubygems, "rubygems-ranges"},
          {Scheme::kNuget, "nuget"},
          {Scheme::kNuget, "nuget-ranges"},
          {Scheme::kPackagist, "packagist"},
          {Scheme::kPackagist, "composer-ranges"},
          {Scheme::kPub, "pub"},
          {Scheme::kCran, "cran"},
          {Scheme::kHex, "hex"},
          {Scheme::kHex, "hex-ranges"},
          {Scheme::kPacman, "pacman"},
          {Scheme::kPortage, "portage"},
          {Scheme::kConan, "conan"},
          {Scheme::kHackage, "hackage"},
          {Scheme::kOpenssl, "openssl"},
          {Scheme::kDatetime, "datetime"},
          {std::nullopt, "vers-ranges"},
          {std::nullopt, "native-to-vers"}};
}

std::vector<SharedTable> SharedTablesOfPairs() {
  std::vector<SharedTable> tables = SharedTables();
  std::erase_if(tables,
                [](const SharedTable& t) { return !t.scheme || t.file.ends_with("-ranges"); });
  return tables;
}

std::string NameOf(const SharedTable& table) {
  std::string name = table.file;
  if (table.scheme) name += "_as_" + std::string(SchemeName(*table.scheme));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::optional<std::string> ReadWhole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream content;
  content << in.rdbuf();
  return content.str();
}

std::pair<std::string, std::optional<std::string>> ReadShared(const SharedTable& table) {
  const char* const root = std::getenv("LANDWAITER_TESTDATA");
  const auto path = std::filesystem::path(root != nullptr ? root : "../shared/testdata") /
                    "versions" / (table.file + ".tsv");
  return {path.string(), ReadWhole(path.string())};
}

std::vector<std::string> VersionsOf(const std::string& table) {
  std::vector<std::string> versions;
  for (const std::string_view line : text::Split(table, '\n')) {
    const auto columns = text::Split(line, '\t');
    if (line.starts_with('#') || columns.size() < 3) continue;
    versions.emplace_back(columns[0]);
    versions.emplace_back(columns[2]);
  }
  std::sort(versions.begin(), versions.end());
  versions.erase(std::unique(versions.begin(), versions.end()), versions.end());
  return versions;
}

}  // namespace landwaiter::versions
