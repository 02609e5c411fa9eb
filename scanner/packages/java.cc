// Java archives (jar, war, ear, par and their like) and the archives within them (BOOT-INF/lib,
// WEB-INF/lib, …): Maven artifacts, named "GROUP:ARTIFACT".
//
// Every pom.properties (META-INF/maven/GROUP/ARTIFACT/) names one: several are several artifacts
// merged into one jar ("shaded"), all of which run. An archive without any is identified by the
// main section of its manifest and its file name (java_identity.h). Package::within says where in
// the archive a package was found, if it is not the archive itself: "BOOT-INF/lib/a-1.jar",
// "META-INF/maven/g/a/pom.properties" for a merged one.
//
// Which broken file is a fault: without a zip end record a file is no archive, whatever its name
// says; no JVM opens it, and packages bring such files along as samples on purpose. With one it was
// meant to be read, and what cannot be read of it is kFailed: a damaged directory, an entry of
// interest that is corrupt, encrypted or packed in a way that no JVM knows, archives nested deeper
// than kMaxNesting, limits. What could be read counts all the same.
//
// Archives within archives are read in place where they are stored, and unpacked to scratch, one a
// level at a time, where they are deflated.
//
// Not packages: the Java runtime's own archives (rt.jar, jrt-fs.jar; told by their manifest's
// Implementation-Title), its jmods and modules files: the runtime is one package, which the
// "binaries" source reads from its release file. Not handled: classes merged without metadata
// (they leave no trace but their names), Class-Path lines, pom.xml (a build's input, its versions
// are often expressions).
#include <algorithm>
#include <map>
#include <utility>

#include "lib/base/text.h"
#include "scanner/packages/file_window.h"
#include "scanner/packages/java_identity.h"
#include "scanner/packages/language_paths.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"
#include "scanner/packages/zip_reader.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "java";
// Public images have jars of up to 1.8 GB; the layer pass spools no more than 2 GiB by default.
constexpr std::uint64_t kMaxArchiveBytes = 4ull << 30;
// A jar in a war in an ear is two deep; tools that wrap applications reach three.
constexpr int kMaxNesting = 5;
// Of an archive and all within it. The JDK's whole source has 60,000 files, the largest merged jars
// 300,000.
constexpr std::uint64_t kMaxEntries = 2'000'000;
// What opening an archive costs, and reading an entry, counted in entries that are passed over:
// 20,000 archives and 200,000 texts are the limit.
constexpr std::uint64_t kArchiveEntries = 100;
constexpr std::uint64_t kTextEntries = 10;
// What is unpacked of archives within one file, all together. Jars are compressed already, so that
// deflating them again gains little.
constexpr std::uint64_t kFreeUnpackedBytes = 256u << 20;
constexpr std::uint64_t kMaxUnpackedRatio = 16;
constexpr std::uint64_t kMaxUnpackedBytes = 2ull << 30;
// Maven writes three lines and two comments.
constexpr std::size_t kMaxPropertiesBytes = 64u << 10;
// The main section alone; OSGi's lists of packages reach 200 KB.
constexpr std::size_t kMaxManifestBytes = 1u << 20;
// The largest merged jars have some 1,500 artifacts.
constexpr std::size_t kMaxMerged = 20'000;
// Of Package::within; names of entries can have 64 KB each.
constexpr std::size_t kMaxWithinBytes = 2048;

Need Wants(const FileFacts& facts) {
  return facts.size > 0 && IsJavaArchive(facts.path) ? Need::kHead : Need::kNothing;
}

// One reading of one file with all that is within it.
class Reader {
 public:
  Reader(const FileContent& content, ReadingBuilder& out)
      : scratch_(content.scratch),
        unpacked_left_(std::min(kMaxUnpackedBytes,
                                kFreeUnpackedBytes + kMaxUnpackedRatio * content.file->size())),
        out_(out) {}

  /// False where `file` is no archive at all.
  bool ReadArchive(RandomAccessFile& file, std::string_view file_name, const std::string& within);

 private:
  struct Archive;

  /// Counts what is done, so that no archive keeps the scan longer than its limits allow.
  Status Charge(std::uint64_t entries);
  Status Visit(Archive& archive, const ZipEntry& entry);
  Result<std::string> ReadText(Archive& archive, const ZipEntry& entry, std::size_t max_bytes);
  void ReadProperties(Archive& archive, const ZipEntry& entry);
  void ReadManifestOf(Archive& archive, const ZipEntry& entry);
  void ReadNested(Archive& archive, const ZipEntry& entry);
  void Unpack(Archive& archive, const ZipEntry& entry);
  void AddPackages(const Archive& archive);
  void Add(const Coordinates& coordinates, const std::string& within, std::string license);
  void Fail(const Archive& archive, std::string_view entry, const Error& error);

  ScratchSpace* scratch_;
  std::uint64_t unpacked_left_;
  std::uint64_t entries_left_ = kMaxEntries;
  int depth_ = 0;
  ZipInflater inflater_;
  ReadingBuilder& out_;
};

struct Reader::Archive {
  std::string_view file_name;
  const std::string& within;  // "" for the file itself
  RandomAccessFile& file;
  ZipReader zip;
  ManifestAttributes manifest = {};
  std::map<Coordinates, std::string> merged = {};  // with the path of the pom.properties
};

Error TooMuchUnpacked() {
  return ResourceExhausted("unpacks to more than the limit for what is within one archive");
}

std::string Join(const std::string& within, std::string_view entry) {
  std::string joined = within.empty() ? "" : within + "!/";
  joined += text::Printable(entry);
  return text::Truncate(joined, kMaxWithinBytes);
}

void Reader::Fail(const Archive& archive, std::string_view entry, const Error& error) {
  if (out_.failed()) return;
  std::string what = entry.empty() ? archive.within : Join(archive.within, entry);
  if (!what.empty()) what = text::Truncate(what, 256) + " ";
  out_.Fail(what + error.message);
}

bool Reader::ReadArchive(RandomAccessFile& file, std::string_view file_name,
                         const std::string& within) {
  if (auto charged = Charge(kArchiveEntries); !charged) {
    out_.Fail(charged.error().message);
    return true;
  }
  auto zip = ZipReader::Open(file);
  if (!zip && zip.error().code == Code::kNotFound) return false;
  if (!zip) {
    out_.Fail((within.empty() ? "" : text::Truncate(within, 256) + " ") + zip.error().message);
    return true;
  }
  Archive archive{file_name, within, file, *std::move(zip)};
  auto read = archive.zip.ForEach([&](const ZipEntry& entry) { return Visit(archive, entry); });
  if (!read) Fail(archive, "", read.error());
  AddPackages(archive);
  return true;
}

Status Reader::Charge(std::uint64_t entries) {
  if (entries > entries_left_) {
    entries_left_ = 0;
    return ResourceExhausted("holds more archives and entries than the limit of " +
                             std::to_string(kMaxEntries));
  }
  entries_left_ -= entries;
  return Ok();
}

Result<std::string> Reader::ReadText(Archive& archive, const ZipEntry& entry,
                                     std::size_t max_bytes) {
  if (auto charged = Charge(kTextEntries); !charged) return std::move(charged).error();
  if (std::min<std::uint64_t>(max_bytes, entry.size) > unpacked_left_) return TooMuchUnpacked();
  auto text = archive.zip.ReadHead(entry, inflater_, max_bytes);
  if (text) unpacked_left_ -= text->size();
  return text;
}

Status Reader::Visit(Archive& archive, const ZipEntry& entry) {
  if (auto charged = Charge(1); !charged) return charged;
  if (entry.name.ends_with('/')) return Ok();
  if (BaseName(entry.name) == "pom.properties") {
    ReadProperties(archive, entry);
  } else if (text::EqualsIgnoreCase(entry.name, "META-INF/MANIFEST.MF")) {
    ReadManifestOf(archive, entry);
  } else if (IsJavaArchive(entry.name)) {
    ReadNested(archive, entry);
  }
  return Ok();
}

void Reader::ReadProperties(Archive& archive, const ZipEntry& entry) {
  auto text = ReadText(archive, entry, kMaxPropertiesBytes);
  if (!text) return Fail(archive, entry.name, text.error());
  auto coordinates = ReadPomProperties(*text, entry.name);
  if (!coordinates) return;  // no artifact of Maven's
  if (archive.merged.size() >= kMaxMerged) {
    return Fail(archive, "",
                ResourceExhausted("merges more than " + std::to_string(kMaxMerged) + " artifacts"));
  }
  archive.merged.emplace(*std::move(coordinates), std::string(entry.name));
}

// Of several the JVM takes the last.
void Reader::ReadManifestOf(Archive& archive, const ZipEntry& entry) {
  auto text = ReadText(archive, entry, kMaxManifestBytes);
  if (!text) return Fail(archive, entry.name, text.error());
  archive.manifest = ReadManifest(*text);
}

void Reader::ReadNested(Archive& archive, const ZipEntry& entry) {
  if (depth_ == kMaxNesting) {
    return Fail(archive, entry.name,
                ResourceExhausted("is nested deeper than " + std::to_string(kMaxNesting) +
                                  " archives, what is in it was not read"));
  }
  ++depth_;
  constexpr std::uint16_t kStored = 0;
  if (entry.method == kStored && entry.size == entry.compressed_size) {
    auto data = archive.zip.DataOffset(entry);
    if (data) {
      FileWindow window(archive.file, *data, entry.size);
      ReadArchive(window, BaseName(entry.name), Join(archive.within, entry.name));
    } else {
      Fail(archive, entry.name, data.error());
    }
  } else {
    Unpack(archive, entry);
  }
  --depth_;
}

void Reader::Unpack(Archive& archive, const ZipEntry& entry) {
  if (scratch_ == nullptr) {
    return Fail(archive, entry.name, Unsupported("is compressed, and there is no scratch space"));
  }
  const std::uint64_t begin = scratch_->size();
  auto unpacked =
      archive.zip.Unpack(entry, inflater_, UINT64_MAX, [&](std::string_view bytes) -> Status {
        if (bytes.size() > unpacked_left_) return TooMuchUnpacked();
        unpacked_left_ -= bytes.size();
        return scratch_->Append(bytes);
      });
  if (!unpacked) Fail(archive, entry.name, unpacked.error());
  // What breaks off has no end record: there is nothing in it to be read.
  if (unpacked) {
    FileWindow window(*scratch_, begin, scratch_->size() - begin);
    ReadArchive(window, BaseName(entry.name), Join(archive.within, entry.name));
  }
  if (auto given = scratch_->Truncate(begin); !given) Fail(archive, entry.name, given.error());
}

void Reader::Add(const Coordinates& coordinates, const std::string& within, std::string license) {
  Package package{.type = "maven",
                  .name = coordinates.group + ":" + coordinates.artifact,
                  .version = coordinates.version};
  package.source_name = package.name;
  package.source_version = package.version;
  package.within = within;
  if (!license.empty()) package.licenses.push_back(std::move(license));
  out_.Add(std::move(package));
}

std::string License(const ManifestAttributes& manifest) {
  const auto found = manifest.find("bundle-license");
  return found == manifest.end() ? std::string() : FreeText(found->second);
}

// A jar that merged others and lost its own pom.properties: file name and manifest agree on a
// version that none of the merged ones has.
bool IsOneMore(const Coordinates& identity, const ManifestAttributes& manifest,
               const std::map<Coordinates, std::string>& merged) {
  return HasVersion(manifest, identity.version) &&
         std::none_of(merged.begin(), merged.end(), [&](const auto& other) {
           return other.first.version == identity.version ||
                  other.first.artifact == identity.artifact;
         });
}

void Reader::AddPackages(const Archive& archive) {
  const ArchiveName name = ReadArchiveName(archive.file_name);
  const auto identity = IdentifyArchive(archive.manifest, archive.file_name);
  const bool own = identity && (archive.merged.empty() ||
                                IsOneMore(*identity, archive.manifest, archive.merged));
  if (own) Add(*identity, archive.within, License(archive.manifest));
  for (const auto& [coordinates, path] : archive.merged) {
    const bool itself =
        !own && (archive.merged.size() == 1 || coordinates.artifact == name.artifact);
    Add(coordinates, itself ? archive.within : Join(archive.within, path),
        itself ? License(archive.manifest) : std::string());
  }
}

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  ReadingBuilder out(kName, facts.path, ReadingKind::kRecord);
  if (content.file == nullptr) {
    out.Fail("was not spooled");
    return out.Take();
  }
  Reader reader(content, out);
  if (!reader.ReadArchive(*content.file, BaseName(facts.path), "")) out.NotOurs();
  return out.Take();
}

}  // namespace

PackageSource JavaSource() {
  return {.name = kName,
          .version = 1,
          .max_bytes = kMaxArchiveBytes,
          .wants = Wants,
          .wants_head = nullptr,
          .parse = Parse,
          .well_known = {}};
}

}  // namespace landwaiter::packages
