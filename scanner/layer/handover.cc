#include "scanner/layer/handover.h"

namespace landwaiter::layer {
bool Handover::Push(std::string_view piece) {
  std::unique_lock lock(mutex_);
  went_.wait(lock, [&] { return aborted_ || count_ < kMostPieces; });
  if (aborted_) return false;
  lent_[(first_ + count_++) % kMostPieces] = piece;
  lock.unlock();
  came_.notify_one();
  return true;
}

std::optional<std::string_view> Handover::Pop() {
  std::unique_lock lock(mutex_);
  if (reading_) {
    first_ = (first_ + 1) % kMostPieces;
    --count_;
    reading_ = false;
    went_.notify_one();
  }
  came_.wait(lock, [&] { return aborted_ || closed_ || count_ > 0; });
  if (aborted_ || count_ == 0) return std::nullopt;
  reading_ = true;
  return lent_[first_];
}

bool Handover::Reclaim(std::string_view memory) {
  std::unique_lock lock(mutex_);
  if (!aborted_ && IsLent(memory)) {
    // One that waits does so until there is room for many pieces: each wait costs both threads
    // their core for a moment.
    const std::size_t few = count_ / 2;
    went_.wait(lock, [&] { return aborted_ || (count_ <= few && !IsLent(memory)); });
  }
  return !aborted_;
}

bool Handover::IsLent(std::string_view memory) const {
  for (std::size_t i = 0; i < count_; ++i) {
    const std::string_view piece = lent_[(first_ + i) % kMostPieces];
    if (piece.data() < memory.data() + memory.size() && memory.data() < piece.data() + piece.size())
      return true;
  }
  return false;
}

void Handover::Close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  came_.notify_all();
}

void Handover::Abort() {
  {
    const std::lock_guard lock(mutex_);
    aborted_ = true;
  }
  came_.notify_all();
  went_.notify_all();
}

}  // namespace landwaiter::layer
