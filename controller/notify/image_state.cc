#include "controller/notify/image_state.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "controller/names.h"
#include "lib/base/json.h"
#include "lib/kube/informer.h"
#include "lib/store/outbox.h"

namespace landwaiter::controller {

using nlohmann::json;

std::uint64_t FindingKey(const Finding& finding) {
  return kube::HashOf(finding.id + "\n" + finding.package_type + "\n" + finding.package + "\n" +
                      finding.installed_version);
}

std::string NoteOf(const ImageState& state) {
  return json{{"awaited", state.awaited},
              {"verdict", state.verdict},
              {"failure", state.failure},
              {"report", state.report},
              {"findings", state.findings}}
      .dump(-1, ' ', true);
}

std::optional<ImageState> StateFromNote(std::string_view note) {
  auto document = ParseJson(note, {store::kMaxOutboxBytes, 4});
  if (!document || !document->is_object()) return std::nullopt;
  ImageState state;
  JsonFields fields(*document, "");
  fields.Bool("awaited", state.awaited);
  fields.String("verdict", state.verdict);
  fields.String("failure", state.failure);
  fields.String("report", state.report);
  fields.Uints("findings", state.findings, kMaxNotedFindings);
  if (!fields.Done()) return std::nullopt;
  return state;
}

ImageState StateOf(const resources::ImageScanStatus& status) {
  ImageState state;
  state.verdict = status.verdict;
  state.report = status.report_digest;
  const auto* ready = resources::FindCondition(status.conditions, "Ready");
  const bool failed = ready != nullptr && ready->status == "False" &&
                      ready->reason != kReasonQueued && ready->reason != kReasonScanning &&
                      ready->reason != kReasonNoDatabase && ready->reason != kReasonResolving;
  if (failed) state.failure = ready->reason;
  return state;
}

bool HasResult(const ImageState& state) { return !state.verdict.empty() || !state.failure.empty(); }

std::vector<Change> ChangesBetween(const std::optional<ImageState>& before,
                                   const ImageState& after) {
  std::vector<Change> out;
  if (before && before->awaited) return out;
  const ImageState was = before.value_or(ImageState{});
  const bool flipped = !after.verdict.empty() && after.verdict != was.verdict;
  // That a new image passes is no news.
  if (flipped && !(was.verdict.empty() && after.verdict == "Pass")) {
    out.push_back({ChangeType::kVerdictChanged, was.verdict, after.verdict});
  }
  if (!was.report.empty() && !after.report.empty() && was.report != after.report) {
    Change found{ChangeType::kFindingsNew, "", ""};
    std::set_difference(after.findings.begin(), after.findings.end(), was.findings.begin(),
                        was.findings.end(), std::back_inserter(found.keys));
    if (!found.keys.empty()) out.push_back(std::move(found));
  }
  if (!after.failure.empty() && after.failure != was.failure) {
    out.push_back({ChangeType::kScanFailed, was.failure, after.failure});
  }
  return out;
}

ImageState Merged(const std::optional<ImageState>& before, ImageState after) {
  if (!before) return after;
  if (after.verdict.empty()) after.verdict = before->verdict;
  if (after.report.empty()) {
    after.report = before->report;
    after.findings = before->findings;
  }
  return after;
}

}  // namespace landwaiter::controller
