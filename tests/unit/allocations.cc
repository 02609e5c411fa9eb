#include "tests/unit/allocations.h"

#include <malloc.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LANDWAITER_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LANDWAITER_SANITIZED 1
#endif
#endif

namespace {

std::atomic<std::uint64_t> allocations{0};
std::atomic<std::int64_t> held_bytes{0};
std::atomic<std::int64_t> peak_bytes{0};

#ifndef LANDWAITER_SANITIZED
void* Counted(void* block) {
  if (block == nullptr) throw std::bad_alloc();
  allocations.fetch_add(1, std::memory_order_relaxed);
  const auto size = static_cast<std::int64_t>(::malloc_usable_size(block));
  const std::int64_t held = held_bytes.fetch_add(size, std::memory_order_relaxed) + size;
  std::int64_t peak = peak_bytes.load(std::memory_order_relaxed);
  while (held > peak && !peak_bytes.compare_exchange_weak(peak, held, std::memory_order_relaxed)) {
  }
  return block;
}

void Free(void* block) {
  if (block == nullptr) return;
  const auto size = static_cast<std::int64_t>(::malloc_usable_size(block));
  held_bytes.fetch_sub(size, std::memory_order_relaxed);
  std::free(block);
}
#endif

}  // namespace

// The others of the standard's forms call these.
#ifndef LANDWAITER_SANITIZED
void* operator new(std::size_t size) { return Counted(std::malloc(size == 0 ? 1 : size)); }
void* operator new(std::size_t size, std::align_val_t align) {
  const auto unit = static_cast<std::size_t>(align);
  return Counted(std::aligned_alloc(unit, (size + unit - 1) / unit * unit));
}
void operator delete(void* block) noexcept { Free(block); }
void operator delete(void* block, std::size_t) noexcept { Free(block); }
void operator delete(void* block, std::align_val_t) noexcept { Free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { Free(block); }
#endif

namespace landwaiter::testing {

bool AllocationsAreCounted() {
#ifdef LANDWAITER_SANITIZED
  return false;
#else
  return true;
#endif
}

AllocationCount::AllocationCount()
    : allocations_before_(::allocations), held_before_(::held_bytes) {
  ::peak_bytes = held_before_;
}

std::uint64_t AllocationCount::allocations() const { return ::allocations - allocations_before_; }

std::int64_t AllocationCount::held_bytes() const { return ::held_bytes - held_before_; }

std::uint64_t AllocationCount::peak_bytes() const {
  return static_cast<std::uint64_t>(::peak_bytes - held_before_);
}

}  // namespace landwaiter::testing
