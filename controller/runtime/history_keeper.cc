#include "controller/runtime/history_keeper.h"

namespace landwaiter::controller {

Outcome HistoryKeeper::Reconcile() {
  VerdictSample sample;
  sample.at = std::chrono::floor<std::chrono::seconds>(parts_.clock.Now());
  parts_.scans.ForEach(
      [&](const std::string&, const ScanRecord& record) { AddTo(sample, record.scan); });
  const auto wait = KeepSample(*parts_.notes, sample);
  if (!wait) return {wait.error()};
  if (wait->count() == 0) return {Ok()};
  return {Ok(), *wait};
}

}  // namespace landwaiter::controller
