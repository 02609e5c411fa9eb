#include "controller/scan_board.h"

#include <algorithm>

#include "controller/plan.h"

namespace landwaiter::controller {

std::string_view ScanClassName(ScanClass scan_class) {
  switch (scan_class) {
    case ScanClass::kAdmission:
      return "admission";
    case ScanClass::kNew:
      return "new";
    case ScanClass::kRescan:
      return "rescan";
    case ScanClass::kWatched:
      return "watched";
  }
  return "";
}

ScanProgress ScanBoard::View(const Entry& entry, SteadyTime now) {
  ScanProgress out{entry.state, entry.error, entry.failures, entry.basis};
  if (entry.retry_at) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(*entry.retry_at - now);
    out.retry_in = std::max(std::chrono::milliseconds(0), left);
  }
  return out;
}

void ScanBoard::Enqueue(const Wish& wish, Entry& entry) {
  entry.state = ScanProgress::State::kQueued;
  entry.scan_class = wish.scan_class;
  entry.ns = wish.ns;
  entry.basis = wish.basis;
  entry.retry_at.reset();
  entry.queued_at = std::chrono::steady_clock::now();
  lanes_[static_cast<std::size_t>(wish.scan_class)].by_ns[wish.ns].push_back(wish.name);
}

void ScanBoard::RemoveWaiting(const std::string& name, const Entry& entry) {
  Lane& lane = lanes_[static_cast<std::size_t>(entry.scan_class)];
  const auto found = lane.by_ns.find(entry.ns);
  if (found == lane.by_ns.end()) return;
  std::erase(found->second, name);
  if (found->second.empty()) lane.by_ns.erase(found);
}

ScanProgress ScanBoard::Want(const Wish& wish) {
  const auto now = std::chrono::steady_clock::now();
  ScanProgress view;
  {
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[wish.name];
    switch (entry.state) {
      case ScanProgress::State::kRunning:
        break;
      case ScanProgress::State::kQueued:
        if (wish.scan_class < entry.scan_class) {
          RemoveWaiting(wish.name, entry);
          Enqueue(wish, entry);
        }
        entry.basis = wish.basis;
        break;
      case ScanProgress::State::kFailed:
        if (entry.basis != wish.basis) {
          entry.failures = 0;
          Enqueue(wish, entry);
        } else if (entry.retry_at && *entry.retry_at <= now) {
          Enqueue(wish, entry);
        }
        break;
      case ScanProgress::State::kNone:
        Enqueue(wish, entry);
        break;
    }
    view = View(entry, now);
  }
  changed_.notify_all();
  return view;
}

ScanProgress ScanBoard::Progress(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  return found == entries_.end() ? ScanProgress{}
                                 : View(found->second, std::chrono::steady_clock::now());
}

std::optional<ScanBoard::Task> ScanBoard::PickLocked() {
  for (Lane& lane : lanes_) {
    // From the namespace after the one served last, once around.
    auto it = lane.by_ns.upper_bound(lane.last_ns);
    for (std::size_t step = 0; step < lane.by_ns.size(); ++step, ++it) {
      if (it == lane.by_ns.end()) it = lane.by_ns.begin();
      const auto busy = in_flight_.find(it->first);
      const bool full =
          !it->first.empty() && busy != in_flight_.end() && busy->second >= per_namespace_;
      if (full) continue;
      const std::string ns = it->first;
      const std::string name = std::move(it->second.front());
      it->second.pop_front();
      if (it->second.empty()) lane.by_ns.erase(it);
      lane.last_ns = ns;
      Entry& entry = entries_[name];
      entry.state = ScanProgress::State::kRunning;
      ++in_flight_[ns];
      ++running_;
      return Task{name, ns, entry.basis, std::chrono::steady_clock::now() - entry.queued_at};
    }
  }
  return std::nullopt;
}

std::optional<ScanBoard::Task> ScanBoard::Take(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  std::optional<Task> task;
  changed_.wait(lock, stop, [&] {
    if (stop.stop_requested()) return false;
    task = PickLocked();
    return task.has_value();
  });
  return task;
}

void ScanBoard::Succeeded(const Task& task) {
  {
    const std::lock_guard lock(mutex_);
    entries_.erase(task.name);
    --running_;
    if (--in_flight_[task.ns] == 0) in_flight_.erase(task.ns);
  }
  changed_.notify_all();
}

void ScanBoard::Failed(const Task& task, Error error) {
  {
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[task.name];
    entry.state = ScanProgress::State::kFailed;
    entry.basis = task.basis;
    const bool turned_away = NoScannerTookIt(error);
    entry.turned_away = turned_away ? entry.turned_away + 1 : 0;
    if (!turned_away) ++entry.failures;
    const RetryAdvice advice = AdviseRetry(error, turned_away ? entry.turned_away : entry.failures);
    entry.retry_at.reset();
    if (advice.after) entry.retry_at = std::chrono::steady_clock::now() + *advice.after;
    entry.error = std::move(error);
    --running_;
    if (--in_flight_[task.ns] == 0) in_flight_.erase(task.ns);
  }
  changed_.notify_all();
}

void ScanBoard::Forget(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end() || found->second.state == ScanProgress::State::kRunning) return;
  if (found->second.state == ScanProgress::State::kQueued) RemoveWaiting(name, found->second);
  entries_.erase(found);
}

void ScanBoard::Reset() {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [](const auto& entry) {
    return entry.second.state != ScanProgress::State::kRunning;
  });
  for (Lane& lane : lanes_) lane.by_ns.clear();
}

std::array<std::size_t, kScanClasses> ScanBoard::Depth() const {
  const std::lock_guard lock(mutex_);
  std::array<std::size_t, kScanClasses> out{};
  for (std::size_t i = 0; i < kScanClasses; ++i) {
    for (const auto& [ns, names] : lanes_[i].by_ns) out[i] += names.size();
  }
  return out;
}

std::size_t ScanBoard::Running() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

}  // namespace landwaiter::controller
