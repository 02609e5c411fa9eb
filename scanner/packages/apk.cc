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
// RFC 4648, section 4; nullopt for anything else.
std::optional<std::string> BytesOfBase64(std::string_view text) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string bytes;
  std::uint32_t bits = 0;
  unsigned have = 0;
  for (const char c : text) {
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xffffff;
    have += 6;
    if (have < 8) continue;
    have -= 8;
    bytes += static_cast<char>(bits >> have & 0xff);
  }
  return bytes;
}

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
  std::string_view file;  // the last R line, to which a Z line belongs
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

// "Q1" and 20 bytes in base64 (apk-tools, "Checksum"), which is SHA-1. "Q2" and others are newer.
void AddChecksum(std::string_view value, const Record& record, std::string_view owner,
                 ReadingBuilder& out) {
  FileRecord file{.path = std::string(record.folder) + "/" + std::string(record.file),
                  .package = std::string(owner),
                  .kind = RecordKind::kOtherHash};
  if (value.starts_with("Q1")) {
    auto bytes = BytesOfBase64(value.substr(2));
    if (bytes && bytes->size() == 20) {
      file.kind = RecordKind::kSha1;
      file.digest = *std::move(bytes);
    }
  }
  // apk keeps what whoever runs the system has changed there (apk-protected_paths(5)).
  file.config = record.folder == "etc" || record.folder.starts_with("etc/");
  out.AddRecord(std::move(file));
}

// `files`: FileReading::records is wanted.
void ReadLine(std::string_view line, std::size_t number, Record& record, std::string& owner,
              bool files, ReadingBuilder& out) {
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
      record.file = value;
      out.AddOwned(std::string(record.folder) + "/" + std::string(value), owner);
      if (files) {
        out.AddRecord(
            {.path = std::string(record.folder) + "/" + std::string(value), .package = owner});
      }
      break;
    case 'Z':
      if (files && !record.file.empty()) AddChecksum(value, record, owner, out);
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
    ReadLine(*line, lines.number(), record, owner, content.records, out);
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
