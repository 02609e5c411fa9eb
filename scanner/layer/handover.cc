#include "scanner/layer/handover.h"

namespace landwaiter::layer {
namespace {

// 2 MiB of full pieces: more of a large window would be read when it has left the cache.
constexpr std::size_t kMostPieces = 8;

}  // namespace

bool Handover::Push(std::string_view piece) {
  std::unique_lock lock(mutex_);
  went_.wait(lock, [&] { return aborted_ || lent_.size() < kMostPieces; });
  if (aborted_) return false;
  lent_.push_back(piece);
  lock.unlock();
  came_.notify_one();
  return true;
}

std::optional<std::string_view> Handover::Pop() {
  std::unique_lock lock(mutex_);
  if (reading_) {
    lent_.pop_front();
    reading_ = false;
    went_.notify_one();
  }
  came_.wait(lock, [&] { return aborted_ || closed_ || !lent_.empty(); });
  if (aborted_ || lent_.empty()) return std::nullopt;
  reading_ = true;
  return lent_.front();
}

bool Handover::Reclaim(std::string_view memory) {
  std::unique_lock lock(mutex_);
  if (!aborted_ && IsLent(memory)) {
    // One that waits does so until there is room for many pieces: each wait costs both threads
    // their core for a moment.
    const std::size_t few = lent_.size() / 2;
    went_.wait(lock, [&] { return aborted_ || (lent_.size() <= few && !IsLent(memory)); });
  }
  return !aborted_;
}

bool Handover::IsLent(std::string_view memory) const {
  for (const std::string_view piece : lent_) {
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
