#include "scanner/service/blob_ring.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "model/scan_request.h"
#include "scanner/service/protocol.h"

namespace landwaiter::service {
namespace {

constexpr std::size_t kRingBytes = kSlots * kSlotBytes;

Error NoRing(const std::string& what) {
  return Internal("no memory to hand a blob on: " + what + ": " + strerror(errno))
      .WithReason(scan_reason::kScannerFailed);
}

void GiveBack(int transfer) {
  const char done = '.';
  ssize_t wrote = 0;
  do {
    wrote = write(transfer, &done, 1);
  } while (wrote < 0 && errno == EINTR);
  // A parent that is gone is noticed by the next read.
}

}  // namespace

SlotMemory::SlotMemory(SlotMemory&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)) {}

SlotMemory::~SlotMemory() {
  if (bytes_ != nullptr) munmap(bytes_, kRingBytes);
}

Result<SlotMemory> SlotMemory::Map(int fd, bool writable) {
  void* mapped =
      mmap(nullptr, kRingBytes, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) return NoRing("mmap");
  SlotMemory memory;
  memory.bytes_ = static_cast<char*>(mapped);
  return memory;
}

std::span<char> SlotMemory::Slot(std::size_t number) const {
  return {bytes_ + number * kSlotBytes, kSlotBytes};
}

Result<BlobRing> BlobRing::Make() {
  FileDescriptor fd(memfd_create("landwaiter-blob", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return NoRing("memfd_create");
  if (ftruncate(fd.get(), kRingBytes) != 0) return NoRing("ftruncate");
  auto memory = SlotMemory::Map(fd.get(), true);
  if (!memory) return std::move(memory).error();
  // Shrinking would pull the pages away from under the parent.
  constexpr int kSeals = F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  if (fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) return NoRing("its seal");
  return BlobRing(std::move(fd), *std::move(memory));
}

layer::NextChunk RingReader(FileDescriptor transfer, const SlotMemory& memory) {
  return [socket = std::make_shared<FileDescriptor>(std::move(transfer)), &memory,
          next = std::size_t{0}]() mutable -> Result<std::string_view> {
    if (next > 0) GiveBack(socket->get());
    auto frame = ReadFrameHeader(socket->get());
    if (!frame) return std::move(frame).error();
    switch (frame->kind) {
      case FrameKind::kEnd:
        return std::string_view();
      case FrameKind::kError:
        return ReadFrameError(socket->get(), frame->size);
      case FrameKind::kSlot:
        break;
      default:
        return DataLoss("a frame of the scan is out of place");
    }
    const std::span<const char> slot = memory.Slot(next++ % kSlots);
    if (frame->size > slot.size()) return DataLoss("a frame of the scan is malformed");
    return std::string_view(slot.data(), frame->size);
  };
}

}  // namespace landwaiter::service
