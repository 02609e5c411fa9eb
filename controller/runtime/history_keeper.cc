#include "controller/runtime/history_keeper.h"

#include "lib/base/log.h"

namespace landwaiter::controller {

Outcome HistoryKeeper::Reconcile() {
  VerdictSample sample;
  sample.at = std::chrono::floor<std::chrono::seconds>(parts_.clock.Now());
  parts_.scans.ForEach(
      [&](const std::string&, const ScanRecord& record) { AddTo(sample, record.scan); });
  const auto before = parts_.notes->Note(kHistoryNote);
  if (!before) return {before.error()};
  VerdictHistory history;
  if (*before) {
    auto read = HistoryFromText(**before);
    // It says nothing that anything else rests on.
    if (!read) log::Warn("verdicts over time begin anew", {{"error", read.error().message}});
    if (read) history = *std::move(read);
  }
  // Of a clock that was set back: what it said of the future it cannot know.
  while (!history.empty() && history.back().at > sample.at) history.pop_back();
  if (!history.empty()) {
    if (history.back().SameCounts(sample)) return {Ok()};
    const auto wait = kHistoryPace - (sample.at - history.back().at);
    if (wait > wait.zero()) {
      return {Ok(), std::chrono::duration_cast<std::chrono::milliseconds>(wait)};
    }
  }
  history.push_back(sample);
  Thin(history, sample.at);
  const auto kept = parts_.notes->Advance(kHistoryNote, *before, HistoryToText(history), {});
  if (!kept) return {kept.error()};
  // Another replica has led meanwhile, or does.
  if (!*kept) return {Ok(), std::chrono::milliseconds(kHistoryPace)};
  return {Ok()};
}

}  // namespace landwaiter::controller
