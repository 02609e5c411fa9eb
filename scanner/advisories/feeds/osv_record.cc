#include "scanner/advisories/feeds/osv_record.h"

#include <algorithm>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "scanner/advisories/feeds/osv_binaries.h"
#include "scanner/advisories/feeds/osv_distribution.h"
#include "scanner/advisories/feeds/osv_severity.h"
#include "scanner/advisories/ids.h"
#include "scanner/advisories/json_fields.h"
#include "scanner/advisories/names.h"
#include "scanner/advisories/red_hat.h"
#include "scanner/versions/scheme.h"

namespace landwaiter::advisories {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxTimeBytes = 64;
constexpr std::size_t kMaxUrlBytes = 2048;
constexpr std::size_t kMaxDetailsBytes = kMaxRecordBytes;
constexpr std::size_t kMaxReferences = 20'000;

/// The year 1 is how Go prints a time that was never set; the Go database and one or two others
/// write it where they have none.
Result<std::string> ReadTime(const dom::object& object, std::string_view name,
                             const FieldPath& path) {
  const auto text = OptionalText(object, name, path, kMaxTimeBytes);
  if (!text) return text.error();
  if (!text->has_value()) return std::string();
  if ((*text)->starts_with("0001-01-01") || (*text)->starts_with("1-01-01")) return std::string();
  if (const auto time = ParseTime(**text); !time) {
    return InvalidArgument("field " + path.Child(name).ToString() + ": " + time.error().message);
  }
  return std::string(**text);
}

/// One word of a title: the summary, else the first line of the details.
Result<std::string> ReadTitle(const dom::object& root, const FieldPath& path) {
  const auto summary = OptionalText(root, "summary", path, kMaxDetailsBytes);
  if (!summary) return summary.error();
  std::string_view title = summary->value_or(std::string_view());
  if (title.empty()) {
    title = text::Trim(LooseText(root, "details").value_or(std::string_view()));
    title = title.substr(0, title.find('\n'));
  }
  return text::Truncate(text::Printable(text::Trim(title.substr(0, 4 * kMaxTitleBytes))),
                        kMaxTitleBytes);
}

/// The page a person wants to read: an advisory, else the first that is named.
Result<std::string> ReadUrl(const dom::object& root, const FieldPath& path) {
  const auto array = OptionalArray(root, "references", path, kMaxReferences);
  if (!array) return array.error();
  std::string_view best;
  bool advisory = false;
  if (array->has_value()) {
    for (const dom::element element : **array) {
      dom::object reference;
      if (element.get_object().get(reference) != simdjson::SUCCESS) continue;
      const std::string_view url = LooseText(reference, "url").value_or(std::string_view());
      const bool web = url.starts_with("https://") || url.starts_with("http://");
      if (!web || url.size() > kMaxUrlBytes) continue;
      const bool is_advisory = LooseText(reference, "type") == std::string_view("ADVISORY");
      if (best.empty() || (is_advisory && !advisory)) best = url;
      advisory = advisory || is_advisory;
    }
  }
  return text::Printable(best);
}

struct EventName {
  std::string_view name;
  EventKind kind;
};
constexpr EventName kEventNames[] = {{"introduced", EventKind::kIntroduced},
                                     {"fixed", EventKind::kFixed},
                                     {"last_affected", EventKind::kLastAffected},
                                     {"limit", EventKind::kLimit}};

/// Reads the events of one object. The schema wants exactly one in each; older feeds write
/// `introduced` and `fixed` together, which can only mean the same.
Status ReadEvent(const dom::object& object, const FieldPath& path, Range* range) {
  const std::size_t before = range->events.size();
  for (const auto& [name, kind] : kEventNames) {
    const auto version = OptionalText(object, name, path, versions::kMaxVersionBytes);
    if (!version) return version.error();
    if (!version->has_value()) continue;
    // One that the order cannot read is kept: images with this very package are told so
    // (Coverage), the others lose nothing.
    range->events.push_back({kind, std::string(**version)});
  }
  if (range->events.size() == before) {
    return InvalidArgument("field " + path.ToString() +
                           ": has none of introduced, fixed, last_affected, limit");
  }
  return Ok();
}

Status ReadRange(const dom::object& object, const FieldPath& path, Affected* affected) {
  const auto type = RequiredText(object, "type", path, kMaxTimeBytes);
  if (!type) return type.error();
  if (*type == "GIT") return Ok();
  if (*type != "ECOSYSTEM" && *type != "SEMVER") {
    return InvalidArgument("field " + path.Child("type").ToString() + ": " +
                           text::JsonQuote(*type) + ", expected SEMVER, ECOSYSTEM or GIT");
  }
  const auto events = OptionalArray(object, "events", path, kMaxVersions);
  if (!events) return events.error();
  const FieldPath list = path.Child("events");
  if (!events->has_value()) return Missing(list);
  Range range;
  std::size_t index = 0;
  for (const dom::element element : **events) {
    const FieldPath item = list.Item(index++);
    dom::object event;
    if (element.get_object().get(event) != simdjson::SUCCESS) {
      return WrongType(item, element, "an object");
    }
    if (Status status = ReadEvent(event, item, &range); !status) return status;
  }
  const bool introduced =
      std::any_of(range.events.begin(), range.events.end(),
                  [](const Event& event) { return event.kind == EventKind::kIntroduced; });
  if (!introduced) {
    return InvalidArgument("field " + list.ToString() + ": has no introduced event");
  }
  affected->ranges.push_back(std::move(range));
  return Ok();
}

Status ReadRanges(const dom::object& object, const FieldPath& path, Affected* affected) {
  const auto ranges = OptionalArray(object, "ranges", path, kMaxVersions);
  if (!ranges) return ranges.error();
  if (!ranges->has_value()) return Ok();
  const FieldPath list = path.Child("ranges");
  std::size_t index = 0;
  for (const dom::element element : **ranges) {
    const FieldPath item = list.Item(index++);
    dom::object range;
    if (element.get_object().get(range) != simdjson::SUCCESS) {
      return WrongType(item, element, "an object");
    }
    if (Status status = ReadRange(range, item, affected); !status) return status;
  }
  return Ok();
}

Status ReadVersions(const dom::object& object, const FieldPath& path, Affected* affected) {
  const auto array = OptionalArray(object, "versions", path, kMaxVersions);
  if (!array) return array.error();
  if (!array->has_value()) return Ok();
  const FieldPath list = path.Child("versions");
  std::size_t index = 0;
  for (const dom::element element : **array) {
    const FieldPath item = list.Item(index++);
    std::string_view version;
    if (element.get_string().get(version) != simdjson::SUCCESS) {
      return WrongType(item, element, "a string");
    }
    if (version.size() > versions::kMaxVersionBytes) {
      return ResourceExhausted("field " + item.ToString() + ": has " +
                               std::to_string(version.size()) + " bytes, expected at most " +
                               std::to_string(versions::kMaxVersionBytes));
    }
    affected->versions.emplace_back(version);
  }
  return Ok();
}

Status ReadAffectedSeverity(const dom::object& object, const FieldPath& path, Affected* affected) {
  auto cvss = ReadSeverityArray(object, path);
  if (!cvss) return cvss.error();
  affected->severity = *std::move(cvss);
  for (const std::string_view name : {"database_specific", "ecosystem_specific"}) {
    dom::object specific;
    if (object.at_key(name).get_object().get(specific) != simdjson::SUCCESS) continue;
    affected->severity = Prefer(ReadVendorWord(specific, name), affected->severity);
    if (IsEndOfLife(specific)) affected->unfixed_state = FindingState::kEndOfLife;
  }
  return Ok();
}

/// Of these ecosystems OSV derives the list from the ranges and what a snapshot held that day, and
/// leaves it behind when the range moves (osv.dev#5625, #5311).
bool RangesSayMore(const StagedPackage& staged) {
  if (staged.affected.ranges.empty()) return false;
  switch (*versions::SchemeForEcosystem(staged.ecosystem)) {
    case versions::Scheme::kDpkg:
    case versions::Scheme::kApk:
    case versions::Scheme::kRpm:
    case versions::Scheme::kPacman:
    case versions::Scheme::kPortage:
      return true;
    default:
      return false;
  }
}

/// Leaves `record` as it is for packages of ecosystems that are not matched.
Status ReadAffected(const dom::object& object, const FieldPath& path, StagedRecord* record) {
  const auto package = OptionalObject(object, "package", path);
  if (!package) return package.error();
  if (!package->has_value()) return Ok();  // only GIT ranges
  const FieldPath package_path = path.Child("package");
  const auto ecosystem = RequiredText(**package, "ecosystem", package_path, kMaxEcosystemBytes);
  if (!ecosystem) return ecosystem.error();
  const auto name = RequiredText(**package, "name", package_path, kMaxPackageBytes);
  if (!name) return name.error();
  if (!versions::SchemeForEcosystem(*ecosystem)) return Ok();
  StagedPackage staged;
  staged.ecosystem = WithoutRedHatMinor(*ecosystem);
  staged.package = NormalizeName(*ecosystem, *name);
  staged.affected.advisory = record->advisory.id;
  staged.affected.of_source = NamesSourcePackages(*ecosystem);
  if (Status status = ReadRanges(object, path, &staged.affected); !status) return status;
  if (Status status = ReadVersions(object, path, &staged.affected); !status) return status;
  if (Status status = ReadAffectedSeverity(object, path, &staged.affected); !status) {
    return status;
  }
  ReadBinaries(object, staged, &record->binaries);  // which looks at the list
  if (RangesSayMore(staged)) staged.affected.versions.clear();
  if (!staged.affected.ranges.empty() || !staged.affected.versions.empty()) {
    record->packages.push_back(std::move(staged));
  }
  return Ok();
}

Status ReadAllAffected(const dom::object& root, const FieldPath& path, StagedRecord* record) {
  const auto array = OptionalArray(root, "affected", path, kMaxAffected);
  if (!array) return array.error();
  if (!array->has_value()) return Ok();
  const FieldPath list = path.Child("affected");
  std::size_t index = 0;
  for (const dom::element element : **array) {
    const FieldPath item = list.Item(index++);
    dom::object entry;
    if (element.get_object().get(entry) != simdjson::SUCCESS) {
      return WrongType(item, element, "an object");
    }
    if (Status status = ReadAffected(entry, item, record); !status) return status;
  }
  return Ok();
}

Status ReadAdvisory(const dom::object& root, const FieldPath& path, Advisory* advisory) {
  auto severity = ReadSeverityArray(root, path);
  if (!severity) return severity.error();
  advisory->severity = *std::move(severity);
  dom::object specific;
  if (root.at_key("database_specific").get_object().get(specific) == simdjson::SUCCESS) {
    advisory->severity = Prefer(ReadVendorWord(specific, "database_specific"), advisory->severity);
  }
  struct Target {
    Result<std::string> value;
    std::string* field;
  };
  for (Target& target :
       std::array<Target, 3>{{{ReadTitle(root, path), &advisory->title},
                              {ReadUrl(root, path), &advisory->url},
                              {ReadTime(root, "published", path), &advisory->published}}}) {
    if (!target.value) return target.value.error();
    *target.field = *std::move(target.value);
  }
  advisory->feed = "osv";
  return Ok();
}

Result<StagedRecord> ReadRecord(const dom::object& root) {
  const FieldPath path;
  StagedRecord record;
  const auto id = RequiredText(root, "id", path, kMaxIdBytes);
  if (!id) return id.error();
  if (!IsId(*id)) {
    return InvalidArgument("field id: " + text::JsonQuote(*id) + " is no id of printable bytes");
  }
  record.advisory.id = *id;
  auto modified = ReadTime(root, "modified", path);
  if (!modified) return modified.error();
  record.advisory.modified = *std::move(modified);
  const auto withdrawn = OptionalText(root, "withdrawn", path, kMaxTimeBytes);
  if (!withdrawn) return withdrawn.error();
  if (withdrawn->has_value() && !(*withdrawn)->empty()) {
    record.withdrawn = true;
    return record;
  }
  auto aliases = IdList(root, "aliases", path);
  if (!aliases) return aliases.error();
  auto upstream = IdList(root, "upstream", path);
  if (!upstream) return upstream.error();
  auto related = IdList(root, "related", path);
  if (!related) return related.error();
  record.advisory.aliases = *std::move(aliases);
  record.advisory.upstream = *std::move(upstream);
  if (Status status = ReadAdvisory(root, path, &record.advisory); !status) return status.error();
  if (Status status = ReadAllAffected(root, path, &record); !status) return status.error();
  ApplyDistributionRules(*related, &record);
  return record;
}

}  // namespace

struct OsvReader::State {
  dom::parser parser;
  bool ready = false;
};

OsvReader::OsvReader() : state_(std::make_unique<State>()) {}
OsvReader::~OsvReader() = default;

Result<StagedRecord> OsvReader::Read(std::string_view json) {
  if (json.size() > kMaxRecordBytes) {
    return ResourceExhausted("has " + std::to_string(json.size()) + " bytes, expected at most " +
                             std::to_string(kMaxRecordBytes));
  }
  // The depth is set with the first allocation; later documents only grow the buffers.
  if (!state_->ready || state_->parser.capacity() < json.size()) {
    const std::size_t capacity = std::max<std::size_t>(json.size(), 64u << 10);
    if (state_->parser.allocate(capacity, kMaxRecordDepth) != simdjson::SUCCESS) {
      return Internal("no memory for a record of " + std::to_string(json.size()) + " bytes");
    }
    state_->ready = true;
  }
  const auto root = ParseRoot(state_->parser, json);
  if (!root) return root.error();
  return ReadRecord(*root);
}

}  // namespace landwaiter::advisories
