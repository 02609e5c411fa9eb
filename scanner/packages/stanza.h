// What the text databases share: lines, names and versions that may go into an inventory, and the
// readings that parsers return. Inside this room only.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "scanner/packages/source.h"

namespace landwaiter::packages {

/// Above every real name and version (Go module paths reach 200 bytes).
inline constexpr std::size_t kMaxNameBytes = 512;
inline constexpr std::size_t kMaxVersionBytes = 512;
/// Licences are for people to read.
inline constexpr std::size_t kMaxLicenseBytes = 200;
/// A distribution's whole archive has some 60,000 binary packages.
inline constexpr std::size_t kMaxPackagesPerFile = 100'000;

/// The largest real lists (kernel headers, TeX) have 30,000 lines, few of which count.
inline constexpr std::size_t kMaxOwnedPerFile = 100'000;

/// The whole of the largest real lists.
inline constexpr std::size_t kMaxRecordsPerFile = 500'000;

/// Lines of a text, numbered from 1, without their '\n' (or "\r\n").
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  /// nullopt at the end.
  std::optional<std::string_view> Next();
  std::size_t number() const { return number_; }
  /// False where the last line that Next gave was cut off before its '\n'.
  bool ended() const { return ended_; }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
  bool ended_ = true;
};

/// Collects the reading of one file.
class ReadingBuilder {
 public:
  ReadingBuilder(const PackageSource& source, const FileFacts& facts, ReadingKind kind);
  ReadingBuilder(std::string_view source, std::string_view path, ReadingKind kind);

  /// The file's reading is kFailed from now on; the first fault is the one that is told:
  /// "PATH: what".
  void Fail(std::string_view what);
  void FailAtLine(std::size_t line, std::string_view what);
  bool failed() const { return reading_.state == ReadingState::kFailed; }
  void NotOurs();
  void Unsupported(std::string_view what);

  /// Sets path and found_by. False where name or version cannot go into an inventory, or there
  /// are too many: then the reading has failed.
  bool Add(Package package);
  /// Keeps the path where a language source could ask for it. False where there are too many: then
  /// the reading has failed.
  bool AddOwned(std::string_view file, std::string_view package);
  /// An absolute or relative path is made clean. False where there are too many: then the reading
  /// has failed.
  bool AddRecord(FileRecord record);
  /// False where there are too many: then the reading has failed.
  bool AddContentSet(std::string_view name);
  const FileReading& reading() const { return reading_; }
  FileReading Take() { return std::move(reading_); }

 private:
  FileReading reading_;
};

/// The bytes that hexadecimal digits stand for; nullopt where they are none.
std::optional<std::string> BytesOfHex(std::string_view digits);
/// Printable ASCII without blanks, not empty, at most `max_bytes`.
bool IsName(std::string_view text, std::size_t max_bytes);
/// Fit for an inventory's free text: printable, cut to kMaxLicenseBytes.
std::string FreeText(std::string_view text);
std::string_view BaseName(std::string_view path);
/// The module of an rpm's modularity label: "name:stream" of "name:stream:version:context".
std::string ModuleOf(std::string_view label);
/// The path of the folder, "" at the top.
std::string_view DirName(std::string_view path);

}  // namespace landwaiter::packages
