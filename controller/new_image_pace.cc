#include "controller/new_image_pace.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "resources/ensure.h"

namespace landwaiter::controller {
namespace {

// Until every replica has heard of its ImageScan, generously.
constexpr std::chrono::minutes kCountedFor{1};
// Owners try again with pauses that double, 1,312 s being the longest that was seen.
constexpr std::chrono::minutes kAskedAgainWithin{25};

}  // namespace

NewImagePace::NewImagePace(std::size_t at_once, std::chrono::milliseconds each, Now now)
    : at_once_(at_once), each_(each), now_(std::move(now)) {}

Status NewImagePace::Take(const std::string& ns, const Digest& image) {
  if (at_once_ == 0) return Ok();
  const Time now = now_();
  const std::lock_guard lock(mutex_);
  Forget(now);
  const auto counted = counted_until_.find({ns, image});
  if (counted != counted_until_.end() && counted->second > now) return Ok();
  Time& owed_until = owed_until_[ns];
  const Time then = std::max(owed_until, now) + each_;
  const auto owed = then - now;
  if (owed > each_ * at_once_) {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(owed - each_ * at_once_);
    if (waits_until_.size() < kMostNewImagesWaiting || waits_until_.contains({ns, image})) {
      waits_until_[{ns, image}] = now + wait + kAskedAgainWithin;
    }
    return ResourceExhausted("namespace " + ns + " has brought " + std::to_string(at_once_) +
                             " images that were new here; the next one is looked at in " +
                             std::to_string(wait.count()) + " s")
        .WithReason(resources::kTooManyNewImages);
  }
  owed_until = then;
  counted_until_[{ns, image}] = now + kCountedFor;
  waits_until_.erase({ns, image});
  return Ok();
}

void NewImagePace::GiveBack(const std::string& ns, const Digest& image) {
  const std::lock_guard lock(mutex_);
  if (counted_until_.erase({ns, image}) == 0) return;
  if (const auto at = owed_until_.find(ns); at != owed_until_.end()) at->second -= each_;
}

std::size_t NewImagePace::Waiting(const std::function<bool(const Digest&)>& known) {
  std::vector<Image> waiting;
  {
    const std::lock_guard lock(mutex_);
    const Time now = now_();
    std::erase_if(waits_until_, [&](const auto& entry) { return entry.second <= now; });
    waiting.reserve(waits_until_.size());
    for (const auto& entry : waits_until_) waiting.push_back(entry.first);
  }
  const auto over = std::partition(waiting.begin(), waiting.end(),
                                   [&](const Image& image) { return !known(image.second); });
  const std::lock_guard lock(mutex_);
  std::for_each(over, waiting.end(), [&](const Image& image) { waits_until_.erase(image); });
  return static_cast<std::size_t>(over - waiting.begin());
}

void NewImagePace::Forget(Time now) {
  if (SizeLocked() < forget_at_) return;
  const auto over = [&](const auto& entry) { return entry.second <= now; };
  std::erase_if(owed_until_, over);
  std::erase_if(counted_until_, over);
  std::erase_if(waits_until_, over);
  forget_at_ = std::max<std::size_t>(64, 2 * SizeLocked());
}

std::size_t NewImagePace::size() const {
  const std::lock_guard lock(mutex_);
  return SizeLocked();
}

}  // namespace landwaiter::controller
