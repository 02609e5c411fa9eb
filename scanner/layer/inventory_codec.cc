#include "scanner/layer/inventory_codec.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "model/scan_request.h"

namespace landwaiter::layer {
namespace {

using packages::FileReading;
using packages::FileRecord;
using packages::OwnedFile;
using packages::ReadingKind;
using packages::ReadingState;
using packages::RecordKind;

constexpr std::string_view kMagic = "landwaiter layer 4\n";

class Writer : public BinaryWriter {
 public:
  using BinaryWriter::BinaryWriter;

  void Field(const std::string& text) { Text(text); }
  void Field(bool value) { Number(value ? 1 : 0); }
  void Field(std::uint64_t value) { Number(value); }
  void Field(int value) { Number(static_cast<std::uint64_t>(value) + 1); }  // from -1
  void Field(const Digest& digest) { Field(digest.ToString()); }
  void Field(ReadingKind kind) { Number(static_cast<std::uint64_t>(kind)); }
  void Field(RecordKind kind) { Number(static_cast<std::uint64_t>(kind)); }
  void Field(ReadingState state) { Number(static_cast<std::uint64_t>(state)); }
  void Field(CollectedKind kind) { Number(static_cast<std::uint64_t>(kind)); }
  void Field(SecretConfidence confidence) { Number(static_cast<std::uint64_t>(confidence)); }
  void Field(CoverageState state) { Number(static_cast<std::uint64_t>(state)); }
  template <class T>
  void Field(const std::optional<T>& value) {
    Field(value.has_value());
    if (value) Field(*value);
  }
  template <class T>
  void Field(const std::vector<T>& list) {
    Number(list.size());
    for (const T& item : list) Field(item);
  }
  void Field(const EntryList& entries) {
    Number(entries.runs().size());
    auto name = entries.names().begin();
    for (const EntryList::Run& run : entries.runs()) {
      Number(run.folder);
      Number(run.detail == kNoDetail ? 0 : std::uint64_t{run.detail} + 1);
      Number(static_cast<std::uint64_t>(run.kind));
      Number(run.count);
      for (std::uint32_t i = 0; i < run.count; ++i) Fixed(*name++);
    }
  }
  template <class T>
  void Field(const T& record);
};

class Reader : public BinaryReader {
 public:
  using BinaryReader::BinaryReader;

  void Field(std::string& text) { text.assign(Text()); }
  void Field(bool& value) { value = Below(2) == 1; }
  void Field(std::uint64_t& value) { value = Number(); }
  void Field(int& value) { value = static_cast<int>(Below(std::numeric_limits<int>::max())) - 1; }
  void Field(Digest& digest) {
    auto parsed = Digest::Parse(Text());
    if (!parsed) {
      Fail();
      return;
    }
    digest = *std::move(parsed);
  }
  void Field(ReadingKind& kind) { kind = static_cast<ReadingKind>(Below(3)); }
  void Field(RecordKind& kind) { kind = static_cast<RecordKind>(Below(6)); }
  void Field(ReadingState& state) { state = static_cast<ReadingState>(Below(4)); }
  void Field(CollectedKind& kind) { kind = static_cast<CollectedKind>(Below(3)); }
  void Field(SecretConfidence& confidence) { confidence = static_cast<SecretConfidence>(Below(3)); }
  void Field(CoverageState& state) { state = static_cast<CoverageState>(Below(6)); }
  template <class T>
  void Field(std::optional<T>& value) {
    bool there = false;
    Field(there);
    if (there) Field(value.emplace());
  }
  template <class T>
  void Field(std::vector<T>& list) {
    // An item is at least a byte; the list grows with what is really there.
    const std::uint64_t count = Count();
    for (std::uint64_t i = 0; i < count && !failed(); ++i) Field(list.emplace_back());
  }
  void Field(EntryList& entries) {
    for (std::uint64_t runs = Count(); runs > 0 && !failed(); --runs) {
      TreeEntry entry;
      entry.folder = static_cast<std::uint32_t>(Below(kNoDetail));
      const std::uint64_t detail = Below(std::uint64_t{kNoDetail} + 1);
      entry.detail = detail == 0 ? kNoDetail : static_cast<std::uint32_t>(detail - 1);
      entry.kind = static_cast<EntryKind>(Below(4));
      for (std::uint64_t left = Count(); left > 0 && !failed(); --left) {
        entry.name = Fixed();
        if (!failed()) entries.Add(entry);
      }
    }
  }
  template <class T>
  void Field(T& record);
};

// The fields of each record, in order, for writing and for reading. A field that is added to one of
// them breaks the binding here, so that none is forgotten.
template <class Codec, class T>
void Fields(Codec& codec, T& record) {
  using Record = std::remove_const_t<T>;
  const auto each = [&](auto&... fields) { (codec.Field(fields), ...); };
  if constexpr (std::is_same_v<Record, Package>) {
    auto& [type, name, version, architecture, source_name, source_version, purl, path, within,
           found_by, licenses, owner, module, vendor, cpe, layer, dev, source_assumed] = record;
    each(type, name, version, architecture, source_name, source_version, purl, path, within,
         found_by, licenses, owner, module, vendor, cpe, layer, dev, source_assumed);
  } else if constexpr (std::is_same_v<Record, OwnedFile>) {
    auto& [path, package] = record;
    each(path, package);
  } else if constexpr (std::is_same_v<Record, FileReading>) {
    auto& [source, path, kind, state, reason, packages, owned, records, content_sets, residue,
           left_out, development_left_out, os] = record;
    each(source, path, kind, state, reason, packages, owned, records, content_sets, residue,
         left_out, development_left_out, os);
  } else if constexpr (std::is_same_v<Record, FileRecord>) {
    auto& [path, package, kind, digest, config] = record;
    each(path, package, kind, digest, config);
  } else if constexpr (std::is_same_v<Record, FileHashes>) {
    auto& [md5, sha1, sha256] = record;
    each(md5, sha1, sha256);
  } else if constexpr (std::is_same_v<Record, OperatingSystem>) {
    auto& [family, version, codename, pretty_name, variant] = record;
    each(family, version, codename, pretty_name, variant);
  } else if constexpr (std::is_same_v<Record, KeptFile>) {
    auto& [name, readings, content, mark, secrets, malware, hashes, unscanned] = record;
    each(name, readings, content, mark, secrets, malware, hashes, unscanned);
  } else if constexpr (std::is_same_v<Record, FileMark>) {
    auto& [kind, mode, uid, gid, size, capabilities, sha256, matches, unread] = record;
    each(kind, mode, uid, gid, size, capabilities, sha256, matches, unread);
  } else if constexpr (std::is_same_v<Record, LineMatch>) {
    auto& [expression, line] = record;
    each(expression, line);
  } else if constexpr (std::is_same_v<Record, SecretFound>) {
    auto& [rule, path, line, layer, final, confidence, redacted, hash] = record;
    each(rule, path, line, layer, final, confidence, redacted, hash);
  } else if constexpr (std::is_same_v<Record, MalwareFound>) {
    auto& [signature, path, layer, final] = record;
    each(signature, path, layer, final);
  } else if constexpr (std::is_same_v<Record, Coverage>) {
    auto& [source, state, reason, packages] = record;
    each(source, state, reason, packages);
  } else {
    static_assert(std::is_same_v<Record, Link>);
    auto& [name, target, unread, unmarked] = record;
    each(name, target, unread, unmarked);
  }
}

template <class T>
void Writer::Field(const T& record) {
  Fields(*this, record);
}
template <class T>
void Reader::Field(T& record) {
  Fields(*this, record);
}

// Of the inventory itself; sizes are numbers of 64 bits.
template <class Codec, class T>
void Lists(Codec& codec, T& inventory) {
  auto& [digest, diff_id, media_type, size_bytes, inflated_bytes, folders, entries, files, links,
         whiteouts, opaque_folders, gaps] = inventory;
  codec.Field(digest);
  codec.Field(diff_id);
  codec.Field(media_type);
  if constexpr (std::is_const_v<T>) {
    codec.Fixed(size_bytes);
    codec.Fixed(inflated_bytes);
  } else {
    size_bytes = codec.Fixed();
    inflated_bytes = codec.Fixed();
  }
  codec.Field(folders);
  codec.Field(entries);
  codec.Field(files);
  codec.Field(links);
  codec.Field(whiteouts);
  codec.Field(opaque_folders);
  codec.Field(gaps);
}

Error Nonsense(std::string_view what) {
  return InvalidArgument("the inventory of a layer is none: " + std::string(what))
      .WithReason(scan_reason::kScannerFailed);
}

// What an entry's detail points into follows from its kind.
bool Sound(const EntryList::Run& entry, const LayerInventory& inventory) {
  if (entry.folder >= inventory.folders.size()) return false;
  switch (entry.kind) {
    case EntryKind::kFile:
      return entry.detail == kNoDetail || entry.detail < inventory.files.size();
    case EntryKind::kFolder:
      return entry.detail == kNoDetail;
    case EntryKind::kSymlink:
    case EntryKind::kHardLink:
      return entry.detail < inventory.links.size();
  }
  return false;
}

Result<LayerInventory> Decode(Reader& reader) {
  LayerInventory inventory;
  if (!reader.Skip(kMagic)) return Nonsense("it does not begin as one");
  Lists(reader, inventory);
  if (reader.failed()) return Nonsense("it breaks off, or a number is out of its range");
  if (!reader.AtEnd()) return Nonsense("bytes follow its end");
  for (const EntryList::Run& entry : inventory.entries.runs()) {
    if (!Sound(entry, inventory)) return Nonsense("an entry points at nothing");
  }
  return inventory;
}

}  // namespace

void EncodeInventory(const LayerInventory& inventory, const BinaryWriter::Sink& sink) {
  Writer writer(sink);
  writer.Raw(kMagic);
  Lists(writer, inventory);
  sink(writer.Take());
}

std::string EncodeInventory(const LayerInventory& inventory) {
  std::string bytes;
  EncodeInventory(inventory, [&](std::string_view piece) { bytes += piece; });
  return bytes;
}

Result<LayerInventory> DecodeInventory(const ReadBytes& read) {
  std::optional<Error> fault;
  Reader reader(
      [&](char* buffer, std::size_t size) -> std::size_t {
        auto count = read(buffer, size);
        if (count) return *count;
        fault = std::move(count).error();
        return 0;
      },
      kMaxEncodedBytes);
  auto inventory = Decode(reader);
  if (fault) return *std::move(fault);
  return inventory;
}

Result<LayerInventory> DecodeInventory(std::string_view bytes) {
  Reader reader(bytes);
  return Decode(reader);
}

}  // namespace landwaiter::layer
