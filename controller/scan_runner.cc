#include "controller/scan_runner.h"

#include <exception>

#include "controller/names.h"
#include "lib/base/log.h"

namespace landwaiter::controller {
namespace {

std::vector<double> ScanSeconds() { return {0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 900}; }

/// Another repository may have what this one has not, or lets in whom this one does not.
bool WorthAnotherSource(const Error& error) {
  return error.reason == scan_reason::kNotFound || error.reason == scan_reason::kPullUnauthorized ||
         error.reason == scan_reason::kAddressRefused ||
         error.reason == scan_reason::kRegistryUnavailable ||
         error.reason == scan_reason::kDigestMismatch || error.reason == scan_reason::kRateLimited;
}

/// The scan is lost although the image is sound: the reason says whose fault it is.
Error NotKept(Error error) {
  const bool begun_anew = error.reason == store::kReasonStoreCorrupt;  // it has room for the next
  if (!error.reason.empty() && !begun_anew) return error;
  const bool too_large = error.code == Code::kResourceExhausted;  // store.h's bounds
  error.reason = too_large ? scan_reason::kTooLarge : kReasonStoreFailed;
  return error;
}

}  // namespace

ScanRunner::ScanRunner(Parts parts, int threads)
    : parts_(std::move(parts)), threads_wanted_(threads) {
  if (parts_.metrics == nullptr) return;
  const char* name = "landwaiter_scans_total";
  const char* help = "Scans by result.";
  done_ = &parts_.metrics->AddCounter(name, help, {{"result", "success"}});
  failed_ = &parts_.metrics->AddCounter(name, help, {{"result", "error"}});
  seconds_ =
      &parts_.metrics->AddHistogram("landwaiter_scan_duration_seconds",
                                    "Time from asking a scanner to its answer.", ScanSeconds());
  for (std::size_t i = 0; i < kScanClasses; ++i) {
    parts_.metrics->AddCallback(
        "landwaiter_scans_waiting", "Scans that wait, by class.",
        [board = &parts_.board, i] { return static_cast<double>(board->Depth()[i]); },
        {{"class", std::string(ScanClassName(static_cast<ScanClass>(i)))}});
  }
}

void ScanRunner::Start() {
  for (int i = 0; i < threads_wanted_; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) {
      while (auto task = parts_.board.Take(stop)) Do(*task, Cancellation{stop});
    });
  }
}

void ScanRunner::Stop() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
}

void ScanRunner::Do(const ScanBoard::Task& task, const Cancellation& cancel) {
  const auto record = parts_.scans.Get(task.name);
  if (!record || record->scan.deleting) {
    parts_.board.Succeeded(task);
    return;
  }
  if (parts_.stages != nullptr) parts_.stages->Took(Stage::kWait, task.waited);
  parts_.queue.Add(task.name, kube::WorkQueue::Priority::kHigh);  // it says "Scanning" now
  Status status;
  try {
    status = ScanOnce(*record, cancel);
  } catch (const std::exception& error) {
    status = Error{Code::kInternal, std::string("scan threw: ") + error.what(),
                   std::string(scan_reason::kScannerFailed)};
  }
  if (status) {
    if (done_ != nullptr) done_->Add();
    parts_.board.Succeeded(task);
  } else {
    if (failed_ != nullptr) failed_->Add();
    if (!cancel.Stopped()) {
      log::Info("scan failed", {{"scan", task.name},
                                {"image", record->scan.spec.image},
                                {"reason", status.error().reason},
                                {"error", status.error()}});
    }
    parts_.board.Failed(task, std::move(status).error());
  }
  parts_.queue.Add(task.name, kube::WorkQueue::Priority::kHigh);
}

Status ScanRunner::ScanOnce(const ScanRecord& record, const Cancellation& cancel) {
  const auto started = std::chrono::steady_clock::now();
  auto inventory = [&] {
    const StageTimer timer(parts_.stages, Stage::kScan);
    return FromAnySource(record, cancel);
  }();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  if (seconds_ != nullptr) seconds_->Observe(seconds);
  if (!inventory) return std::move(inventory).error();
  if (Status saved = SaveInventory(parts_.store, *inventory, parts_.clock.Now()); !saved) {
    return NotKept(std::move(saved).error());
  }
  log::Info("scan finished", {{"scan", record.scan.name},
                              {"image", record.scan.spec.image},
                              {"platforms", inventory->platforms.size()},
                              {"seconds", seconds}});
  return Ok();
}

Result<ImageInventory> ScanRunner::FromAnySource(const ScanRecord& record,
                                                 const Cancellation& cancel) {
  const auto sources = SourcesOf(record.scan, parts_.usage.Of(record.scan.name));
  Error first = Internal("scan " + record.scan.name + " has no source");
  const Collection collection = parts_.collection ? parts_.collection() : Collection();
  for (std::size_t i = 0; i < sources.size(); ++i) {
    auto credentials = parts_.credentials.For(sources[i], record.scan.spec.pull_secrets, cancel);
    if (!credentials) return std::move(credentials).error();
    auto inventory = parts_.scan({.image = sources[i],
                                  .platforms = parts_.wanted(),
                                  .credentials = std::move(credentials->credentials),
                                  .collection = collection},
                                 cancel);
    if (inventory && inventory->digest != sources[i].digest) {
      inventory =
          Error{Code::kDataLoss, "the scanner's inventory is of " + inventory->digest.ToString(),
                std::string(scan_reason::kDigestMismatch)};
    }
    if (inventory) return inventory;
    const bool another = WorthAnotherSource(inventory.error());
    if (i == 0) first = std::move(inventory).error();
    if (!another) break;
  }
  return first;
}

}  // namespace landwaiter::controller
