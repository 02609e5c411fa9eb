// Portage's database of installed packages: one folder a package, var/db/pkg/CATEGORY/PF/, whose
// file CONTENTS lists the package's files (Gentoo's vdb; Package Manager Specification 3.1 to 3.3
// for the names: PF is package, version and revision).
//
// The folder says what is installed: its name is what Portage itself reads. Not handled: SLOT,
// which stands in another file; category, name and version already tell packages apart.
#include <algorithm>
#include <array>

#include "lib/base/text.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "portage";
// The kernel's sources have 80,000 files; with digest and time some 120 bytes each, 10 MB.
constexpr std::uint64_t kMaxContentsBytes = 32u << 20;
constexpr std::string_view kFolder = "var/db/pkg/";

struct Place {
  std::string_view category;
  std::string_view folder;  // PF
};

// Of var/db/pkg/CATEGORY/PF/CONTENTS; empty for other paths.
Place PlaceOf(std::string_view path) {
  if (!path.starts_with(kFolder) || !path.ends_with("/CONTENTS")) return {};
  path.remove_prefix(kFolder.size());
  const auto parts = text::Split(path, '/');
  if (parts.size() != 3 || parts[0].empty() || parts[1].empty()) return {};
  // A package that Portage has not finished merging.
  if (parts[1].starts_with("-MERGING-")) return {};
  return {parts[0], parts[1]};
}

Need Wants(const FileFacts& facts) {
  return PlaceOf(facts.path).folder.empty() ? Need::kNothing : Need::kContent;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string_view SkipDigits(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of("0123456789"), text.size()));
}

// Specification 3.2: numbers with dots, a letter, suffixes.
bool IsVersion(std::string_view text) {
  constexpr std::array<std::string_view, 5> kSuffixes = {"_alpha", "_beta", "_pre", "_rc", "_p"};
  if (text.empty() || !IsDigit(text.front())) return false;
  text = SkipDigits(text);
  while (text.size() > 1 && text[0] == '.' && IsDigit(text[1])) text = SkipDigits(text.substr(1));
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text.remove_prefix(1);
  while (!text.empty()) {
    const auto suffix =
        std::find_if(kSuffixes.begin(), kSuffixes.end(),
                     [&](std::string_view candidate) { return text.starts_with(candidate); });
    if (suffix == kSuffixes.end()) return false;
    text = SkipDigits(text.substr(suffix->size()));
  }
  return true;
}

bool IsRevision(std::string_view text) {
  return text.size() > 1 && text[0] == 'r' && SkipDigits(text.substr(1)).empty();
}

// Where the version of "NAME-VERSION" or "NAME-VERSION-rN" begins; npos where there is none.
std::size_t VersionStart(std::string_view folder) {
  auto dash = folder.rfind('-');
  if (dash == std::string_view::npos) return std::string_view::npos;
  std::string_view version = folder.substr(dash + 1);
  if (IsRevision(version)) {
    folder = folder.substr(0, dash);
    dash = folder.rfind('-');
    if (dash == std::string_view::npos) return std::string_view::npos;
    version = folder.substr(dash + 1);
  }
  return dash > 0 && IsVersion(version) ? dash + 1 : std::string_view::npos;
}

// "obj PATH MD5 MTIME", "sym PATH -> TARGET MTIME", and folders, pipes and devices. Paths may hold
// blanks.
bool ReadFile(std::string_view line, std::string_view& file) {
  file = {};
  if (line.starts_with("dir ") || line.starts_with("fif ") || line.starts_with("dev ")) return true;
  std::string_view rest = line.substr(std::min<std::size_t>(4, line.size()));
  if (line.starts_with("sym ")) {
    file = rest.substr(0, rest.find(" -> "));
    return file.size() < rest.size();
  }
  if (!line.starts_with("obj ")) return false;
  for (int fields = 0; fields < 2; ++fields) {
    const auto blank = rest.rfind(' ');
    if (blank == std::string_view::npos) return false;
    rest = rest.substr(0, blank);
  }
  file = rest;
  return true;
}

void ParseContents(std::string_view bytes, std::string_view package, ReadingBuilder& out) {
  Lines lines(bytes);
  while (const auto line = lines.Next()) {
    std::string_view file;
    if (!ReadFile(*line, file)) {
      out.FailAtLine(lines.number(), "is no record of a file");
    } else if (!file.empty() && !out.AddOwned(file, package)) {
      return;
    }
  }
  if (!lines.ended()) out.FailAtLine(lines.number(), "breaks off: the file does not end there");
}

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  ReadingBuilder out(kName, facts.path, ReadingKind::kRecord);
  const Place place = PlaceOf(facts.path);
  const std::size_t version = VersionStart(place.folder);
  if (version == std::string_view::npos) {
    out.Fail("stands in a folder whose name holds no version");
    return out.Take();
  }
  Package package{
      .type = "ebuild",
      .name = std::string(place.category) + "/" + std::string(place.folder.substr(0, version - 1)),
      .version = std::string(place.folder.substr(version))};
  package.source_name = package.name;
  package.source_version = package.version;
  const std::string name = package.name;
  if (out.Add(std::move(package))) ParseContents(content.bytes, name, out);
  return out.Take();
}

}  // namespace

PackageSource PortageSource() {
  return {.name = kName,
          .version = 2,
          .max_bytes = kMaxContentsBytes,
          .wants = Wants,
          .wants_head = nullptr,
          .parse = Parse,
          .well_known = {}};
}

}  // namespace landwaiter::packages
