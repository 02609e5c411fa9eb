#include "scanner/packages/rpm_header.h"

#include <array>
#include <utility>

#include "scanner/packages/file_bytes.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

// rpm's own limit of index entries; a real header has about 80.
constexpr std::uint32_t kMaxEntries = 0xffff;
// Five times the files of the largest known package (see kMaxRpmHeaderBytes).
constexpr std::uint32_t kMaxFiles = 500'000;
// PATH_MAX: a longer path names no file.
constexpr std::size_t kMaxPathBytes = 4096;
constexpr std::size_t kPreambleBytes = 8;
constexpr std::size_t kEntryBytes = 16;
constexpr std::uint32_t kTypeChar = 1;
constexpr std::uint32_t kTypeInt16 = 3;
constexpr std::uint32_t kTypeInt32 = 4;
constexpr std::uint32_t kTypeString = 6;
constexpr std::uint32_t kTypeStringArray = 8;
constexpr std::uint32_t kTypeI18nString = 9;
// stat(2): the kind of file in a mode.
constexpr std::uint16_t kModeKind = 0170000;
constexpr std::uint16_t kModeRegular = 0100000;

std::uint32_t Number(std::string_view bytes, std::size_t at) {
  return ReadU32(bytes.data() + at, ByteOrder::kBig);
}

struct TextTag {
  std::uint32_t tag;
  std::string_view RpmHeader::*field;
};
constexpr std::array<TextTag, 8> kTextTags = {{{1000, &RpmHeader::name},
                                               {1001, &RpmHeader::version},
                                               {1002, &RpmHeader::release},
                                               {1011, &RpmHeader::vendor},
                                               {1014, &RpmHeader::license},
                                               {1022, &RpmHeader::architecture},
                                               {1044, &RpmHeader::source_rpm},
                                               {5096, &RpmHeader::modularity_label}}};

struct ListTag {
  std::uint32_t tag;
  std::uint32_t type;
  RpmTagValue RpmHeader::*field;
};
constexpr std::array<ListTag, 5> kListTags = {{{1027, kTypeStringArray, &RpmHeader::old_file_names},
                                               {1030, kTypeInt16, &RpmHeader::file_modes},
                                               {1116, kTypeInt32, &RpmHeader::dir_indexes},
                                               {1117, kTypeStringArray, &RpmHeader::base_names},
                                               {1118, kTypeStringArray, &RpmHeader::dir_names}}};
// Looked at where records of files are wanted alone: what is wrong with them is no fault of the
// package.
constexpr std::array<ListTag, 4> kRecordTags = {{{1029, kTypeChar, &RpmHeader::file_states},
                                                 {1035, kTypeStringArray, &RpmHeader::file_digests},
                                                 {1037, kTypeInt32, &RpmHeader::file_flags},
                                                 {1045, kTypeInt32, &RpmHeader::verify_flags}}};
constexpr std::uint32_t kDigestAlgorithmTag = 5011;
// rpmfiles.h: RPMFILE_CONFIG, RPMFILE_GHOST, RPMVERIFY_FILEDIGEST, RPMFILE_STATE_NORMAL.
constexpr std::uint32_t kConfigFlag = 1u << 0;
constexpr std::uint32_t kMissingOkFlag = 1u << 3;
constexpr std::uint32_t kGhostFlag = 1u << 6;
constexpr std::uint32_t kVerifiesDigest = 1u << 0;
constexpr char kStateNormal = 0;
constexpr std::uint32_t kEpochTag = 1003;

Error BadTag(std::uint32_t tag, std::string_view what) {
  return DataLoss("its tag " + std::to_string(tag) + " " + std::string(what));
}

// The text up to its NUL.
std::optional<std::string_view> TextAt(std::string_view data, std::size_t offset) {
  if (offset >= data.size()) return std::nullopt;
  const auto end = data.find('\0', offset);
  if (end == std::string_view::npos) return std::nullopt;
  return data.substr(offset, end - offset);
}

// One value of a tag that is a list of numbers.
std::uint32_t NumberOf(const RpmHeader& header, const RpmTagValue& list, std::size_t index) {
  const char* const at = header.data.data() + list.offset;
  return list.type == kTypeInt16 ? ReadU16(at + 2 * index, ByteOrder::kBig)
                                 : ReadU32(at + 4 * index, ByteOrder::kBig);
}

Status TakeText(const TextTag& row, const RpmTagValue& value, RpmHeader& header) {
  if (value.count == 0) return Ok();
  if (value.type != kTypeString && value.type != kTypeI18nString &&
      value.type != kTypeStringArray) {
    return BadTag(row.tag, "is no text");
  }
  const auto text = TextAt(header.data, value.offset);
  if (!text) return BadTag(row.tag, "lies outside its data");
  header.*row.field = *text;
  return Ok();
}

Status CheckList(const ListTag& row, const RpmHeader& header) {
  const RpmTagValue& value = header.*row.field;
  if (value.count == 0) return Ok();
  // rpm 3 wrote a list of one text as a text.
  const bool texts = row.type == kTypeStringArray;
  if (value.type != row.type && !(texts && value.type == kTypeString)) {
    return BadTag(row.tag, "is of another type");
  }
  const bool bytes = texts || row.type == kTypeChar;
  const std::uint64_t width = bytes ? 1 : row.type == kTypeInt16 ? 2 : 4;
  if (value.count > kMaxFiles) return BadTag(row.tag, "has too many values");
  if (value.offset > header.data.size() ||
      value.count * width > header.data.size() - value.offset) {
    return BadTag(row.tag, "lies outside its data");
  }
  return Ok();
}

Status TakeEpoch(const RpmTagValue& value, RpmHeader& header) {
  if (value.count == 0) return Ok();
  if (value.type != kTypeInt32) return BadTag(kEpochTag, "is no number");
  if (value.offset > header.data.size() || header.data.size() - value.offset < 4) {
    return BadTag(kEpochTag, "lies outside its data");
  }
  header.epoch = Number(header.data, value.offset);
  return Ok();
}

// The values of the tags that count. Where a tag stands twice, the later one was added when the
// package was installed, and is the one that rpm takes.
struct TagValues {
  std::array<RpmTagValue, kTextTags.size()> texts;
  RpmTagValue epoch;
  RpmTagValue algorithm;

  void Take(std::uint32_t tag, const RpmTagValue& value, RpmHeader& header) {
    for (std::size_t i = 0; i < kTextTags.size(); ++i) {
      if (kTextTags[i].tag == tag) texts[i] = value;
    }
    for (const ListTag& row : kListTags) {
      if (row.tag == tag) header.*row.field = value;
    }
    for (const ListTag& row : kRecordTags) {
      if (row.tag == tag) header.*row.field = value;
    }
    if (tag == kEpochTag) epoch = value;
    if (tag == kDigestAlgorithmTag) algorithm = value;
  }
};

// The texts of a list, one after the other.
class TextList {
 public:
  TextList(const RpmHeader& header, const RpmTagValue& list)
      : data_(header.data), next_(list.offset), left_(list.count) {}

  std::optional<std::string_view> Next() {
    if (left_ == 0) return std::nullopt;
    const auto text = TextAt(data_, next_);
    if (!text) return std::nullopt;
    --left_;
    next_ += text->size() + 1;
    return text;
  }

 private:
  std::string_view data_;
  std::size_t next_;
  std::uint32_t left_;
};

bool IsRegular(const RpmHeader& header, std::size_t index) {
  if (index >= header.file_modes.count) return true;  // not said
  return (NumberOf(header, header.file_modes, index) & kModeKind) == kModeRegular;
}

using EachNumbered = std::function<bool(std::size_t index, std::string_view path)>;

Status ForEachOldFile(const RpmHeader& header, const EachNumbered& each) {
  TextList names(header, header.old_file_names);
  for (std::size_t i = 0; i < header.old_file_names.count; ++i) {
    const auto name = names.Next();
    if (!name) return DataLoss("its list of files breaks off");
    if (IsRegular(header, i) && !each(i, *name)) return Ok();
  }
  return Ok();
}

// Every regular file, with its place in the header's lists.
Status ForEachNumberedFile(const RpmHeader& header, const EachNumbered& each) {
  if (header.base_names.count == 0) return ForEachOldFile(header, each);
  if (header.dir_indexes.count != header.base_names.count) {
    return DataLoss("its lists of files and of their folders differ in length");
  }
  std::vector<std::string_view> folders;
  TextList folder_names(header, header.dir_names);
  while (const auto folder = folder_names.Next()) folders.push_back(*folder);
  TextList names(header, header.base_names);
  std::string path;
  for (std::size_t i = 0; i < header.base_names.count; ++i) {
    const auto name = names.Next();
    if (!name) return DataLoss("its list of files breaks off");
    const std::uint32_t folder = NumberOf(header, header.dir_indexes, i);
    if (folder >= folders.size()) return DataLoss("a file of it is in a folder that is not listed");
    if (!IsRegular(header, i)) continue;
    if (folders[folder].size() + name->size() > kMaxPathBytes) continue;
    path.assign(folders[folder]).append(*name);
    if (!each(i, path)) return Ok();
  }
  return Ok();
}

// "name-version-release.src.rpm" → name, version-release.
std::optional<std::pair<std::string_view, std::string_view>> SplitSourceRpm(std::string_view file) {
  for (const std::string_view end : {".nosrc.rpm", ".src.rpm"}) {
    if (!file.ends_with(end)) continue;
    file.remove_suffix(end.size());
    const auto release = file.rfind('-');
    if (release == std::string_view::npos || release == 0) return std::nullopt;
    const auto version = file.rfind('-', release - 1);
    if (version == std::string_view::npos) return std::nullopt;
    const std::pair parts(file.substr(0, version), file.substr(version + 1));
    if (!IsName(parts.first, kMaxNameBytes) || !IsName(parts.second, kMaxVersionBytes)) {
      return std::nullopt;
    }
    return parts;
  }
  return std::nullopt;
}

}  // namespace

Result<RpmHeader> ParseRpmHeader(std::string_view blob) {
  if (blob.size() < kPreambleBytes) {
    return DataLoss("it has only " + std::to_string(blob.size()) + " bytes");
  }
  const std::uint64_t entries = Number(blob, 0);
  const std::uint64_t data_bytes = Number(blob, 4);
  if (entries == 0 || entries > kMaxEntries ||
      kPreambleBytes + entries * kEntryBytes + data_bytes != blob.size()) {
    return DataLoss("it has " + std::to_string(blob.size()) + " bytes where it claims " +
                    std::to_string(entries) + " tags and " + std::to_string(data_bytes) +
                    " bytes of data");
  }
  RpmHeader header;
  header.data = blob.substr(kPreambleBytes + entries * kEntryBytes);
  TagValues values;
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t at = kPreambleBytes + i * kEntryBytes;
    const RpmTagValue value{Number(blob, at + 4), Number(blob, at + 8), Number(blob, at + 12)};
    values.Take(Number(blob, at), value, header);
  }
  const RpmTagValue& algorithm = values.algorithm;
  if (algorithm.count > 0) {  // 0, which is none, where it cannot be read
    const bool sound = algorithm.type == kTypeInt32 && algorithm.offset <= header.data.size() &&
                       header.data.size() - algorithm.offset >= 4;
    header.digest_algorithm = sound ? Number(header.data, algorithm.offset) : 0;
  }
  Status status = TakeEpoch(values.epoch, header);
  for (std::size_t i = 0; i < kTextTags.size() && status; ++i) {
    status = TakeText(kTextTags[i], values.texts[i], header);
  }
  for (std::size_t i = 0; i < kListTags.size() && status; ++i) {
    status = CheckList(kListTags[i], header);
  }
  if (!status) return std::move(status).error();
  return header;
}

Status ForEachRpmFile(const RpmHeader& header,
                      const std::function<bool(std::string_view path)>& each) {
  return ForEachNumberedFile(header,
                             [&](std::size_t, std::string_view path) { return each(path); });
}

namespace {

// Of RFC 9580, section 9.5.
RecordKind KindOf(std::uint32_t algorithm) {
  switch (algorithm) {
    case 1:
      return RecordKind::kMd5;
    case 2:
      return RecordKind::kSha1;
    case 8:
      return RecordKind::kSha256;
    default:
      return RecordKind::kOtherHash;
  }
}

std::size_t BytesOf(RecordKind kind) {
  return kind == RecordKind::kMd5 ? 16 : kind == RecordKind::kSha1 ? 20 : 32;
}

// What the lists say of one file.
std::optional<FileRecord> RecordOf(const RpmHeader& header, std::size_t i,
                                   std::string_view digest) {
  const auto number = [&](const RpmTagValue& list, std::uint32_t absent) {
    return i < list.count ? NumberOf(header, list, i) : absent;
  };
  if (i < header.file_states.count && header.data[header.file_states.offset + i] != kStateNormal) {
    return std::nullopt;
  }
  const std::uint32_t flags = number(header.file_flags, 0);
  if ((flags & (kGhostFlag | kMissingOkFlag)) != 0) return std::nullopt;
  FileRecord record;
  record.config = (flags & kConfigFlag) != 0;
  if ((number(header.verify_flags, ~0u) & kVerifiesDigest) == 0) {
    record.kind = RecordKind::kPresent;  // %verify(not md5): it changes as the program runs
    return record;
  }
  record.kind = KindOf(header.digest_algorithm);
  auto raw = BytesOfHex(digest);
  if (record.kind == RecordKind::kOtherHash || !raw || raw->size() != BytesOf(record.kind)) {
    record.kind = RecordKind::kOtherHash;
    return record;
  }
  record.digest = *std::move(raw);
  return record;
}

}  // namespace

Status ForEachRpmRecord(const RpmHeader& header,
                        const std::function<bool(FileRecord record)>& each) {
  for (const ListTag& row : kRecordTags) {
    if (auto sound = CheckList(row, header); !sound) return sound;
  }
  std::vector<std::string_view> digests;
  TextList texts(header, header.file_digests);
  while (const auto digest = texts.Next()) digests.push_back(*digest);
  if (digests.size() != header.file_digests.count) {
    return DataLoss("its list of digests breaks off");
  }
  return ForEachNumberedFile(header, [&](std::size_t i, std::string_view path) {
    auto record = RecordOf(header, i, i < digests.size() ? digests[i] : std::string_view());
    if (!record) return true;
    record->path = std::string(path);
    record->package = std::string(header.name);
    return each(*std::move(record));
  });
}

Package MakeRpmPackage(const RpmHeader& header) {
  const std::string epoch = header.epoch ? std::to_string(*header.epoch) + ":" : std::string();
  Package package{.type = "rpm", .name = std::string(header.name), .version = epoch};
  package.version.append(header.version).append("-").append(header.release);
  package.architecture = FreeText(header.architecture);
  package.source_name = package.name;
  package.source_version = package.version;
  if (const auto source = SplitSourceRpm(header.source_rpm)) {
    package.source_name = source->first;
    package.source_version = epoch + std::string(source->second);
  }
  if (!header.license.empty()) package.licenses.push_back(FreeText(header.license));
  package.vendor = FreeText(header.vendor);
  package.module = ModuleOf(header.modularity_label);
  return package;
}

}  // namespace landwaiter::packages
