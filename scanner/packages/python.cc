// Installed Python packages: *.dist-info/METADATA (packaging specifications, "Recording installed
// projects", "Core metadata"), *.egg-info/PKG-INFO and *.egg-info files of distutils.
//
// Only the head of the record counts: header lines up to the first empty line. Not handled: zipped
// eggs, editable installs by .egg-link (their sources have an egg-info of their own).
#include "lib/base/text.h"
#include "scanner/packages/language_paths.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "python";
// The description (a whole README) stands in the same file; the largest known have 1 MiB.
constexpr std::uint64_t kMaxRecordBytes = 16u << 20;

Need Wants(const FileFacts& facts) {
  return IsPythonRecord(facts.path) ? Need::kContent : Need::kNothing;
}

struct Head {
  std::string_view name;
  std::string_view version;
  std::string_view license;
};

// Sets the fields that count; the first of each. False where one of them is cut off.
bool ReadHead(std::string_view bytes, Head& head) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  Lines lines(bytes);
  while (const auto line = lines.Next()) {
    if (text::Trim(*line).empty()) break;
    const auto colon = line->find(':');
    if (colon == std::string_view::npos || line->front() == ' ' || line->front() == '\t') continue;
    const std::string_view name = line->substr(0, colon);
    std::string_view* field = nullptr;
    if (text::EqualsIgnoreCase(name, "Name")) field = &head.name;
    if (text::EqualsIgnoreCase(name, "Version")) field = &head.version;
    if (text::EqualsIgnoreCase(name, "License-Expression")) field = &head.license;
    if (text::EqualsIgnoreCase(name, "License")) field = &head.license;
    if (field == nullptr || !field->empty()) continue;
    *field = text::Trim(line->substr(colon + 1));
    if (!lines.ended() && field != &head.license) return false;
  }
  return true;
}

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  ReadingBuilder out(kName, facts.path, ReadingKind::kRecord);
  Head head;
  if (!ReadHead(content.bytes, head)) {
    out.Fail("breaks off within Name or Version");
  } else if (head.name.empty() || head.version.empty()) {
    out.Fail(head.name.empty() ? "has no Name" : "has no Version");
  }
  if (head.name.empty() || head.version.empty()) return out.Take();
  Package package{
      .type = "pypi", .name = std::string(head.name), .version = std::string(head.version)};
  package.source_name = package.name;
  package.source_version = package.version;
  if (!head.license.empty()) package.licenses.push_back(FreeText(head.license));
  out.Add(std::move(package));
  return out.Take();
}

}  // namespace

PackageSource PythonSource() {
  return {.name = kName,
          .version = 1,
          .max_bytes = kMaxRecordBytes,
          .wants = Wants,
          .wants_head = nullptr,
          .parse = Parse,
          .well_known = {}};
}

}  // namespace landwaiter::packages
