// Pieces of members on their way from the thread that inflates to the one that parses: bounded in
// bytes.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

#include "lib/base/digest.h"
#include "lib/base/result.h"
#include "scanner/advisories/archive_reader.h"

namespace landwaiter::advisories {

/// One step of reading the feeds in their order.
struct FeedItem {
  std::size_t feed = 0;
  std::optional<Piece> piece;  // absent: the feed ended here, well or with `error`
  Digest digest;               // at the end
  std::optional<Error> error;
};

class MemberQueue {
 public:
  explicit MemberQueue(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Waits for room (one item always fits); false once the reader of the queue has gone.
  [[nodiscard]] bool Push(FeedItem item) {
    const std::size_t bytes = SizeOf(item);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || items_.empty() || bytes_ + bytes <= max_bytes_; });
    if (closed_) return false;
    bytes_ += bytes;
    items_.push_back(std::move(item));
    changed_.notify_all();
    return true;
  }
  FeedItem Pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !items_.empty(); });
    FeedItem item = std::move(items_.front());
    items_.pop_front();
    bytes_ -= SizeOf(item);
    changed_.notify_all();
    return item;
  }
  /// Called by the popping side when it wants no more.
  void Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  static std::size_t SizeOf(const FeedItem& item) {
    return sizeof(FeedItem) + (item.piece ? item.piece->bytes.size() : 0);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<FeedItem> items_;
  std::size_t bytes_ = 0;
  const std::size_t max_bytes_;
  bool closed_ = false;
};

}  // namespace landwaiter::advisories
