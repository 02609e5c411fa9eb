// Bytes that one thread hands to another in turn where they lie, without a copy: the second half of
// a layer's ring. The giver writes over a piece again once the reader has let it go.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string_view>

namespace landwaiter::layer {

class Handover {
 public:
  /// Hands `piece` on, which stays as it is until Reclaim has let it be written over. Waits while
  /// too many are on their way. False once aborted.
  [[nodiscard]] bool Push(std::string_view piece);
  /// Lets go what the last call gave, and waits for the next piece. nullopt once closed and empty,
  /// or aborted.
  std::optional<std::string_view> Pop();
  /// Waits until nobody has or waits for a byte of `memory`. False once aborted.
  [[nodiscard]] bool Reclaim(std::string_view memory);
  /// No more pieces come; those that are here can still be taken.
  void Close();
  /// No more pieces come or go. What the reader has stays as it is: the giver writes no more.
  void Abort();

 private:
  bool IsLent(std::string_view memory) const;

  std::mutex mutex_;
  std::condition_variable came_;
  std::condition_variable went_;
  // 2 MiB of full pieces: more of a large window would be read when it has left the cache. An
  // array, so that nothing here asks for memory.
  static constexpr std::size_t kMostPieces = 8;
  std::array<std::string_view, kMostPieces> lent_;  // a ring from first_ on
  std::size_t first_ = 0;                           // the reader's while reading_
  std::size_t count_ = 0;
  bool reading_ = false;
  bool closed_ = false;
  bool aborted_ = false;
};

}  // namespace landwaiter::layer
