// Which scans wait, run and have failed: the queue's working order. It is no record: the pending
// ImageScans are the queue, and this is made anew from them at every start.
//
// Order: admission misses, then images of new pods, then second looks, then images that nobody runs
// yet. Within a class the
// namespaces take turns, and each has at most a bounded number of scans under way, so that one
// tenant's hundred images do not stand before another's one.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>

#include "lib/base/result.h"

namespace landwaiter::controller {

enum class ScanClass : std::uint8_t { kAdmission, kNew, kRescan, kWatched };
inline constexpr std::size_t kScanClasses = 4;
std::string_view ScanClassName(ScanClass scan_class);  // "admission", "new", …

struct ScanProgress {
  enum class State { kNone, kQueued, kRunning, kFailed };
  State state = State::kNone;
  Error error = {};            // kFailed
  std::uint32_t failures = 0;  // in a row
  std::uint64_t basis = 0;     // what the failed try was made from
  /// Until the next try; nullopt: none is planned.
  std::optional<std::chrono::milliseconds> retry_in = {};
};

/// Thread-safe.
class ScanBoard {
 public:
  struct Task {
    std::string name;
    std::string ns;
    std::uint64_t basis = 0;
    std::chrono::steady_clock::duration waited{};  // until it was taken
  };
  struct Wish {
    std::string name;
    ScanClass scan_class = ScanClass::kNew;
    std::string ns;           // on whose account; "" for none
    std::uint64_t basis = 0;  // changes when a failed one is worth a try at once
  };

  explicit ScanBoard(std::size_t per_namespace) : per_namespace_(per_namespace) {}

  /// Queues the scan unless it waits, runs, or has failed from the same basis and its pause is not
  /// over. Raises the class of one that waits.
  ScanProgress Want(const Wish& wish);
  ScanProgress Progress(const std::string& name) const;
  /// Waits for a task; nullopt when stopped. Finished must follow.
  std::optional<Task> Take(const std::stop_token& stop);
  void Succeeded(const Task& task);
  void Failed(const Task& task, Error error);
  /// The object is gone, or needs no scan.
  void Forget(const std::string& name);
  /// Everything that waits or has failed is forgotten; what runs runs on.
  void Reset();

  std::array<std::size_t, kScanClasses> Depth() const;
  std::size_t Running() const;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Entry {
    ScanProgress::State state = ScanProgress::State::kNone;
    ScanClass scan_class = ScanClass::kNew;
    std::string ns;
    std::uint64_t basis = 0;
    Error error = {};
    std::uint32_t failures = 0;
    std::uint32_t turned_away = 0;  // in a row, by scanners: no failures of the image
    std::optional<SteadyTime> retry_at = {};
    SteadyTime queued_at = {};
  };
  /// Waiting names of one class: namespaces in turn, each in order of arrival.
  struct Lane {
    std::map<std::string, std::deque<std::string>> by_ns;
    std::string last_ns;  // the one that was served last
  };

  static ScanProgress View(const Entry& entry, SteadyTime now);
  void Enqueue(const Wish& wish, Entry& entry);
  void RemoveWaiting(const std::string& name, const Entry& entry);
  std::optional<Task> PickLocked();

  const std::size_t per_namespace_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::unordered_map<std::string, Entry> entries_;
  std::array<Lane, kScanClasses> lanes_;
  std::unordered_map<std::string, std::size_t> in_flight_;  // by namespace
  std::size_t running_ = 0;
};

}  // namespace landwaiter::controller
