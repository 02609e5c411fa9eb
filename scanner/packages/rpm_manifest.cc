// What images of CBL-Mariner and Azure Linux without a package manager have instead of a database:
// var/lib/rpmmanifest/container-manifest-2, one package a line, ten columns, as their toolkit asks
// rpm for them (microsoft/CBL-Mariner, toolkit/docs/how_it_works/5_misc.md, "RPM manifest file"):
// name, version-release, two times, vendor, epoch, size, architecture, epoch as a number, source.
#include <charconv>

#include "lib/base/text.h"
#include "scanner/packages/file_bytes.h"
#include "scanner/packages/rpm_header.h"
#include "scanner/packages/rpm_records.h"

namespace landwaiter::packages {
namespace {

// A hundred times the manifest of a full system.
constexpr std::uint64_t kMaxManifestBytes = 64u << 20;
constexpr std::size_t kColumns = 10;

// rpm writes "(none)" for what is not recorded.
std::string_view Recorded(std::string_view column) {
  return column == "(none)" ? std::string_view() : column;
}

// Newer toolkits write "(none)" whatever the epoch is; the number is 0 where there is none.
std::optional<std::uint32_t> EpochOf(std::string_view epoch, std::string_view number) {
  for (const std::string_view text : {Recorded(epoch), number}) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    if (whole && (value != 0 || text.data() == epoch.data())) return value;
  }
  return std::nullopt;
}

void ReadLine(std::string_view line, std::size_t number, ReadingBuilder& out) {
  const auto columns = text::Split(line, '\t');
  const auto dash = columns.size() == kColumns ? columns[1].rfind('-') : std::string_view::npos;
  if (dash == std::string_view::npos) {
    return out.FailAtLine(number, "has not the ten columns of a package");
  }
  if (columns[0] == kRpmPublicKey) return;
  RpmHeader header;
  header.name = columns[0];
  header.version = columns[1].substr(0, dash);
  header.release = columns[1].substr(dash + 1);
  header.vendor = Recorded(columns[4]);
  header.epoch = EpochOf(columns[5], columns[8]);
  header.architecture = Recorded(columns[7]);
  header.source_rpm = columns[9];
  if (header.version.empty() || header.release.empty()) {
    return out.FailAtLine(number, "has no version or no release");
  }
  out.Add(MakeRpmPackage(header));
}

}  // namespace

FileReading ReadRpmManifest(std::string_view path, RandomAccessFile& file) {
  ReadingBuilder out(kRpmSource, path, ReadingKind::kDatabase);
  if (file.size() > kMaxManifestBytes) {
    out.Fail("has " + std::to_string(file.size()) + " bytes, the limit is " +
             std::to_string(kMaxManifestBytes));
    return out.Take();
  }
  std::string content;
  if (auto read = ReadExactly(file, 0, static_cast<std::size_t>(file.size()), content); !read) {
    out.Fail(read.error().message);
    return out.Take();
  }
  Lines lines(content);
  while (const auto line = lines.Next()) {
    if (!line->empty()) ReadLine(*line, lines.number(), out);
  }
  return out.Take();
}

}  // namespace landwaiter::packages
