// What a piece of code takes from the heap, counted: a measure of work and of memory that no load
// of the machine changes. Of all threads of the test program.
#pragma once

#include <cstdint>

namespace landwaiter::testing {

/// False under sanitizers, whose own allocator is not to be replaced: nothing is counted there.
bool AllocationsAreCounted();

/// Counts from its making on.
class AllocationCount {
 public:
  AllocationCount();
  std::uint64_t allocations() const;
  /// The most bytes that were held at one time, above what was held at the start.
  std::uint64_t peak_bytes() const;
  /// Held now, above what was held at the start; without malloc's own eight bytes a block.
  std::int64_t held_bytes() const;

 private:
  std::uint64_t allocations_before_;
  std::int64_t held_before_;
};

}  // namespace landwaiter::testing
