#include "controller/runtime/history.h"

#include <array>
#include <nlohmann/json.hpp>

#include "controller/plan.h"
#include "lib/base/json.h"
#include "lib/base/log.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;
using std::chrono::hours;
using std::chrono::minutes;

/// Of what is so old, the last sample of each slot is left.
struct Tier {
  hours younger_than;
  minutes slot;
};
constexpr Tier kTiers[] = {
    {hours(2), minutes(1)}, {hours(48), minutes(10)}, {hours::max(), minutes(24 * 60)}};
constexpr int kVersion = 1;
constexpr std::size_t kCounts = 5;

std::uint64_t& CountOf(VerdictCounts& counts, std::string_view verdict) {
  if (verdict == "Pass") return counts.pass;
  if (verdict == "Warn") return counts.warn;
  if (verdict == "Fail") return counts.fail;
  return verdict.empty() ? counts.pending : counts.unknown;
}

std::array<std::uint64_t VerdictCounts::*, kCounts> Fields() {
  return {&VerdictCounts::pass, &VerdictCounts::warn, &VerdictCounts::unknown, &VerdictCounts::fail,
          &VerdictCounts::pending};
}

/// The tier's slot and which of them.
std::pair<std::int64_t, std::int64_t> SlotOf(TimePoint at, TimePoint now) {
  const Tier* tier = kTiers;
  while (std::chrono::floor<hours>(now - at) >= tier->younger_than) ++tier;
  return {tier->slot.count(), at.time_since_epoch() / tier->slot};
}

Error NoHistory() { return InvalidArgument("verdicts over time: not as they are written"); }

Result<VerdictSample> SampleFrom(const json& row) {
  if (!row.is_array() || row.size() != 1 + 2 * kCounts) return NoHistory();
  for (const json& number : row) {
    if (!number.is_number_unsigned()) return NoHistory();
  }
  const auto seconds = row[0].get<std::uint64_t>();
  if (seconds > 253'402'300'799u) return NoHistory();  // the year 9999, RFC 3339's last
  VerdictSample sample;
  sample.at = TimePoint(std::chrono::seconds(seconds));
  std::size_t at = 1;
  for (VerdictCounts* counts : {&sample.images, &sample.running}) {
    for (const auto field : Fields()) counts->*field = row[at++].get<std::uint64_t>();
  }
  return sample;
}

}  // namespace

void AddTo(VerdictSample& sample, const resources::ImageScan& scan) {
  if (!CanonicalDigest(scan)) return;
  ++CountOf(sample.images, scan.status.verdict);
  if (scan.status.used_by_pods > 0) ++CountOf(sample.running, scan.status.verdict);
}

void Thin(VerdictHistory& history, TimePoint now) {
  VerdictHistory kept;
  for (const VerdictSample& sample : history) {
    const bool same_slot = !kept.empty() && SlotOf(kept.back().at, now) == SlotOf(sample.at, now);
    if (same_slot) kept.pop_back();
    kept.push_back(sample);
  }
  const std::size_t beyond = kept.size() > kMaxSamples ? kept.size() - kMaxSamples : 0;
  history.assign(kept.begin() + static_cast<std::ptrdiff_t>(beyond), kept.end());
}

std::string HistoryToText(const VerdictHistory& history) {
  json rows = json::array();
  for (const VerdictSample& sample : history) {
    const auto at = std::chrono::floor<std::chrono::seconds>(sample.at).time_since_epoch().count();
    json row = {static_cast<std::uint64_t>(at)};
    for (const VerdictCounts* counts : {&sample.images, &sample.running}) {
      for (const auto field : Fields()) row.push_back(counts->*field);
    }
    rows.push_back(std::move(row));
  }
  return DumpJson({{"version", kVersion}, {"samples", std::move(rows)}});
}

Result<VerdictHistory> HistoryFromText(std::string_view text) {
  const auto document = ParseJson(text, {.max_bytes = store::kMaxOutboxBytes,
                                         .max_depth = 4,
                                         .max_values = (kMaxSamples + 1) * (2 * kCounts + 2)});
  if (!document) return document.error();
  if (!document->is_object() || document->value("version", json()) != kVersion) return NoHistory();
  const auto rows = document->find("samples");
  if (rows == document->end() || !rows->is_array()) return NoHistory();
  VerdictHistory history;
  for (const json& row : *rows) {
    auto sample = SampleFrom(row);
    if (!sample) return std::move(sample).error();
    if (!history.empty() && sample->at < history.back().at) return NoHistory();
    history.push_back(*sample);
  }
  return history;
}

Result<std::chrono::milliseconds> KeepSample(store::Outbox& notes, const VerdictSample& sample) {
  constexpr std::chrono::milliseconds kDone{0};
  const auto before = notes.Note(kHistoryNote);
  if (!before) return before.error();
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
    if (history.back().SameCounts(sample)) return kDone;
    const auto wait = kHistoryPace - (sample.at - history.back().at);
    if (wait > wait.zero()) return std::chrono::duration_cast<std::chrono::milliseconds>(wait);
  }
  history.push_back(sample);
  Thin(history, sample.at);
  const auto kept = notes.Advance(kHistoryNote, *before, HistoryToText(history), {});
  if (!kept) return kept.error();
  // Another replica has led meanwhile, or does.
  return *kept ? kDone : std::chrono::milliseconds(kHistoryPace);
}

Result<VerdictHistory> ReadHistory(store::Outbox& notes) {
  const auto note = notes.Note(kHistoryNote);
  if (!note) return note.error();
  if (!*note) return VerdictHistory();
  return HistoryFromText(**note);
}

}  // namespace landwaiter::controller
