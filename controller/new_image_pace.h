// How many images that nothing has seen a namespace may bring by asking for pods: a tenant that
// names one image after the other, of a registry of its own and in pods that are all denied, would
// fill the API server's store with ImageScans (admission pitfall 85). Who brings too many waits;
// nobody else does. Pods that are there bring theirs without it: their number has its quota.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "lib/base/digest.h"
#include "lib/base/result.h"

namespace landwaiter::controller {

/// Of those that wait, so many are remembered: a tenant makes up names faster than anybody counts.
inline constexpr std::size_t kMostNewImagesWaiting = 10'000;

/// Thread-safe.
class NewImagePace {
 public:
  using Now = std::function<std::chrono::steady_clock::time_point()>;

  /// `at_once` new images of a namespace without waiting, one more each `each`. 0: any number.
  explicit NewImagePace(std::size_t at_once,
                        std::chrono::milliseconds each = std::chrono::minutes(1),
                        Now now = std::chrono::steady_clock::now);

  /// Counts an image, once however many ask for it until it is known. Errors: ResourceExhausted
  /// reason TooManyNewImages, which says when to come again.
  Status Take(const std::string& ns, const Digest& image);
  /// One that was taken has come to nothing: it does not count.
  void GiveBack(const std::string& ns, const Digest& image);

  /// Images that a namespace was refused and that are still new, each counted for every namespace
  /// that asks for it, at most kMostNewImagesWaiting. One that nobody asks for again for longer
  /// than owners of pods pause is not waited for any more. `known`: an image is new no longer,
  /// whoever has brought it; called without a lock.
  std::size_t Waiting(const std::function<bool(const Digest&)>& known);

  /// What is remembered: namespaces that have brought images lately, these, and those that wait.
  std::size_t size() const;

 private:
  using Time = std::chrono::steady_clock::time_point;
  using Image = std::pair<std::string, Digest>;  // namespace and image
  void Forget(Time now);
  std::size_t SizeLocked() const {
    return owed_until_.size() + counted_until_.size() + waits_until_.size();
  }

  const std::size_t at_once_;
  const std::chrono::milliseconds each_;
  const Now now_;
  mutable std::mutex mutex_;
  /// When all that a namespace has brought will have been made up for; the past: nothing is owed.
  std::unordered_map<std::string, Time> owed_until_;
  std::map<Image, Time> counted_until_;
  /// Refused, and when it is no longer believed that somebody waits for it.
  std::map<Image, Time> waits_until_;
  std::size_t forget_at_ = 64;
};

}  // namespace landwaiter::controller
