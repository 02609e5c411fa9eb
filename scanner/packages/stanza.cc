#include "scanner/packages/stanza.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "scanner/packages/language_paths.h"

namespace landwaiter::packages {

std::optional<std::string_view> Lines::Next() {
  if (rest_.empty()) return std::nullopt;
  ++number_;
  const auto end = rest_.find('\n');
  ended_ = end != std::string_view::npos;
  std::string_view line = rest_.substr(0, end);
  rest_ = ended_ ? rest_.substr(end + 1) : std::string_view();
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

ReadingBuilder::ReadingBuilder(std::string_view source, std::string_view path, ReadingKind kind) {
  reading_.source = source;
  reading_.path = path;
  reading_.kind = kind;
  reading_.state = ReadingState::kRead;
}

ReadingBuilder::ReadingBuilder(const PackageSource& source, const FileFacts& facts,
                               ReadingKind kind)
    : ReadingBuilder(source.name, facts.path, kind) {}

void ReadingBuilder::Fail(std::string_view what) {
  if (failed()) return;
  reading_.state = ReadingState::kFailed;
  reading_.reason = text::Truncate(text::Printable(reading_.path), 256) + ": " + std::string(what);
}

void ReadingBuilder::FailAtLine(std::size_t line, std::string_view what) {
  if (!failed()) Fail("line " + std::to_string(line) + " " + std::string(what));
}

void ReadingBuilder::NotOurs() {
  reading_.state = ReadingState::kNotOurs;
  reading_.reason.clear();
}

void ReadingBuilder::Unsupported(std::string_view what) {
  reading_.state = ReadingState::kUnsupported;
  reading_.reason = text::Truncate(text::Printable(reading_.path), 256) + ": " + std::string(what);
}

bool ReadingBuilder::Add(Package package) {
  if (!IsName(package.name, kMaxNameBytes)) {
    Fail("package name \"" + text::Truncate(text::Printable(package.name), 64) +
         "\" is empty, too long or not printable");
    return false;
  }
  if (!IsName(package.version, kMaxVersionBytes)) {
    Fail("package " + package.name + " has version \"" +
         text::Truncate(text::Printable(package.version), 64) +
         "\", which is empty, too long or not printable");
    return false;
  }
  if (reading_.packages.size() >= kMaxPackagesPerFile) {
    Fail("more than " + std::to_string(kMaxPackagesPerFile) + " packages");
    return false;
  }
  package.path = reading_.path;
  package.found_by = reading_.source;
  reading_.packages.push_back(std::move(package));
  return true;
}

bool ReadingBuilder::AddOwned(std::string_view file, std::string_view package) {
  while (file.starts_with('/')) file.remove_prefix(1);
  if (file.starts_with("./")) file.remove_prefix(2);
  if (!MayHoldLanguagePackage(file)) return true;
  if (reading_.owned.size() >= kMaxOwnedPerFile) {
    Fail("lists more than " + std::to_string(kMaxOwnedPerFile) + " programs and records");
    return false;
  }
  reading_.owned.push_back({std::string(file), std::string(package)});
  return true;
}

bool ReadingBuilder::AddRecord(FileRecord record) {
  constexpr std::size_t kMaxPathBytes = 4096;  // PATH_MAX: a longer path names no file
  std::string_view path = record.path;
  while (path.starts_with('/') || path.starts_with("./"))
    path.remove_prefix(path[0] == '/' ? 1 : 2);
  if (path.empty()) path = ".";  // of a package without a file it is all that there is
  if (path.size() > kMaxPathBytes || !IsName(record.package, kMaxNameBytes)) {
    Fail("has a file of a path or package that is none");
    return false;
  }
  if (reading_.records.size() >= kMaxRecordsPerFile) {
    Fail("lists more than " + std::to_string(kMaxRecordsPerFile) + " files");
    return false;
  }
  record.path = std::string(path);
  reading_.records.push_back(std::move(record));
  return true;
}

bool ReadingBuilder::AddContentSet(std::string_view name) {
  if (reading_.content_sets.size() >= kMaxContentSets) {
    Fail("names more than " + std::to_string(kMaxContentSets) + " content sets");
    return false;
  }
  reading_.content_sets.emplace_back(name);
  return true;
}

std::optional<std::string> BytesOfHex(std::string_view digits) {
  if (digits.empty() || digits.size() % 2 != 0) return std::nullopt;
  const auto value = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = value(digits[i]);
    const int low = value(digits[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

bool IsName(std::string_view text, std::size_t max_bytes) {
  return !text.empty() && text.size() <= max_bytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string FreeText(std::string_view text) {
  return text::Truncate(text::Printable(text::Trim(text)), kMaxLicenseBytes);
}

std::string ModuleOf(std::string_view label) {
  const auto name = label.find(':');
  if (name == std::string_view::npos) return {};
  return FreeText(label.substr(0, label.find(':', name + 1)));
}

std::string_view BaseName(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view DirName(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

}  // namespace landwaiter::packages
