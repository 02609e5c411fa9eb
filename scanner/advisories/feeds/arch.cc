// Arch Linux's vulnerability groups (https://security.archlinux.org/all.json): packages, the
// version that was affected when the group was opened, the one that mended it, and a status, which
// knows what is not fixed and what was not affected. Groups whose status is "Unknown" say nothing.
#include "lib/base/text.h"
#include "scanner/advisories/feeds/document.h"
#include "scanner/advisories/feeds/make_row.h"
#include "scanner/advisories/feeds/readers.h"
#include "scanner/advisories/feeds/split_reader.h"
#include "scanner/advisories/ids.h"
#include "scanner/advisories/limits.h"
#include "scanner/versions/scheme.h"

namespace landwaiter::advisories {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kEcosystem = "Arch Linux";
constexpr std::size_t kMaxGroupBytes = 1u << 20;
constexpr std::size_t kMaxWordBytes = 64;

/// nullopt for a group that says nothing of the package.
Result<std::optional<StagedPackage>> RowOf(const std::string& package, std::string_view status,
                                           std::string_view fixed) {
  if (Status named = CheckPackageName(package); !named) return std::move(named).error();
  if (status == "Not affected") {
    return std::optional(MakeRow(kEcosystem, package, Everything(), Claim::kNotAffected));
  }
  if (status == "Unknown") return std::optional<StagedPackage>();
  if (fixed.empty()) return std::optional(MakeRow(kEcosystem, package, Everything()));
  auto row = MakeFixRow(kEcosystem, package, fixed);
  if (!row) return std::move(row).error();
  return std::optional(*std::move(row));
}

class ArchFeed final : public SplitReader {
 public:
  ArchFeed() : SplitReader({JsonSplit::Root::kArray, {}, kMaxGroupBytes}) {}

 private:
  void Begin(std::string_view /*name*/) override { count_ = 0; }

  Status Value(std::string_view /*key*/, std::string_view json, FeedSink& sink) override {
    auto record = ReadGroup(json);
    ++count_;
    if (record) return sink.Put(*std::move(record));
    return sink.Broken(std::move(record).error().Context("group " + std::to_string(count_)));
  }

  Result<StagedRecord> ReadGroup(std::string_view json) {
    const auto group = parser_.ParseObject(json);
    if (!group) return group.error();
    const FieldPath path;
    const auto id = RequiredText(*group, "name", path, kMaxIdBytes);
    if (!id) return id.error();
    if (!IsId(*id)) return InvalidArgument("field name: is no id");
    StagedRecord record;
    record.advisory.id = *id;
    record.advisory.feed = "arch";
    record.advisory.url = "https://security.archlinux.org/" + std::string(*id);
    record.advisory.title = TitleOf(LooseText(*group, "type").value_or(std::string_view()));
    auto issues = IdList(*group, "issues", path);
    if (!issues) return std::move(issues).error();
    record.advisory.upstream = *std::move(issues);
    const auto word = OptionalText(*group, "severity", path, kMaxWordBytes);
    if (!word) return word.error();
    const auto severity = ParseSeverity(word->value_or(std::string_view()));
    if (severity && *severity != Severity::kUnknown) {
      record.advisory.severity = {*severity, "Arch Linux severity", {}, {}};
    }
    if (Status status = ReadPackages(*group, path, &record); !status) return status.error();
    return record;
  }

  static Status ReadPackages(const dom::object& group, const FieldPath& path,
                             StagedRecord* record) {
    const auto status = RequiredText(group, "status", path, kMaxWordBytes);
    if (!status) return status.error();
    const auto fixed = OptionalText(group, "fixed", path, versions::kMaxVersionBytes);
    if (!fixed) return fixed.error();
    const auto packages = IdList(group, "packages", path);
    if (!packages) return packages.error();
    for (const std::string& package : *packages) {
      auto row = RowOf(package, *status, fixed->value_or(std::string_view()));
      if (!row) return std::move(row).error();
      if (row->has_value()) record->packages.push_back(**std::move(row));
    }
    return Ok();
  }

  DocumentParser parser_;
  std::uint64_t count_ = 0;
};

}  // namespace

std::unique_ptr<FeedReader> MakeArchFeed() { return std::make_unique<ArchFeed>(); }

}  // namespace landwaiter::advisories
