// Debian's security tracker (https://security-tracker.debian.org/tracker/data/json): source package
// → vulnerability → release. It knows what is open, too:
//  - resolved with a version: mended there; with "0": never affected,
//  - open: affected; `nodsa` with the reason "ignored": it will not be fixed,
//  - undetermined: nobody has looked yet; no statement, so no row.
// Releases without a number (sid, experimental) have no rows: no image says that it is one, and sid
// takes itself for testing. What is open in testing and mended in sid ends at sid's fix, which is
// no fix for who is on testing: a version from there on has come from sid.
#include "lib/base/text.h"
#include "scanner/advisories/code_names.h"
#include "scanner/advisories/feeds/document.h"
#include "scanner/advisories/feeds/make_row.h"
#include "scanner/advisories/feeds/osv_severity.h"
#include "scanner/advisories/feeds/readers.h"
#include "scanner/advisories/feeds/split_reader.h"
#include "scanner/advisories/ids.h"
#include "scanner/advisories/limits.h"
#include "scanner/versions/scheme.h"

namespace landwaiter::advisories {
namespace {

namespace dom = simdjson::dom;

/// All that is said of the kernel has some 15 MB.
constexpr std::size_t kMaxPackageJsonBytes = 256u << 20;
constexpr std::size_t kMaxWordBytes = 64;
constexpr std::size_t kMaxDescriptionBytes = 1u << 20;
constexpr std::string_view kPage = "https://security-tracker.debian.org/tracker/";

StatedSeverity SeverityOfUrgency(std::string_view urgency) {
  const Severity severity = SeverityOfWord(urgency);
  if (severity == Severity::kUnknown) return {};
  return {severity, "Debian urgency", {}, {}};
}

/// The version of sid that mends the vulnerability; "" where none does, or none that can be read.
std::string_view FixOfSid(const dom::object& releases) {
  dom::object sid;
  if (releases.at_key("sid").get_object().get(sid) != simdjson::SUCCESS) return {};
  if (LooseText(sid, "status") != std::string_view("resolved")) return {};
  const auto fix = LooseText(sid, "fixed_version").value_or(std::string_view());
  return fix != "0" && versions::Validate(versions::Scheme::kDpkg, fix) ? fix : std::string_view();
}

/// Whether all that the release itself holds of a package is older than `fix`. A stable release
/// whose own version is newer and that is still open has lost the fix again.
bool HoldsOlderOnly(const dom::object& release, std::string_view fix) {
  dom::object repositories;
  if (release.at_key("repositories").get_object().get(repositories) != simdjson::SUCCESS) {
    return false;
  }
  bool any = false;
  for (const auto& [name, element] : repositories) {
    std::string_view version;
    if (element.get_string().get(version) != simdjson::SUCCESS) return false;
    const auto order = versions::Compare(versions::Scheme::kDpkg, version, fix);
    if (!order || *order >= 0) return false;
    any = true;
  }
  return any;
}

/// nullopt for a state that says nothing.
Result<std::optional<StagedPackage>> ReadState(std::string_view package, std::string_view ecosystem,
                                               const dom::object& release,
                                               std::string_view fix_of_sid, const FieldPath& path) {
  const auto status = RequiredText(release, "status", path, kMaxWordBytes);
  if (!status) return status.error();
  if (*status == "undetermined") return std::optional<StagedPackage>();
  if (*status == "open") {
    Range range = Everything();
    if (!fix_of_sid.empty() && HoldsOlderOnly(release, fix_of_sid)) {
      range.events.push_back({EventKind::kLimit, std::string(fix_of_sid)});
    }
    return std::optional(MakeRow(ecosystem, package, std::move(range)));
  }
  if (*status != "resolved") {
    return InvalidArgument("field " + path.Child("status").ToString() + ": is " +
                           text::JsonQuote(*status) + ", expected resolved, open or undetermined");
  }
  const auto fix = RequiredText(release, "fixed_version", path, versions::kMaxVersionBytes);
  if (!fix) return fix.error();
  auto row = MakeFixRow(ecosystem, package, *fix);
  if (!row)
    return std::move(row).error().Context("field " + path.Child("fixed_version").ToString());
  return std::optional(*std::move(row));
}

Result<std::optional<StagedPackage>> ReadRelease(std::string_view package,
                                                 std::string_view ecosystem,
                                                 const dom::object& release,
                                                 std::string_view fix_of_sid,
                                                 const FieldPath& path) {
  auto row = ReadState(package, ecosystem, release, fix_of_sid, path);
  if (!row || !row->has_value()) return row;
  Affected& affected = (*row)->affected;
  const auto urgency = OptionalText(release, "urgency", path, kMaxWordBytes);
  if (!urgency) return urgency.error();
  const std::string_view word = urgency->value_or(std::string_view());
  if (affected.claim == Claim::kAffected) affected.severity = SeverityOfUrgency(word);
  if (word == "end-of-life") {
    affected.unfixed_state = FindingState::kEndOfLife;
  } else if (LooseText(release, "nodsa_reason") == std::string_view("ignored")) {
    affected.unfixed_state = FindingState::kWillNotFix;
  }
  return row;
}

class DebianTrackerFeed final : public SplitReader {
 public:
  DebianTrackerFeed() : SplitReader({JsonSplit::Root::kObject, {}, kMaxPackageJsonBytes}) {}

 private:
  Status Value(std::string_view package, std::string_view json, FeedSink& sink) override {
    const FieldPath root;
    const FieldPath path = root.Child(package);
    if (Status status = CheckPackageName(package); !status) return status;
    const auto vulnerabilities = parser_.ParseObject(json);
    if (!vulnerabilities) {
      return Error(vulnerabilities.error()).Context("field " + path.ToString());
    }
    for (const auto& [id, element] : *vulnerabilities) {
      auto record = ReadVulnerability(package, id, element, path.Child(id));
      Status status = record ? sink.Put(*std::move(record)) : sink.Broken(record.error());
      if (!status) return status;
    }
    return Ok();
  }

  static Result<StagedRecord> ReadVulnerability(std::string_view package, std::string_view id,
                                                const dom::element& element,
                                                const FieldPath& path) {
    if (!IsId("DEBIAN-" + std::string(id))) {
      return InvalidArgument("field " + path.ToString() + ": has no id");
    }
    dom::object entry;
    if (element.get_object().get(entry) != simdjson::SUCCESS) {
      return WrongType(path, element, "an object");
    }
    StagedRecord record = RecordOfCve("DEBIAN-", id, "debian");
    record.part = package;
    record.advisory.url = std::string(kPage) + std::string(id);
    const auto description = OptionalText(entry, "description", path, kMaxDescriptionBytes);
    if (!description) return description.error();
    record.advisory.title = TitleOf(description->value_or(std::string_view()));
    const auto releases = OptionalObject(entry, "releases", path);
    if (!releases) return releases.error();
    const FieldPath list = path.Child("releases");
    if (!releases->has_value()) return Missing(list);
    const std::string_view fix_of_sid = FixOfSid(**releases);
    for (const auto& [codename, state] : **releases) {
      const FieldPath field = list.Child(codename);
      dom::object release;
      if (state.get_object().get(release) != simdjson::SUCCESS) {
        return WrongType(field, state, "an object");
      }
      const std::string_view number = DebianRelease(codename);
      if (number.empty()) continue;
      auto row = ReadRelease(package, "Debian:" + std::string(number), release, fix_of_sid, field);
      if (!row) return std::move(row).error();
      if (row->has_value()) record.packages.push_back(**std::move(row));
    }
    return record;
  }

  DocumentParser parser_;
};

}  // namespace

std::unique_ptr<FeedReader> MakeDebianFeed() { return std::make_unique<DebianTrackerFeed>(); }

}  // namespace landwaiter::advisories
