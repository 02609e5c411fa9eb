// Red Hat's CSAF VEX files (https://security.access.redhat.com/data/csaf/v2/vex/): one document a
// CVE, with the state of every product: fixed, known_affected (remediations tell whether a fix will
// come), known_not_affected, under_investigation. The key is the binary package within its module
// and within a product (a CPE); what is not fixed is named by its source package in older files.
//
// One CPE may hold the fixes of several minor releases ("el9_2", "el9_3"), and from RHEL 10 on each
// has a CPE of its own, which become one ecosystem (red_hat.h). Their fixes are kept apart by
// Range::stream: a version of el9_3 is not mended by the fix of el9_2. That one minor release is
// not affected is said of all of them only where nothing else is said of any.
#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "scanner/advisories/cvss.h"
#include "scanner/advisories/evaluate.h"
#include "scanner/advisories/feeds/csaf_products.h"
#include "scanner/advisories/feeds/document.h"
#include "scanner/advisories/feeds/make_row.h"
#include "scanner/advisories/feeds/readers.h"
#include "scanner/advisories/ids.h"
#include "scanner/advisories/limits.h"

namespace landwaiter::advisories {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxProductIds = 2'000'000;
constexpr std::size_t kMaxEntries = 100'000;
constexpr std::size_t kMaxProductIdBytes = 1024;
constexpr std::size_t kMaxTextBytes = 1u << 20;

using ByProduct = std::unordered_map<std::string, std::string>;

/// Calls `take` with each product id of a list.
template <class Take>
Status ForEachProduct(const dom::object& object, std::string_view name, const FieldPath& path,
                      Take take) {
  const auto ids = OptionalArray(object, name, path, kMaxProductIds);
  if (!ids) return ids.error();
  if (!ids->has_value()) return Ok();
  const FieldPath list = path.Child(name);
  std::size_t index = 0;
  for (const dom::element element : **ids) {
    const FieldPath item = list.Item(index++);
    std::string_view id;
    if (element.get_string().get(id) != simdjson::SUCCESS || id.size() > kMaxProductIdBytes) {
      return WrongType(item, element, "a product id");
    }
    if (Status status = take(id); !status)
      return std::move(status).error().Context("field " + item.ToString());
  }
  return Ok();
}

/// `details` of remediations or threats of some categories, by product.
Status ReadDetails(const dom::object& vulnerability, std::string_view list_name,
                   const std::set<std::string_view>& categories, const FieldPath& path,
                   ByProduct* out) {
  const auto entries = OptionalArray(vulnerability, list_name, path, kMaxEntries);
  if (!entries) return entries.error();
  if (!entries->has_value()) return Ok();
  const FieldPath list = path.Child(list_name);
  std::size_t index = 0;
  for (const dom::element element : **entries) {
    const FieldPath item = list.Item(index++);
    dom::object entry;
    if (element.get_object().get(entry) != simdjson::SUCCESS) {
      return WrongType(item, element, "an object");
    }
    if (!categories.contains(LooseText(entry, "category").value_or(std::string_view()))) continue;
    const std::string details(LooseText(entry, "details").value_or(std::string_view()));
    Status status = ForEachProduct(entry, "product_ids", item, [&](std::string_view id) {
      out->insert_or_assign(std::string(id), details);
      return Ok();
    });
    if (!status) return status;
  }
  return Ok();
}

FindingState StateOf(std::string_view details) {
  if (details == "Will not fix") return FindingState::kWillNotFix;
  if (details == "Out of support scope") return FindingState::kEndOfLife;
  return FindingState::kAffected;  // "Affected", "Fix deferred"
}

/// A package of one product, and what mends it there.
struct Fixes {
  std::map<std::string, std::set<std::string>> architectures_of;  // by version
  StatedSeverity severity;
};
struct PackageName {
  std::string ecosystem, package, module;
  friend auto operator<=>(const PackageName&, const PackageName&) = default;
};

/// The fix of each minor release, the highest of them for all that name none.
Result<std::vector<Range>> RangesOf(const Fixes& fixes) {
  std::map<std::string, std::string, std::less<>> by_stream;
  std::string highest;
  const auto raise = [](std::string_view fix, std::string* to) -> Status {
    if (to->empty()) {
      *to = fix;
      return Ok();
    }
    const auto order = versions::Compare(versions::Scheme::kRpm, fix, *to);
    if (!order) return order.error();
    if (*order > 0) *to = fix;
    return Ok();
  };
  for (const auto& [fix, architectures] : fixes.architectures_of) {
    if (Status status = raise(fix, &highest); !status) return status.error();
    const std::string_view stream = MinorStreamOf(fix);
    if (stream.empty()) continue;
    if (Status status = raise(fix, &by_stream[std::string(stream)]); !status) {
      return status.error();
    }
  }
  std::vector<Range> ranges{Below(highest)};
  for (const auto& [stream, fix] : by_stream) {
    if (fix == highest) continue;
    ranges.push_back(Below(fix));
    ranges.back().stream = stream;
  }
  return ranges;
}

std::vector<std::string> ArchitecturesOf(const Fixes& fixes) {
  std::set<std::string> all;
  for (const auto& [fix, architectures] : fixes.architectures_of) {
    all.insert(architectures.begin(), architectures.end());
  }
  const bool everywhere = all.contains("") || all.contains("noarch") ||
                          (all.contains("x86_64") && all.contains("aarch64"));
  if (everywhere) return {};
  return {all.begin(), all.end()};
}

/// One document on its way to a record.
class VexDocument {
 public:
  Result<StagedRecord> Read(const dom::object& root) {
    const FieldPath path;
    const auto document = OptionalObject(root, "document", path);
    if (!document) return document.error();
    if (!document->has_value()) return Missing(path.Child("document"));
    if (Status status = ReadHead(**document, path.Child("document")); !status) {
      return status.error();
    }
    if (record_.withdrawn) return std::move(record_);
    if (Status status = products_.Read(root); !status) return status.error();
    const auto list = OptionalArray(root, "vulnerabilities", path, 1);
    if (!list) return list.error();
    const FieldPath vulnerabilities = path.Child("vulnerabilities");
    if (!list->has_value() || (*list)->size() == 0) return Missing(vulnerabilities);
    const FieldPath item = vulnerabilities.Item(0);
    dom::object vulnerability;
    if ((*list)->at(0).get_object().get(vulnerability) != simdjson::SUCCESS) {
      return InvalidArgument("field " + item.ToString() + ": is no object");
    }
    if (Status status = ReadVulnerability(vulnerability, item); !status) return status.error();
    return std::move(record_);
  }

 private:
  Status ReadHead(const dom::object& document, const FieldPath& path) {
    const auto tracking = OptionalObject(document, "tracking", path);
    if (!tracking) return tracking.error();
    const FieldPath tracking_path = path.Child("tracking");
    if (!tracking->has_value()) return Missing(tracking_path);
    const auto id = RequiredText(**tracking, "id", tracking_path, kMaxIdBytes);
    if (!id) return id.error();
    if (!IsCve(*id)) {
      return InvalidArgument("field " + tracking_path.Child("id").ToString() + ": " +
                             text::JsonQuote(*id) + " is no CVE");
    }
    record_ = RecordOfCve("REDHAT-", *id, "redhat");
    record_.part = "vex";
    record_.withdrawn = LooseText(**tracking, "status") == std::string_view("deleted");
    Advisory& advisory = record_.advisory;
    advisory.url = "https://access.redhat.com/security/cve/" + std::string(*id);
    advisory.title = TitleOf(LooseText(document, "title").value_or(std::string_view()));
    advisory.modified = TimeIn(**tracking, "current_release_date");
    advisory.published = TimeIn(**tracking, "initial_release_date");
    const auto aggregate = OptionalObject(document, "aggregate_severity", path);
    if (!aggregate) return aggregate.error();
    if (aggregate->has_value()) {
      advisory.severity = SeverityIn(LooseText(**aggregate, "text").value_or(std::string_view()));
    }
    return Ok();
  }

  static std::string TimeIn(const dom::object& object, std::string_view name) {
    const auto time = LooseText(object, name);
    return time && ParseTime(*time) ? std::string(*time) : std::string();
  }
  static StatedSeverity SeverityIn(std::string_view word) {
    const auto severity = ParseSeverity(word);
    if (!severity || *severity == Severity::kUnknown) return {};
    return {*severity, "Red Hat severity", {}, {}};
  }

  Status ReadVulnerability(const dom::object& vulnerability, const FieldPath& path) {
    if (Status status = ReadDetails(vulnerability, "remediations",
                                    {"no_fix_planned", "none_available"}, path, &remediations_);
        !status) {
      return status;
    }
    if (Status status = ReadDetails(vulnerability, "threats", {"impact"}, path, &impacts_);
        !status) {
      return status;
    }
    ReadScore(vulnerability);
    const auto states = OptionalObject(vulnerability, "product_status", path);
    if (!states) return states.error();
    if (!states->has_value()) return Ok();
    const FieldPath states_path = path.Child("product_status");
    Status status = ForEachProduct(**states, "fixed", states_path,
                                   [&](std::string_view id) { return TakeFixed(id); });
    for (const std::string_view name :
         {"known_affected", "known_not_affected", "under_investigation"}) {
      if (!status) return status;
      status = ForEachProduct(**states, name, states_path,
                              [&](std::string_view id) { return TakeOther(name, id); });
    }
    if (status) status = PutFixes();
    if (status) PutUnaffectedMinors();
    return status;
  }

  /// Red Hat's own assessment: the same for all products but a few.
  void ReadScore(const dom::object& vulnerability) {
    dom::array scores;
    if (vulnerability.at_key("scores").get_array().get(scores) != simdjson::SUCCESS) return;
    for (const dom::element score : scores) {
      for (const char* name : {"cvss_v3", "cvss_v2"}) {
        std::string_view vector;
        if (score.at_key(name).at_key("vectorString").get_string().get(vector) !=
            simdjson::SUCCESS) {
          continue;
        }
        const auto computed = ScoreCvss(vector);
        if (!computed) continue;
        StatedSeverity& stated = record_.advisory.severity;
        if (stated.source.empty()) {
          stated.severity = SeverityOfScore(computed->score);
          stated.source = "CVSS_V" + std::to_string(computed->version);
        }
        stated.score = computed->score;
        stated.vector = vector;
        return;
      }
    }
  }

  /// Only where it differs from what holds for the whole record.
  StatedSeverity SeverityFor(std::string_view id) const {
    const auto impact = impacts_.find(std::string(id));
    if (impact == impacts_.end()) return {};
    StatedSeverity stated = SeverityIn(impact->second);
    return stated.severity == record_.advisory.severity.severity ? StatedSeverity{} : stated;
  }

  Status TakeFixed(std::string_view id) {
    const RedHatComponent* const component = products_.Find(id);
    if (component == nullptr || component->evr.empty()) return Ok();
    if (component->architecture == "src") {
      fixed_sources_.insert({component->ecosystem, component->package,
                             ModuleOfFix(component->module, component->evr)});
      return Ok();
    }
    if (Status status = CheckPackageName(component->package); !status) return status;
    if (Status status = CheckVersion(component->ecosystem, component->evr); !status) return status;
    Fixes& fixes = fixes_[{component->ecosystem, component->package,
                           ModuleOfFix(component->module, component->evr)}];
    fixes.architectures_of[component->evr].insert(component->architecture);
    fixes.severity = SeverityFor(id);
    return Ok();
  }

  Status TakeOther(std::string_view status_name, std::string_view id) {
    const RedHatComponent* const component = products_.Find(id);
    if (component == nullptr) return Ok();
    const bool by_source = component->evr.empty() && !products_.lists_binaries();
    if (component->architecture == "src" && !by_source) return Ok();
    if (Status status = CheckPackageName(component->package); !status) return status;
    const bool unaffected = status_name == "known_not_affected";
    // A version is the one that was looked at; what is said holds for it and those before it.
    Range range = Everything();
    if (!component->evr.empty() && !unaffected) {
      if (Status status = CheckVersion(component->ecosystem, component->evr); !status) {
        return status;
      }
      range.events.push_back({EventKind::kLastAffected, component->evr});
    }
    StagedPackage row = MakeRow(component->ecosystem, component->package, std::move(range),
                                unaffected ? Claim::kNotAffected : Claim::kAffected);
    row.affected.module = ModuleOfFix(component->module, component->evr);
    row.affected.of_source = by_source;
    if (!unaffected) {
      const auto remediation = remediations_.find(std::string(id));
      if (remediation != remediations_.end()) {
        row.affected.unfixed_state = StateOf(remediation->second);
      }
      if (status_name == "under_investigation") {
        row.affected.unfixed_state = FindingState::kUnderInvestigation;
      }
      row.affected.severity = SeverityFor(id);
    }
    (unaffected && component->of_minor ? unaffected_minors_ : record_.packages)
        .push_back(std::move(row));
    return Ok();
  }

  /// After all others.
  void PutUnaffectedMinors() {
    // Fixes are rows of binary packages, what is not affected may be one of their source.
    std::set<PackageName> affected = fixed_sources_;
    for (const StagedPackage& row : record_.packages) {
      if (row.affected.claim != Claim::kAffected) continue;
      affected.insert({row.ecosystem, row.package, row.affected.module});
    }
    for (StagedPackage& row : unaffected_minors_) {
      if (affected.contains({row.ecosystem, row.package, row.affected.module})) continue;
      record_.packages.push_back(std::move(row));
    }
  }

  Status PutFixes() {
    for (const auto& [name, fixes] : fixes_) {
      auto ranges = RangesOf(fixes);
      if (!ranges) return std::move(ranges).error();
      StagedPackage row = MakeRow(name.ecosystem, name.package, {});
      row.affected.ranges = *std::move(ranges);
      row.affected.module = name.module;
      row.affected.architectures = ArchitecturesOf(fixes);
      row.affected.severity = fixes.severity;
      record_.packages.push_back(std::move(row));
    }
    return Ok();
  }

  StagedRecord record_;
  CsafProducts products_;
  ByProduct remediations_;
  ByProduct impacts_;
  std::map<PackageName, Fixes> fixes_;
  std::set<PackageName> fixed_sources_;
  /// What is said of minor releases alone.
  std::vector<StagedPackage> unaffected_minors_;
};

class RedHatVexFeed final : public DocumentReader {
  Status Read(std::string_view /*name*/, std::string_view bytes, FeedSink& sink) override {
    const auto root = parser_.ParseObject(bytes);
    if (!root) return sink.Broken(root.error());
    auto record = VexDocument().Read(*root);
    return record ? sink.Put(*std::move(record)) : sink.Broken(std::move(record).error());
  }
  DocumentParser parser_;
};

}  // namespace

std::unique_ptr<FeedReader> MakeRedHatVexFeed() { return std::make_unique<RedHatVexFeed>(); }

}  // namespace landwaiter::advisories
