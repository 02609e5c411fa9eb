#include "controller/notify/notifier.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "controller/names.h"
#include "controller/plan.h"
#include "controller/stored_image.h"
#include "lib/base/log.h"

namespace landwaiter::controller {
namespace {

constexpr std::chrono::seconds kCountAgain{2};  // pods are being counted, or images looked at
constexpr std::chrono::minutes kRoomAgain{1};
constexpr int kTries = 3;

std::string KeyOf(const Subscription& subscription, const std::string& scan) {
  return subscription.name + "/" + scan;
}

}  // namespace

const std::string Notifier::kBegunKey = "!begun";

Result<bool> Notifier::HasBegun(const Subscription& subscription) {
  const bool known = begun_.With([&](auto& all) { return all.contains(subscription.name); });
  if (known) return true;
  auto note = parts_.outbox.Note(KeyOf(subscription, kBegunKey));
  if (!note) return std::move(note).error();
  if (*note) begun_.With([&](auto& all) { all.insert(subscription.name); });
  return note->has_value();
}

Outcome Notifier::Begun() {
  if (!parts_.at_rest()) return {Ok(), kCountAgain};
  for (const Subscription& subscription : parts_.options.subscriptions) {
    auto begun = HasBegun(subscription);
    if (!begun) return {std::move(begun).error()};
    if (*begun) continue;
    auto noted = parts_.outbox.Advance(KeyOf(subscription, kBegunKey), std::nullopt,
                                       FormatTime(parts_.clock.Now()), {});
    if (!noted) return {std::move(noted).error()};
    log::Info("subscription begins: what changes from now on is told",
              {{"subscription", subscription.name}});
  }
  return {Ok()};
}

Status Notifier::Drop(const std::string& scan) {
  for (const Subscription& subscription : parts_.options.subscriptions) {
    if (Status gone = parts_.outbox.DropNote(KeyOf(subscription, scan)); !gone) return gone;
  }
  return Ok();
}

Status Notifier::AddFindings(const Subscription& subscription, Facts& facts, ImageState& state) {
  if (!facts.findings) {
    const auto digest = CanonicalDigest(facts.record.scan);
    auto stored = LoadImage(parts_.store, *digest);
    if (!stored) return std::move(stored).error();
    std::vector<Finding> all;
    if (*stored && (*stored)->match) {
      // What does not count in the cluster's verdicts is no news.
      if (parts_.vex != nullptr) parts_.vex->Apply(**stored);
      for (auto& platform : (*stored)->match->platforms) {
        std::move(platform.findings.begin(), platform.findings.end(), std::back_inserter(all));
      }
    }
    facts.findings = std::move(all);
  }
  for (const Finding& finding : *facts.findings) {
    if (subscription.Counts(finding)) state.findings.push_back(FindingKey(finding));
  }
  std::sort(state.findings.begin(), state.findings.end());
  state.findings.erase(std::unique(state.findings.begin(), state.findings.end()),
                       state.findings.end());
  if (state.findings.size() <= kMaxNotedFindings) return Ok();
  // More than can be held against the next: of such an image the verdict alone is told.
  state.findings.clear();
  state.report.clear();
  return Ok();
}

Result<std::vector<store::OutboxMessage>> Notifier::Messages(const Subscription& subscription,
                                                             const std::vector<Change>& changes,
                                                             Facts& facts,
                                                             const Cancellation& cancel) {
  std::vector<store::OutboxMessage> out;
  if (changes.empty()) return out;
  // Whole: what the informer keeps lacks what only people read.
  auto object = parts_.api.Get(kImageScans, {"", facts.record.scan.name}, cancel);
  if (!object) return std::move(object).error();
  auto scan = resources::ImageScanFromJson(*object);
  if (!scan) return std::move(scan).error();
  // Where else it runs is nothing to a receiver of some namespaces.
  Occasion occasion{
      *std::move(scan), subscription.Among(facts.usage.namespaces), facts.usage.pods, {}};
  const TimePoint now = parts_.clock.Now();
  for (const Change& change : changes) {
    occasion.findings.clear();
    for (const std::uint64_t key : change.keys) {
      // Of several platforms, or paths, one.
      const auto found =
          std::find_if(facts.findings->begin(), facts.findings->end(), [&](const Finding& finding) {
            return subscription.Counts(finding) && FindingKey(finding) == key;
          });
      if (found != facts.findings->end()) occasion.findings.push_back(*found);
    }
    std::sort(occasion.findings.begin(), occasion.findings.end(), WorseThan);
    const std::string id = NewMessageId();
    out.push_back({id, subscription.name, now,
                   MessageFor(subscription, parts_.options.source, id, change, occasion, now)});
  }
  return out;
}

Result<bool> Notifier::Tell(const Subscription& subscription, Facts& facts,
                            const Cancellation& cancel) {
  const std::string key = KeyOf(subscription, facts.record.scan.name);
  for (int tried = 1;; ++tried) {
    auto note = parts_.outbox.Note(key);
    if (!note) return std::move(note).error();
    const auto before = *note ? StateFromNote(**note) : std::nullopt;
    ImageState after = facts.state;
    auto begun = HasBegun(subscription);
    if (!begun) return std::move(begun).error();
    const bool is_new = !before && *begun;
    if (!HasResult(after)) {
      if (before || is_new) return true;
      after.awaited = true;  // it was there before the subscription
    } else if (before && before->report == after.report) {
      after.findings = before->findings;
    } else if (!after.report.empty()) {
      if (Status read = AddFindings(subscription, facts, after); !read) {
        return std::move(read).error();
      }
    }
    std::vector<Change> changes;
    if (before || is_new) changes = ChangesBetween(before, after);
    std::erase_if(changes, [&](const Change& c) { return !subscription.Wants(c.type); });
    after = Merged(before, std::move(after));
    if (before && *before == after) return true;
    if (!changes.empty()) {
      auto waiting = parts_.outbox.Waiting(subscription.name);
      if (!waiting) return std::move(waiting).error();
      if (*waiting >= kMaxMessagesWaiting) return false;
    }
    auto messages = Messages(subscription, changes, facts, cancel);
    if (!messages) return std::move(messages).error();
    auto advanced = parts_.outbox.Advance(key, *note, NoteOf(after), *messages);
    if (!advanced) return std::move(advanced).error();
    if (*advanced && !messages->empty()) parts_.on_queued(subscription.name);
    if (*advanced) return true;
    if (tried == kTries) return Error{Code::kConflict, "the note of " + key + " keeps changing"};
  }
}

Outcome Notifier::Reconcile(const std::string& key, const Cancellation& cancel) {
  if (key == kBegunKey) return Begun();
  const auto record = parts_.scans.Get(key);
  if (!record || record->scan.deleting) return {Drop(key)};
  if (!CanonicalDigest(record->scan)) return {Ok()};
  auto usage = parts_.usage.Of(key);
  if (!usage) return {Ok(), kCountAgain};
  // What nobody runs is told once somebody does.
  if (usage->pods == 0) return {Ok()};
  Facts facts{*record, *std::move(usage), StateOf(record->scan.status)};
  bool room = true;
  for (const Subscription& subscription : parts_.options.subscriptions) {
    if (!subscription.IsAbout(facts.usage.namespaces)) continue;
    auto told = Tell(subscription, facts, cancel);
    if (!told) return {std::move(told).error()};
    room = room && *told;
  }
  if (room) return {Ok()};
  return {Ok(), std::chrono::milliseconds(kRoomAgain)};
}

}  // namespace landwaiter::controller
