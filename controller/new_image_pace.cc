#include "controller/new_image_pace.h"

#include <algorithm>
#include <utility>

#include "resources/ensure.h"

namespace landwaiter::controller {

NewImagePace::NewImagePace(std::size_t at_once, std::chrono::milliseconds each, Now now)
    : at_once_(at_once), each_(each), now_(std::move(now)) {}

Status NewImagePace::Take(const std::string& ns) {
  if (at_once_ == 0) return Ok();
  const Time now = now_();
  const std::lock_guard lock(mutex_);
  Forget(now);
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
  return Ok();
}

void NewImagePace::GiveBack(const std::string& ns) {
  const std::lock_guard lock(mutex_);
  if (const auto at = owed_until_.find(ns); at != owed_until_.end()) at->second -= each_;
}

void NewImagePace::Forget(Time now) {
  if (owed_until_.size() < forget_at_) return;
  std::erase_if(owed_until_, [&](const auto& entry) { return entry.second <= now; });
  forget_at_ = std::max<std::size_t>(64, 2 * owed_until_.size());
}

std::size_t NewImagePace::size() const {
  const std::lock_guard lock(mutex_);
  return owed_until_.size();
}

}  // namespace landwaiter::controller
