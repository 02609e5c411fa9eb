#include "controller/scan_refresher.h"

#include <nlohmann/json.hpp>

#include "controller/names.h"
#include "controller/plan.h"
#include "controller/renewal.h"

namespace landwaiter::controller {

Outcome ScanRefresher::Refresh(const std::string& key, const Cancellation& cancel) {
  const std::string name = key.substr(1);
  const auto record = parts_.scans.Get(name);
  if (record) {
    const auto renewed = Renew(*record, cancel);
    if (renewed && *renewed) return {Ok()};
    if (!renewed && renewed.error().code == Code::kCancelled) return {renewed.error()};
  }
  // Whatever kept it from being renewed: the reconciler looks at all of it, and says so.
  parts_.queue.Add(name, kube::WorkQueue::Priority::kLow);
  return {Ok()};
}

Result<bool> ScanRefresher::Renew(const ScanRecord& record, const Cancellation& cancel) {
  const auto database = parts_.database();
  const auto digest = CanonicalDigest(record.scan);
  if (!database || !digest || record.scan.deleting) return false;
  const auto basis = LoadBasis(parts_.store, *digest);
  if (!basis) return basis.error();
  if (!*basis || !database->SaysTheSame(**basis)) return false;
  // Whole: what the informer keeps lacks what only people read.
  const auto object = parts_.api.Get(kImageScans, {"", record.scan.name}, cancel);
  if (!object) return object.error();
  const auto whole = resources::ImageScanFromJson(*object);
  if (!whole) return whole.error();
  const TimePoint now = parts_.clock.Now();
  const StoredMatch match{database->Id(), database->BuiltAt(), now, {}, {}, 0};
  const auto status = Renewed(*whole, parts_.policies(), **basis, match, now);
  if (!status || whole->deleting || CanonicalDigest(*whole) != digest) return false;
  // The store first: what stands in a status is never newer than what it was made from.
  auto kept = RenewMatch(parts_.store, *digest, **basis, match);
  if (!kept || !*kept) return kept;
  if (Status written = Write(*whole, *status, cancel); !written) return std::move(written).error();
  return true;
}

Status ScanRefresher::Write(const resources::ImageScan& scan,
                            const resources::ImageScanStatus& status, const Cancellation& cancel) {
  written_.With([&](auto& written) { written[scan.name] = HashOfStatus(status); });
  nlohmann::json object = resources::ImageScanToJson(scan);
  object["status"] = resources::StatusToJson(status);
  const auto written = parts_.api.UpdateStatus(kImageScans, object, cancel);
  if (written) return Ok();
  written_.With([&](auto& all) { all.erase(scan.name); });
  return written.error();
}

bool ScanRefresher::TakeOwn(const kube::Informer<ScanRecord>::Change& change) {
  if (!change.before || !change.after) return false;
  const auto& before = change.before->scan;
  const auto& after = change.after->scan;
  const bool same = before.uid == after.uid && before.generation == after.generation &&
                    before.deleting == after.deleting && before.labels == after.labels &&
                    before.annotations == after.annotations;
  return written_.With([&](auto& written) {
    const auto at = written.find(after.name);
    if (at == written.end() || at->second != change.after->status_hash) return false;
    written.erase(at);
    return same;
  });
}

void ScanRefresher::Forget() {
  written_.With([](auto& written) { written.clear(); });
}

}  // namespace landwaiter::controller
