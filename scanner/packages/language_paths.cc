#include "scanner/packages/language_paths.h"

#include <algorithm>
#include <array>
#include <vector>

#include "lib/base/text.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::array<std::string_view, 9> kSampleFolders = {"test",    "tests",    "__tests__",
                                                            "fixture", "fixtures", "__fixtures__",
                                                            "example", "examples", "testdata"};

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

bool MayBeProgram(std::string_view path) {
  for (const std::string_view part : text::Split(DirName(path), '/')) {
    if (part == "bin" || part == "sbin" || part == "libexec") return true;
    if (part == "lib" && BaseName(path).find('.') == std::string_view::npos) return true;
  }
  return false;
}

bool MayHoldLanguagePackage(std::string_view path) {
  return IsPythonRecord(path) || NodeRecordAt(path) != NodeRecord::kNone || MayBeProgram(path);
}

}  // namespace landwaiter::packages
