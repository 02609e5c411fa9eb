// Memory in which a parent hands a blob's bytes on to the child that reads them, without a copy and
// without the pages that a pipe takes and gives back for each of them.
//
// Slots are filled and emptied in turn. The parent sends a frame of kind kSlot with the size of
// what the next slot holds; the child answers with one byte, whatever it is, when it has read it.
// The child can map the memory to read and in no other way (F_SEAL_FUTURE_WRITE): what the parent
// has held against a digest is what it then sees, and a child that was taken over cannot pass other
// bytes off as the blob.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "lib/base/file.h"
#include "lib/base/result.h"
#include "scanner/layer/pipeline.h"

namespace landwaiter::service {

/// One MiB in all, which is enough that neither side waits for the other's turn on its core.
inline constexpr std::size_t kSlotBytes = 256u << 10;
inline constexpr std::size_t kSlots = 4;

/// Memory of all slots, mapped until it goes. Movable.
class SlotMemory {
 public:
  SlotMemory() = default;
  SlotMemory(SlotMemory&& other) noexcept;
  SlotMemory& operator=(SlotMemory&&) = delete;
  ~SlotMemory();

  /// Errors: Internal reason ScannerFailed.
  static Result<SlotMemory> Map(int fd, bool writable);
  std::span<char> Slot(std::size_t number) const;

 private:
  char* bytes_ = nullptr;
};

/// The parent's side.
class BlobRing {
 public:
  /// Errors: Internal reason ScannerFailed, also where the kernel is older than 5.1 and does not
  /// know the seal: a pipe does then.
  static Result<BlobRing> Make();

  int fd() const { return fd_.get(); }
  std::span<char> Slot(std::size_t number) const { return memory_.Slot(number % kSlots); }

 private:
  BlobRing(FileDescriptor fd, SlotMemory memory) : fd_(std::move(fd)), memory_(std::move(memory)) {}

  FileDescriptor fd_;
  SlotMemory memory_;
};

/// The child's side: the blob's bytes as they lie in the ring, each slot the parent's again when
/// the next one is asked for. `transfer` is the socket of the blob's frames; `memory` outlives the
/// reader; SIGPIPE is ignored. Errors: Unavailable where the parent is gone, DataLoss for a frame
/// out of place, and what the parent tells of the blob.
layer::NextChunk RingReader(FileDescriptor transfer, const SlotMemory& memory);

}  // namespace landwaiter::service
