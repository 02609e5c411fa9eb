// pacman's local database: one folder a package, var/lib/pacman/local/NAME-VERSION-RELEASE/, with
// its description in `desc` and the list of its files in `files` (libalpm's be_local;
// alpm-db-desc(5) and alpm-db-files(5) of the Arch Linux package management specifications).
//
// Both are sections: a line "%NAME%", the section's values one a line, an empty line. Not handled:
// other databases by DBPath of pacman.conf.
#include <array>

#include "lib/base/text.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "pacman";
// A line for each file of the package: 100,000 of 100 bytes make 10 MB.
constexpr std::uint64_t kMaxFileBytes = 32u << 20;
constexpr std::string_view kFolder = "var/lib/pacman/local/";
// Stands in every database; where a link leads away from it, no record was seen.
constexpr std::array<std::string_view, 1> kWellKnown = {"var/lib/pacman/local/ALPM_DB_VERSION"};

enum class File { kOther, kDescription, kFiles };

File Classify(std::string_view path) {
  if (!path.starts_with(kFolder)) return File::kOther;
  path.remove_prefix(kFolder.size());
  const auto slash = path.find('/');
  if (slash == 0 || slash == std::string_view::npos) return File::kOther;
  const std::string_view file = path.substr(slash + 1);
  if (file == "desc") return File::kDescription;
  return file == "files" ? File::kFiles : File::kOther;
}

Need Wants(const FileFacts& facts) {
  return Classify(facts.path) == File::kOther ? Need::kNothing : Need::kContent;
}

// A line "%NAME%".
bool IsHeading(std::string_view line) {
  return line.size() > 2 && line.front() == '%' && line.back() == '%';
}

struct Description {
  std::string_view name;
  std::string_view version;
  std::string_view base;
  std::string_view architecture;
  std::vector<std::string> licenses;
  bool closed = true;  // an empty line stands behind the last section
};

std::string_view* FieldOf(Description& description, std::string_view heading) {
  if (heading == "%NAME%") return &description.name;
  if (heading == "%VERSION%") return &description.version;
  if (heading == "%BASE%") return &description.base;
  if (heading == "%ARCH%") return &description.architecture;
  return nullptr;
}

// Above the number of licences of any package.
constexpr std::size_t kMaxLicenses = 64;

Description ReadDescription(std::string_view bytes, ReadingBuilder& out) {
  Description description;
  Lines lines(bytes);
  std::string_view heading;
  while (const auto line = lines.Next()) {
    description.closed = line->empty();
    if (line->empty()) {
      heading = {};
    } else if (heading.empty()) {
      // Descriptions may hold empty lines: what follows one is the rest of a text, not a fault.
      if (IsHeading(*line)) heading = *line;
    } else if (std::string_view* const field = FieldOf(description, heading)) {
      if (!field->empty()) out.FailAtLine(lines.number(), "is a second value of its section");
      *field = text::Trim(*line);
    } else if (heading == "%LICENSE%" && description.licenses.size() < kMaxLicenses) {
      description.licenses.push_back(FreeText(*line));
    }
  }
  if (!lines.ended()) out.FailAtLine(lines.number(), "breaks off: the file does not end there");
  return description;
}

void ParseDescription(std::string_view bytes, ReadingBuilder& out) {
  Description description = ReadDescription(bytes, out);
  if (description.name.empty() || description.version.empty()) {
    out.Fail(description.name.empty() ? "has no %NAME%" : "has no %VERSION%");
    return;
  }
  // The base stands behind name and version; a file that ends before it may have lost it.
  if (description.base.empty() && !description.closed) {
    out.Fail("ends without %BASE% and empty line");
  }
  Package package{.type = "alpm",
                  .name = std::string(description.name),
                  .version = std::string(description.version)};
  package.architecture = FreeText(description.architecture);
  package.source_name = description.base.empty() ? description.name : description.base;
  package.source_version = package.version;
  package.licenses = std::move(description.licenses);
  if (!description.base.empty() && !IsName(description.base, kMaxNameBytes)) {
    out.Fail("has a %BASE% that cannot be read");
    return;
  }
  out.Add(std::move(package));
}

// "NAME-VERSION-RELEASE" is the name of the folder.
std::string_view PackageOf(std::string_view path) {
  std::string_view folder = BaseName(DirName(path));
  folder = folder.substr(0, folder.rfind('-'));
  return folder.substr(0, folder.rfind('-'));
}

void ParseFiles(std::string_view path, std::string_view bytes, ReadingBuilder& out) {
  const std::string_view package = PackageOf(path);
  Lines lines(bytes);
  bool files = false;
  while (const auto line = lines.Next()) {
    if (IsHeading(*line)) {
      files = *line == "%FILES%";
    } else if (files && !line->empty() && !line->ends_with('/')) {
      if (!out.AddOwned(*line, package)) return;
    }
  }
}

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  if (Classify(facts.path) == File::kFiles) {
    ReadingBuilder out(kName, facts.path, ReadingKind::kOwnership);
    ParseFiles(facts.path, content.bytes, out);
    return out.Take();
  }
  ReadingBuilder out(kName, facts.path, ReadingKind::kRecord);
  ParseDescription(content.bytes, out);
  return out.Take();
}

}  // namespace

PackageSource PacmanSource() {
  return {.name = kName,
          .version = 2,
          .max_bytes = kMaxFileBytes,
          .wants = Wants,
          .wants_head = nullptr,
          .parse = Parse,
          .well_known = kWellKnown};
}

}  // namespace landwaiter::packages
