#include "controller/new_image_pace.h"

#include <algorithm>
#include <utility>

#include "resources/ensure.h"

namespace landwaiter::controller {
namespace {

// Until every replica has heard of its ImageScan, generously.
constexpr std::chrono::minutes kCountedFor{1};

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
    return ResourceExhausted("namespace " + ns + " has brought " + std::to_string(at_once_) +
                             " images that were new here; the next one is looked at in " +
                             std::to_string(wait.count()) + " s")
        .WithReason(resources::kTooManyNewImages);
  }
  owed_until = then;
  counted_until_[{ns, image}] = now + kCountedFor;
  return Ok();
}

void NewImagePace::GiveBack(const std::string& ns, const Digest& image) {
  const std::lock_guard lock(mutex_);
  if (counted_until_.erase({ns, image}) == 0) return;
  if (const auto at = owed_until_.find(ns); at != owed_until_.end()) at->second -= each_;
}

void NewImagePace::Forget(Time now) {
  if (SizeLocked() < forget_at_) return;
  const auto over = [&](const auto& entry) { return entry.second <= now; };
  std::erase_if(owed_until_, over);
  std::erase_if(counted_until_, over);
  forget_at_ = std::max<std::size_t>(64, 2 * SizeLocked());
}

std::size_t NewImagePace::size() const {
  const std::lock_guard lock(mutex_);
  return SizeLocked();
}

}  // namespace landwaiter::controller
