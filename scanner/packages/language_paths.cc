#include "scanner/packages/language_paths.h"

#include <algorithm>
#include <array>
#include <vector>

#include "lib/base/text.h"
#include "scanner/packages/binary_classifiers.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::array<std::string_view, 9> kSampleFolders = {"test",    "tests",    "__tests__",
                                                            "fixture", "fixtures", "__fixtures__",
                                                            "example", "examples", "testdata"};

// "a/b/c" ends with "b/c", "ab/c" does not.
bool EndsWithParts(std::string_view path, std::string_view end) {
  return path.ends_with(end) &&
         (path.size() == end.size() || path[path.size() - end.size() - 1] == '/');
}

// Takes the last part off.
std::string_view TakeLast(std::string_view& path) {
  const std::string_view last = BaseName(path);
  path = DirName(path);
  return last;
}

bool IsSample(std::string_view folder) {
  return std::find(kSampleFolders.begin(), kSampleFolders.end(), folder) != kSampleFolders.end();
}

}  // namespace

bool IsPythonRecord(std::string_view path) {
  const std::string_view base = BaseName(path);
  // Cheap, and true of nearly every path: none of the three endings.
  if (base.size() < 8) return false;
  const std::string name = text::ToLower(base);
  if (name.ends_with(".egg-info")) return true;
  if (name != "metadata" && name != "pkg-info") return false;
  const std::string folder = text::ToLower(BaseName(DirName(path)));
  return folder.ends_with("egg-info") || (name == "metadata" && folder.ends_with("dist-info"));
}

NodeRecord NodeRecordAt(std::string_view path) {
  if (BaseName(path) != "package.json") return NodeRecord::kNone;
  const std::string_view folder = DirName(path);
  const auto parts = text::Split(folder, '/');
  const auto last = std::find(parts.rbegin(), parts.rend(), "node_modules");
  if (last == parts.rend()) return NodeRecord::kNone;
  const std::vector<std::string_view> below(last.base(), parts.end());
  if (below.empty()) return NodeRecord::kNone;
  const std::size_t root = below[0].starts_with('@') ? 2 : 1;
  if (below.size() < root) return NodeRecord::kNone;
  if (below.size() == root) return NodeRecord::kRoot;
  const bool sample =
      std::any_of(below.begin() + static_cast<std::ptrdiff_t>(root), below.end(), IsSample);
  return sample ? NodeRecord::kSample : NodeRecord::kInner;
}

bool IsCondaRecord(std::string_view path) {
  return path.ends_with(".json") && BaseName(DirName(path)) == "conda-meta";
}

bool IsGemRecord(std::string_view path) {
  if (!path.ends_with(".gemspec")) return false;
  const std::string_view folder = DirName(path);
  return EndsWithParts(folder, "specifications") || EndsWithParts(folder, "specifications/default");
}

bool IsComposerRecord(std::string_view path) {
  return EndsWithParts(path, "composer/installed.json");
}

bool IsDotnetRecord(std::string_view path) { return path.ends_with(".deps.json"); }

bool IsErlangApplication(std::string_view path) {
  return path.ends_with(".app") && BaseName(DirName(path)) == "ebin";
}

bool IsErlangRelease(std::string_view path) {
  return EndsWithParts(path, "releases/start_erl.data");
}

bool IsSwiftState(std::string_view path) {
  return EndsWithParts(path, ".build/workspace-state.json");
}

RRecord RRecordAt(std::string_view path) {
  if (!path.ends_with("/DESCRIPTION")) return RRecord::kNone;
  const auto is_library = [](std::string_view folder) {
    return folder == "library" || folder == "site-library";
  };
  std::string_view above = DirName(DirName(path));
  if (is_library(BaseName(above))) return RRecord::kInstalled;
  while (!above.empty()) {
    if (is_library(TakeLast(above))) return RRecord::kNested;
  }
  return RRecord::kNone;
}

PathRecord RockAt(std::string_view path) {
  constexpr std::string_view kEnding = ".rockspec";
  if (!path.ends_with(kEnding)) return {};
  std::string_view rest = path;
  std::string_view file = TakeLast(rest);
  const std::string_view version = TakeLast(rest);
  const std::string_view name = TakeLast(rest);
  const std::string_view tree = BaseName(rest);
  if (tree != "rocks" && !tree.starts_with("rocks-")) return {};
  file.remove_suffix(kEnding.size());
  const bool named = file.size() == name.size() + 1 + version.size() && file.starts_with(name) &&
                     file.ends_with(version) && file[name.size()] == '-';
  if (!named || name.empty() || version.empty()) return {};
  return {name, version};
}

PathRecord PubPackageAt(std::string_view path) {
  if (!path.ends_with("/pubspec.yaml")) return {};
  std::string_view rest = DirName(path);
  const std::string_view folder = TakeLast(rest);
  if (!EndsWithParts(DirName(rest), "hosted")) return {};
  // No name of a Dart package has a '-'.
  const auto dash = folder.find('-');
  if (dash == 0 || dash == std::string_view::npos || dash + 1 == folder.size()) return {};
  return {folder.substr(0, dash), folder.substr(dash + 1)};
}

bool IsJavaArchive(std::string_view path) {
  // Jenkins' plugins, JBoss' service archives, NiFi's, Karaf's, Liferay's, resource adapters.
  constexpr std::array<std::string_view, 11> kExtensions = {
      "jar", "war", "ear", "par", "hpi", "jpi", "sar", "nar", "kar", "lpkg", "rar"};
  const auto dot = path.rfind('.');
  if (dot == std::string_view::npos || path.size() - dot > 5) return false;
  const std::string extension = text::ToLower(path.substr(dot + 1));
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

bool MayBeProgram(std::string_view path) {
  const std::string_view base = BaseName(path);
  if (base.ends_with(".so") || base.find(".so.") != std::string_view::npos) return true;
  for (const std::string_view part : text::Split(DirName(path), '/')) {
    if (part == "bin" || part == "sbin" || part == "libexec") return true;
    if (part == "lib" && base.find('.') == std::string_view::npos) return true;
  }
  return false;
}

bool MayHoldLanguagePackage(std::string_view path) {
  return IsPythonRecord(path) || NodeRecordAt(path) != NodeRecord::kNone || IsCondaRecord(path) ||
         IsGemRecord(path) || IsComposerRecord(path) || IsDotnetRecord(path) ||
         IsErlangApplication(path) || IsErlangRelease(path) || IsSwiftState(path) ||
         RRecordAt(path) != RRecord::kNone || !RockAt(path).name.empty() ||
         !PubPackageAt(path).name.empty() || MayBeProgram(path) || IsJavaArchive(path) ||
         IsClassifiedFile(path);
}

}  // namespace landwaiter::packages
