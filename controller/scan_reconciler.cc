#include "controller/scan_reconciler.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "controller/first_seen.h"
#include "controller/names.h"
#include "lib/base/log.h"
#include "model/scan_request.h"
#include "policy/evaluate.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;
using resources::ImageScanStatus;

// Exceptions run out, databases age, a later look may be due: each object is judged again at this
// pace (20,000 images: 33 a second).
constexpr std::chrono::minutes kResync{10};
constexpr std::chrono::minutes kRequestRetry{1};

// ClamAV's signatures are renewed each day: an older look is asked for again, as a second look, and
// counts until that is there. Where clamd's database is the same, the scanner has the answer.
constexpr std::chrono::hours kMalwareLookAge{24};

ScanSummary Summary(const StoredImage& image, TimePoint now) {
  ScanSummary out{image.scanned_at,
                  image.inventory.media_type,
                  {},
                  image.inventory.readers,
                  image.inventory.collected};
  for (const auto& platform : image.inventory.platforms) out.platforms.push_back(platform.platform);
  if (now - image.scanned_at >= kMalwareLookAge) out.collected.malware = false;
  return out;
}

/// From the moment on at which an exception ends the webhook has no judgement until there is a new
/// one.
std::chrono::milliseconds UntilNextExpiry(const Policies& policies, TimePoint now) {
  std::chrono::milliseconds next = kResync;
  for (const auto& record : policies) {
    for (const auto& exception : record->policy.exceptions) {
      if (exception.until <= now) continue;
      next = std::min(next,
                      std::chrono::duration_cast<std::chrono::milliseconds>(exception.until - now));
    }
  }
  return next;
}

}  // namespace

std::vector<Platform> ScanReconciler::Wanted(std::vector<Platform>* left_out) const {
  std::vector<Platform> nodes;
  parts_.nodes.ForEach([&](const std::string&, const Platform& node) { nodes.push_back(node); });
  return WantedPlatforms(nodes, left_out);
}

Collection ScanReconciler::WantedCollection() const {
  const Policies policies = parts_.policies.List();
  std::vector<const policy::ScanPolicy*> judging;
  for (const auto& record : policies) {
    if (judging.size() < resources::kMaxPolicies) judging.push_back(&record->policy);
  }
  return policy::CollectionOf(judging);
}

std::vector<std::string> ScanReconciler::RequestsFor(const std::string& canonical) const {
  return requests_.With([&](const auto& requests) {
    std::vector<std::string> out;
    for (const auto& [request, target] : requests) {
      if (target == canonical) out.push_back(request);
    }
    return out;
  });
}

void ScanReconciler::LinkRequest(const std::string& request, const std::string& canonical) {
  requests_.With([&](auto& requests) {
    if (canonical.empty()) {
      requests.erase(request);
    } else {
      requests[request] = canonical;
    }
  });
}

Outcome ScanReconciler::Reconcile(const std::string& key, const Cancellation& cancel) {
  if (key.starts_with("!")) return Gone(key.substr(1));
  const auto record = parts_.scans.Get(key);
  if (!record || record->scan.deleting) {
    parts_.board.Forget(key);
    LinkRequest(key, "");
    return {Ok()};
  }
  const ScanIdentity identity = Identify(record->scan);
  switch (identity.role) {
    case ScanRole::kCanonical:
      return Canonical(*record, *identity.image.digest, cancel);
    case ScanRole::kRequest:
      return Request(*record, identity.image, cancel);
    case ScanRole::kCollision:
    case ScanRole::kInvalid:
      return Refused(*record, identity, cancel);
  }
  return {Ok()};
}

Outcome ScanReconciler::Gone(const std::string& text) {
  const auto digest = Digest::Parse(text);
  if (!digest) return {Ok()};
  const std::string name = resources::ScanName(*digest);
  if (parts_.scans.Get(name)) return {Ok()};  // made again meanwhile
  rescans_.Forget(digest->ToString());
  return {parts_.store.Delete(*digest)};
}

bool ScanReconciler::FindingsStand(const Digest& digest, const MatchDatabase& database) {
  const StoredMatch match{database.Id(), database.BuiltAt(), parts_.clock.Now(), {}, {}, 0};
  // Once more where somebody else (ScanRefresher) has renewed them meanwhile.
  for (int look = 0; look < 2; ++look) {
    const auto basis = LoadBasis(parts_.store, digest);
    if (!basis || !*basis) return false;
    const store::FindingsBasis& stored = (*basis)->stored;
    // Another version of the program may find something else by the same database.
    if (stored.database_id == match.database_id &&
        stored.database_built_at == match.database_built_at) {
      return (*basis)->own;
    }
    if (!database.SaysTheSame(**basis)) return false;
    const auto renewed = RenewMatch(parts_.store, digest, **basis, match);
    if (renewed && *renewed) return true;
  }
  return false;
}

Result<std::optional<StoredImage>> ScanReconciler::Stored(const std::string& name,
                                                          const Digest& digest,
                                                          const MatchDatabase* database) {
  // Without a database those of the last one that there was.
  const bool stand = database == nullptr || FindingsStand(digest, *database);
  const auto findings = stand ? LoadFindings::kYes : LoadFindings::kNo;
  auto image = LoadImage(parts_.store, digest, findings);
  if (!image && image.error().code == Code::kDataLoss) {
    log::Warn("stored image unreadable, it is scanned again",
              {{"scan", name}, {"error", image.error()}});
    if (Status gone = parts_.store.Delete(digest); !gone) return std::move(gone).error();
    return std::optional<StoredImage>();
  }
  if (!image && image.error().code == Code::kUnsupported) {
    // After a step back. It stays until a scan has succeeded: the way forward again, or another
    // replica of the later version, still has it where the registry has the image no more.
    log::Warn("stored image is of a later version of this program, it is scanned again",
              {{"scan", name}, {"error", image.error()}});
    return std::optional<StoredImage>();
  }
  return image;
}

Status ScanReconciler::MatchIfNewer(const resources::ImageScan& scan, const Digest& digest,
                                    Gathered& facts) {
  StoredImage& image = *facts.image;
  const auto& database = facts.database;
  if (!database) return Ok();
  if (image.match && image.match->database_id == database->Id() &&
      image.match->database_built_at == database->BuiltAt()) {
    return Ok();
  }
  const StageTimer timer(parts_.stages, Stage::kMatch);
  auto platforms = database->Match(image.inventory);
  if (!platforms) return std::move(platforms).error();
  AddFirstSeen(parts_.store, scan.name, parts_.clock.Now(), *platforms);
  StoredMatch match{
      database->Id(), database->BuiltAt(), parts_.clock.Now(), std::move(*platforms), {}, 0};
  if (Status saved = SaveMatch(parts_.store, digest, match); !saved) {
    log::Warn("findings not kept", {{"scan", scan.name}, {"error", saved.error()}});
    facts.store_fault = std::move(saved).error();
    // It is made again at each look until it can be kept: the status must not change by that alone.
    const bool same_database = scan.status.database_id == match.database_id &&
                               scan.status.database_built_at == match.database_built_at;
    const auto matched_at = ParseTime(scan.status.matched_at);
    if (same_database && matched_at) match.matched_at = *matched_at;
  }
  image.match = std::move(match);
  return Ok();
}

ScanProgress ScanReconciler::AskForScan(const ScanRecord& record, const Gathered& facts) {
  const auto& scan = record.scan;
  // A better reading is of no use while there is nothing to match it with: the findings that stand
  // would go with the old one.
  WantedScan wanted{Wanted(), facts.database ? parts_.readers : std::string(), {}};
  if (facts.database || !facts.image || !facts.image->match) wanted.collection = WantedCollection();
  const TimePoint now = parts_.clock.Now();
  std::optional<ScanSummary> stored;
  if (facts.image) stored = Summary(*facts.image, now);
  const std::string digest = scan.status.digest.empty() ? scan.spec.image : scan.status.digest;
  bool needed = NeedsScan(scan, stored, wanted, now);
  if (needed && stored && !NeedsScan(scan, stored, {}, now)) {
    const bool looks_otherwise = (!wanted.readers.empty() && stored->readers != wanted.readers) ||
                                 !stored->collected.Covers(wanted.collection);
    needed = rescans_.Ask({digest, wanted, looks_otherwise,
                           parts_.board.Progress(scan.name).state != ScanProgress::State::kNone},
                          now);
  }
  if (!needed) {
    parts_.board.Forget(scan.name);
    return {};
  }
  return parts_.board.Want(
      {scan.name, ClassOf(scan), AccountOf(scan, facts.usage), BasisOf(scan, wanted.platforms)});
}

std::vector<RunsIn> ScanReconciler::RunningIn(const std::string& scan,
                                              const ImageScanStatus& status) const {
  std::map<std::string, TimePoint> oldest;
  for (const auto& name : parts_.usage.PodsOf(scan, std::numeric_limits<std::size_t>::max())) {
    const auto key = kube::ObjectKey::Parse(name);
    const auto pod = parts_.pods.Get(key);
    if (!pod || !pod->Runs() || pod->Waits() || !RunsImage(*pod, status)) continue;
    const auto [at, is_new] = oldest.emplace(key.ns, pod->created);
    if (!is_new) at->second = std::min(at->second, pod->created);
  }
  std::vector<RunsIn> out;
  out.reserve(oldest.size());
  for (const auto& [ns, created] : oldest) out.push_back({ns, created});
  return out;
}

Outcome ScanReconciler::Canonical(const ScanRecord& record, const Digest& digest,
                                  const Cancellation& cancel) {
  Gathered facts{.database = parts_.database()};
  auto image = Stored(record.scan.name, digest, facts.database.get());
  if (!image) return StoreAway(record, std::move(image).error(), cancel);
  facts.image = std::move(*image);
  if (facts.image) {
    if (Status matched = MatchIfNewer(record.scan, digest, facts); !matched) {
      return {std::move(matched)};
    }
  }
  facts.usage = parts_.usage.Of(record.scan.name);
  facts.progress = AskForScan(record, facts);

  const StageTimer timer(parts_.stages, Stage::kJudge);
  const Policies policies = parts_.policies.List();
  resources::ImageScan scan = record.scan;
  if (!facts.image && !scan.status.scanned_at.empty()) {
    // The store has lost it: what the status says is all there is, so it is read whole.
    auto object = parts_.api.Get(kImageScans, {"", scan.name}, cancel);
    if (!object) return {std::move(object).error()};
    auto whole = resources::ImageScanFromJson(*object);
    if (!whole) return {std::move(whole).error()};
    scan = std::move(*whole);
  }
  const bool said = facts.image && parts_.vex != nullptr;
  const std::uint64_t suppressed = said ? parts_.vex->Apply(*facts.image) : 0;
  JudgeInput input{.scan = &scan,
                   .stored = facts.image ? &*facts.image : nullptr,
                   .progress = facts.progress,
                   .policies = &policies,
                   .store_fault = facts.store_fault,
                   .suppressed = suppressed,
                   .usage = facts.usage,
                   .bases = parts_.bases};
  if (parts_.watched_as) input.watched_as = parts_.watched_as(digest);
  if (facts.usage) {
    for (const auto& ns : facts.usage->namespaces) {
      const auto labels = parts_.namespaces.Get(ns);
      input.namespace_labels[ns] = labels ? labels->labels : std::map<std::string, std::string>();
    }
  }
  Wanted(&input.platforms_left_out);
  const TimePoint now = parts_.clock.Now();
  ImageScanStatus status = Judge(input, now);
  if (facts.usage && IsCounting(status)) {
    const auto running = RunningIn(scan.name, status);
    // Still so: one that leads no more has forgotten the pods, and the record would be final.
    if (parts_.usage.Complete()) CountRunning(running, status);
  }
  if (facts.image && parts_.stages != nullptr) parts_.stages->Evaluated(status);
  if (facts.usage) {
    const bool watched = parts_.watched && parts_.watched(record.scan);
    auto in_use = InUseCondition(*facts.usage, !RequestsFor(scan.name).empty(), watched);
    in_use.observed_generation = scan.generation;
    resources::SetCondition(status.conditions, std::move(in_use), now);
  }
  if (Status written = Write(record, status, cancel); !written) {
    return {std::move(written)};
  }
  std::chrono::milliseconds again = UntilNextExpiry(policies, now);
  if (facts.progress.retry_in) again = std::min(again, *facts.progress.retry_in);
  return {Ok(), std::min(again + std::chrono::milliseconds(1), std::chrono::milliseconds(kResync))};
}

Status ScanReconciler::Write(const ScanRecord& record, const ImageScanStatus& status,
                             const Cancellation& cancel) {
  if (HashOfStatus(status) == record.status_hash) return Ok();
  // Conditional on the version that was judged: a leader that is none any more, or an object that
  // has changed since, is refused by the API server.
  json object = resources::ImageScanToJson(record.scan);
  object["status"] = resources::StatusToJson(status);
  auto written = parts_.api.UpdateStatus(kImageScans, object, cancel);
  if (!written) {
    if (written.error().code == Code::kNotFound) return Ok();  // deleted meanwhile
    return std::move(written).error();
  }
  parts_.events.Changed(record.scan, record.scan.status, status);
  for (const auto& request : RequestsFor(record.scan.name)) parts_.queue.Add(request);
  return Ok();
}

Outcome ScanReconciler::StoreAway(const ScanRecord& record, Error fault,
                                  const Cancellation& cancel) {
  const auto& conditions = record.scan.status.conditions;
  const auto* ready = resources::FindCondition(conditions, "Ready");
  // What was judged, or refused, stands.
  const bool under_way =
      ready == nullptr || ready->reason == kReasonQueued || ready->reason == kReasonScanning;
  if (!under_way) return {std::move(fault)};
  auto object = parts_.api.Get(kImageScans, {"", record.scan.name}, cancel);
  if (!object) return {std::move(object).error()};
  auto whole = resources::ImageScanFromJson(*object);
  if (!whole) return {std::move(whole).error()};
  ImageScanStatus status = std::move(whole->status);
  status.observed_generation = record.scan.generation;
  // Nothing was learnt of the image: it waits, and the doors treat it so. Where the store is, and
  // what a connection met, is for the log.
  resources::SetCondition(
      status.conditions,
      {"Ready", "False", std::string(kReasonQueued),
       "waits for the controller's store; it is tried again by itself", record.scan.generation, ""},
      parts_.clock.Now());
  if (Status written = Write(record, status, cancel); !written) return {std::move(written)};
  return {std::move(fault)};
}

Outcome ScanReconciler::Refused(const ScanRecord& record, const ScanIdentity& identity,
                                const Cancellation& cancel) {
  parts_.board.Forget(record.scan.name);
  ImageScanStatus status;  // never a verdict
  status.observed_generation = record.scan.generation;
  status.display_name = record.scan.spec.image;
  status.conditions = record.scan.status.conditions;
  const auto reason =
      identity.role == ScanRole::kCollision ? scan_reason::kNameCollision : kReasonInvalidReference;
  resources::SetCondition(
      status.conditions,
      {"Ready", "False", std::string(reason), identity.problem, record.scan.generation, ""},
      parts_.clock.Now());
  return {Write(record, status, cancel)};
}

Outcome ScanReconciler::RequestFailed(const ScanRecord& record, const Error& error,
                                      const Cancellation& cancel) {
  LinkRequest(record.scan.name, "");
  ImageScanStatus status;
  status.observed_generation = record.scan.generation;
  status.display_name = record.scan.spec.image;
  status.conditions = record.scan.status.conditions;
  resources::SetCondition(
      status.conditions,
      {"Ready", "False", error.reason.empty() ? std::string(CodeName(error.code)) : error.reason,
       error.message, record.scan.generation, ""},
      parts_.clock.Now());
  Status written = Write(record, status, cancel);
  return {std::move(written), kRequestRetry};
}

Outcome ScanReconciler::Request(const ScanRecord& record, const ImageReference& image,
                                const Cancellation& cancel) {
  // Anonymously: a person who may create ImageScans is not thereby given anybody's credentials.
  // What is known already can be shown without a question.
  const bool known = image.digest && parts_.scans.Get(resources::ScanName(*image.digest));
  if (record.scan.status.observed_generation < record.scan.generation) {
    parts_.resolver.Forget(image, {});
  }
  auto digest = known ? Result<Digest>(*image.digest) : parts_.resolver.Resolve(image, {}, cancel);
  if (!digest) {
    if (digest.error().code == Code::kCancelled) return {std::move(digest).error()};
    return RequestFailed(record, digest.error(), cancel);
  }
  auto name =
      parts_.maker.Ensure({.digest = *digest, .reference = image, .asker = Asker::kPerson}, cancel);
  if (!name && name.error().reason == scan_reason::kNameCollision) {
    return RequestFailed(record, name.error(), cancel);
  }
  if (!name) return {std::move(name).error()};
  const bool linked = requests_.With([&](auto& requests) {
    return requests.contains(record.scan.name) && requests[record.scan.name] == *name;
  });
  LinkRequest(record.scan.name, *name);
  if (!linked) parts_.queue.Add(*name);  // its condition InUse
  auto object = parts_.api.Get(kImageScans, {"", *name}, cancel);
  if (!object) return {std::move(object).error()};
  auto canonical = resources::ImageScanFromJson(*object);
  if (!canonical) return {std::move(canonical).error()};
  ImageScanStatus status = canonical->status;
  status.canonical = *name;
  status.observed_generation = record.scan.generation;
  status.conditions = record.scan.status.conditions;
  const auto* ready = resources::FindCondition(canonical->status.conditions, "Ready");
  if (ready == nullptr) {
    resources::SetCondition(status.conditions,
                            {"Ready", "False", std::string(kReasonQueued), "waits for a scanner",
                             record.scan.generation, ""},
                            parts_.clock.Now());
  }
  for (auto condition : canonical->status.conditions) {
    if (condition.type == "InUse") continue;
    condition.observed_generation = record.scan.generation;
    resources::SetCondition(status.conditions, std::move(condition), parts_.clock.Now());
  }
  Status written = Write(record, status, cancel);
  return {std::move(written), std::chrono::milliseconds(kResync)};
}

}  // namespace landwaiter::controller
