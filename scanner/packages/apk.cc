// apk's database of installed packages (Alpine wiki, "Apk spec", "Installed Database V2"):
// lib/apk/db/installed, from apk-tools 3 on usr/lib/apk/db/installed.
//
// Records of "X:value" lines, separated by empty lines. P name, V version, A architecture, o origin
// (the source package, by which Alpine's advisories are keyed), L licence; F and R name the folders
// and files of the package. Not handled: apk-tools' ADB form of the database (nobody ships it yet).
#include <array>

#include "lib/base/text.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "apk";
// Every file of every package has three lines; 1,000 packages make some 10 MB.
constexpr std::uint64_t kMaxInstalledBytes = 64u << 20;
constexpr std::array<std::string_view, 2> kPaths = {"lib/apk/db/installed",
                                                    "usr/lib/apk/db/installed"};

Need Wants(const FileFacts& facts) {
  return facts.path == kPaths[0] || facts.path == kPaths[1] ? Need::kContent : Need::kNothing;
}

struct Record {
  std::size_t line = 0;    // of its first line, 0 while there is none
  bool described = false;  // has a line other than those of files
  std::string_view name;
  std::string_view version;
  std::string_view architecture;
  std::string_view origin;
  std::string_view license;
  std::string_view folder;
};

bool IsFileLine(char letter) {
  return letter == 'F' || letter == 'M' || letter == 'R' || letter == 'a' || letter == 'Z';
}

// `closed`: an empty line stands behind the record, as apk writes it. The origin comes late in a
// record; where it is missing from the last one, that may as well be a record that breaks off.
void AddPackage(const Record& record, bool closed, ReadingBuilder& out) {
  if (record.line == 0) return;
  // Empty lines within a record were seen: files alone go on with the record before.
  if (!record.described) return;
  if (record.name.empty()) {
    out.FailAtLine(record.line, "starts a record without a name (P:)");
    return;
  }
  if (record.version.empty()) {
    out.FailAtLine(record.line,
                   "starts the record of " + FreeText(record.name) + ", which has no version (V:)");
    return;
  }
  if (!closed && record.origin.empty()) {
    out.FailAtLine(record.line, "starts the record of " + FreeText(record.name) +
                                    ", which ends without origin (o:) and empty line");
  }
  Package package{
      .type = "apk", .name = std::string(record.name), .version = std::string(record.version)};
  package.architecture = FreeText(record.architecture);
  package.source_name = record.origin.empty() ? record.name : record.origin;
  package.source_version = record.version;
  if (!record.license.empty()) package.licenses.push_back(FreeText(record.license));
  if (!IsName(package.source_name, kMaxNameBytes)) {
    out.FailAtLine(record.line, "starts the record of " + FreeText(record.name) +
                                    ", whose origin (o:) cannot be read");
    return;
  }
  out.Add(std::move(package));
}

// False where the field stood there before with another value.
bool Set(std::string_view& field, std::string_view value) {
  if (!field.empty() && field != value) return false;
  field = value;
  return true;
}

void ReadLine(std::string_view line, std::size_t number, Record& record, std::string& owner,
              ReadingBuilder& out) {
  if (line.size() < 2 || line[1] != ':') {
    out.FailAtLine(number, "is no \"X:value\"");
    return;
  }
  if (record.line == 0) record.line = number;
  const std::string_view value = text::Trim(line.substr(2));
  record.described = record.described || !IsFileLine(line[0]);
  bool fits = true;
  switch (line[0]) {
    case 'P':
      fits = Set(record.name, value);
      owner = value;
      break;
    case 'V':
      fits = Set(record.version, value);
      break;
    case 'A':
      fits = Set(record.architecture, value);
      break;
    case 'o':
      fits = Set(record.origin, value);
      break;
    case 'L':
      record.license = value;
      break;
    case 'F':
      record.folder = value;
      break;
    case 'R':
      out.AddOwned(std::string(record.folder) + "/" + std::string(value), owner);
      break;
    default:
      break;
  }
  if (!fits) out.FailAtLine(number, "repeats a field of its record with another value");
}

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  ReadingBuilder out(kName, facts.path, ReadingKind::kDatabase);
  Lines lines(content.bytes);
  Record record;
  std::string owner;
  while (const auto line = lines.Next()) {
    if (line->empty()) {
      AddPackage(record, /*closed=*/true, out);
      const std::string_view folder = record.folder;
      record = {};
      record.folder = folder;
      continue;
    }
    ReadLine(*line, lines.number(), record, owner, out);
  }
  if (!lines.ended()) out.FailAtLine(lines.number(), "breaks off: the file does not end there");
  AddPackage(record, /*closed=*/false, out);
  return out.Take();
}

}  // namespace

PackageSource ApkSource() {
  return {.name = kName,
          .version = 2,
          .max_bytes = kMaxInstalledBytes,
          .wants = Wants,
          .wants_head = nullptr,
          .parse = Parse,
          .well_known = kPaths};
}

}  // namespace landwaiter::packages
