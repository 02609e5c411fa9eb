#include "controller/runtime/report_keeper.h"

#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "controller/names.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "policy/evaluate.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

constexpr char kReportFieldManager[] = "landwaiter-reports";
/// A kind that is not there, or a report that could not be written.
constexpr std::chrono::minutes kTryAgain{1};
constexpr std::chrono::minutes kResync{60};

}  // namespace

Result<std::vector<const ReportKind*>> ReportKindsFromOption(const std::string& option) {
  std::vector<const ReportKind*> kinds;
  for (const ReportKind& kind : kReportKinds) {
    if (option == kind.option || option == "both") kinds.push_back(&kind);
  }
  if (kinds.empty() && option != "none") {
    return InvalidArgument("--policy-reports: '" + option +
                           "' is none of none, wgpolicy, openreports, both");
  }
  return kinds;
}

std::vector<const ReportKind*> ReportKindsOf(const std::string& option) {
  auto kinds = ReportKindsFromOption(option);
  return kinds ? std::move(*kinds) : std::vector<const ReportKind*>();
}

ReportKeeper::ReportKeeper(Parts parts) : parts_(std::move(parts)) {
  for (const ReportKind* kind : parts_.kinds) shelves_.emplace_back().kind = kind;
  if (parts_.metrics == nullptr) return;
  written_ = &parts_.metrics->AddCounter("landwaiter_policy_report_writes_total",
                                         "Reports that were written or deleted.");
  left_out_ = &parts_.metrics->AddGauge("landwaiter_policy_report_results_left_out",
                                        "Results that found no room in their namespace's reports.");
  for (const ReportKind& kind : kReportKinds) {
    auto& available = parts_.metrics->AddGauge("landwaiter_policy_report_kind_available",
                                               "1 where the cluster has this kind of report.",
                                               {{"kind", std::string(kind.option)}});
    for (Shelf& shelf : shelves_) {
      if (shelf.kind == &kind) shelf.available = &available;
    }
  }
}

ReportKeeper::Reports ReportKeeper::Gather(std::uint64_t& left_out) const {
  const TimePoint now = parts_.clock.Now();
  const Policies policies = parts_.policies();
  // By namespace, then by workload, reference and scan.
  using Key = std::tuple<std::string, std::string, std::string, std::string>;
  std::map<std::string, std::map<Key, ReportSubject>> subjects;
  for (const auto& [name, record] : parts_.scans.List()) {
    std::set<std::pair<std::string, std::string>> seen;  // a pod names an image once, or twice
    for (const auto& use : parts_.runs.usage.UsesOf(record->scan.name)) {
      const auto key = kube::ObjectKey::Parse(use.pod);
      const auto pod = parts_.runs.pods.Get(key);
      if (!pod || !pod->Runs() || pod->Waits()) continue;
      if (!seen.emplace(use.pod, use.reference).second) continue;
      auto owner = OwnerOf(key, *pod);
      auto& subject = subjects[key.ns][{owner.kind, owner.name, use.reference, record->scan.name}];
      if (subject.pods++ == 0) {
        subject.owner = std::move(owner);
        subject.reference = use.reference;
        subject.scan = record;
      }
    }
  }
  Reports reports;
  left_out = 0;
  for (const auto& [ns, of_namespace] : subjects) {
    Policies in_force;
    const auto labels = LabelsOf(parts_.runs.namespaces, ns);
    for (const auto& policy : policies) {
      if (policy::MatchesNamespace(policy->policy, labels)) in_force.push_back(policy);
    }
    std::vector<ReportResult> results;
    for (const auto& [key, subject] : of_namespace) AddResults(in_force, subject, now, results);
    SplitReport split = SplitResults(std::move(results));
    left_out += split.left_out;
    if (!split.parts.empty()) reports[ns] = std::move(split.parts);
  }
  return reports;
}

bool ReportKeeper::List(Shelf& shelf, const Cancellation& cancel) {
  if (shelf.listed) return true;
  shelf.kept.clear();
  const auto listed = parts_.api.List(
      shelf.kind->resource,
      {.label_selector = std::string(kManagedByLabel) + "=" + kManagedBy, .page_size = 50},
      [&](json&& item) -> Status {
        // A fake, or a server of another mind, may hand out what was not asked for.
        const json labels = item.value("/metadata/labels"_json_pointer, json::object());
        if (labels.value(kManagedByLabel, "") == kManagedBy) {
          shelf.kept[kube::KeyOf(item).ToString()].clear();
        }
        return Ok();
      },
      cancel);
  shelf.listed = static_cast<bool>(listed);
  if (shelf.available != nullptr) shelf.available->Set(shelf.listed ? 1 : 0);
  if (shelf.listed) {
    if (shelf.missing_told) {
      log::Info("policy reports are there", {{"kind", shelf.kind->resource.plural}});
    }
    shelf.missing_told = false;
    return true;
  }
  if (!shelf.missing_told) {
    const bool missing = listed.error().code == Code::kNotFound;
    log::Warn(missing ? "the cluster has no such kind of policy report, its CRD is waited for"
                      : "policy reports cannot be listed",
              {{"group", shelf.kind->resource.group},
               {"kind", shelf.kind->resource.plural},
               {"error", listed.error()}});
  }
  shelf.missing_told = true;
  return false;
}

Status ReportKeeper::Apply(Shelf& shelf, const std::string& ns, std::size_t part,
                           const std::vector<ReportResult>& results, const Cancellation& cancel) {
  const kube::ObjectKey key{ns, ReportName(part)};
  auto& kept = shelf.kept[key.ToString()];
  json object = ReportObject(*shelf.kind, ns, part, results, shelf.words);
  const auto digest = [&object] { return Sha256::Of(DumpJson(object)).ToString(); };
  if (kept == digest()) return Ok();
  kept.clear();
  const auto apply = [&] {
    return parts_.api.Patch(
        shelf.kind->resource, key,
        {.type = kube::PatchType::kApply, .field_manager = kReportFieldManager, .force = true},
        object, cancel);
  };
  auto applied = apply();
  if (!applied && applied.error().code == Code::kInvalidArgument &&
      shelf.words == SeverityWords::kAll) {
    // The first schemas of v1alpha2 have no severity "critical".
    object = ReportObject(*shelf.kind, ns, part, results, SeverityWords::kThree);
    applied = apply();
    if (applied) shelf.words = SeverityWords::kThree;
  }
  if (!applied) return std::move(applied).error();
  kept = digest();
  if (written_ != nullptr) written_->Add();
  return Ok();
}

Status ReportKeeper::Write(Shelf& shelf, const Reports& reports, const Cancellation& cancel) {
  Status first = Ok();
  const auto failed = [&](Error error) {
    if (error.code == Code::kNotFound) shelf.listed = false;  // the kind itself may be gone
    if (first) first = std::move(error);
  };
  std::set<std::string> wanted;
  for (const auto& [ns, parts] : reports) {
    for (std::size_t part = 0; part < parts.size(); ++part) {
      wanted.insert(kube::ObjectKey{ns, ReportName(part)}.ToString());
      if (cancel.Stopped()) return Error{Code::kCancelled, "stopped"};
      Status applied = Apply(shelf, ns, part, parts[part], cancel);
      if (!applied && applied.error().reason == kube::kReasonNotLeader) return applied;
      if (!applied) failed(std::move(applied).error());
    }
  }
  for (auto kept = shelf.kept.begin(); kept != shelf.kept.end();) {
    if (wanted.contains(kept->first)) {
      ++kept;
      continue;
    }
    Status gone =
        parts_.api.Delete(shelf.kind->resource, kube::ObjectKey::Parse(kept->first), {}, cancel);
    if (!gone && gone.error().code != Code::kNotFound) {
      if (gone.error().reason == kube::kReasonNotLeader) return gone;
      failed(gone.error());
      ++kept;
      continue;
    }
    if (gone && written_ != nullptr) written_->Add();
    kept = shelf.kept.erase(kept);
  }
  return first;
}

Outcome ReportKeeper::Reconcile(const Cancellation& cancel) {
  if (forget_.exchange(false)) {
    for (Shelf& shelf : shelves_) {
      shelf.listed = false;
      shelf.kept.clear();
    }
  }
  // Until all pods are counted a report would be pruned that is wanted.
  if (!parts_.runs.usage.Complete()) return {Ok(), std::chrono::milliseconds(kReportPace)};
  std::uint64_t left_out = 0;
  const Reports reports = Gather(left_out);
  if (left_out_ != nullptr) left_out_->Set(static_cast<double>(left_out));
  bool again = false;
  for (Shelf& shelf : shelves_) {
    if (!List(shelf, cancel)) {
      again = true;
      continue;
    }
    const Status written = Write(shelf, reports, cancel);
    if (written) continue;
    if (written.error().reason == kube::kReasonNotLeader) return {written};
    if (cancel.Stopped()) return {written};
    log::Warn("policy reports not written",
              {{"kind", shelf.kind->resource.plural}, {"error", written.error()}});
    again = true;
  }
  return {Ok(), std::chrono::milliseconds(again ? std::chrono::milliseconds(kTryAgain)
                                                : std::chrono::milliseconds(kResync))};
}

}  // namespace landwaiter::controller
