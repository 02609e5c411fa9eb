// One copy of a value however many objects hold it: 150,000 pods name a few thousand images.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace landwaiter::controller {

/// Thread-safe. Values that nobody holds any more are dropped when the table has doubled. Two
/// values of one hash are both right, and take turns at being shared.
template <class T>
class Interner {
 public:
  using Ptr = std::shared_ptr<const T>;

  Ptr Get(std::uint64_t hash, const T& value) {
    const std::lock_guard lock(mutex_);
    auto& slot = table_[hash];
    if (Ptr known = slot.lock(); known && *known == value) return known;
    Ptr made = std::make_shared<const T>(value);
    slot = made;
    if (table_.size() > sweep_at_) Sweep();
    return made;
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return table_.size();
  }

 private:
  void Sweep() {
    std::erase_if(table_, [](const auto& entry) { return entry.second.expired(); });
    sweep_at_ = table_.size() * 2 + kFirstSweep;
  }

  static constexpr std::size_t kFirstSweep = 1024;
  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::weak_ptr<const T>> table_;
  std::size_t sweep_at_ = kFirstSweep;
};

}  // namespace landwaiter::controller
