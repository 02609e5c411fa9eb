// What a scan's parent and child say to each other.
//
// Over a SOCK_SEQPACKET socket, one JSON object a packet, at most kMaxPacketBytes:
//   parent → child  {"start": {platforms, singleOfAnyPlatform, limits, layersAtOnce, scratch:
//   [fd…], archive: fd?}} child → parent  {"manifest": digest or null}           answered by one
//   byte and a pipe child → parent  {"blob": digest, "size", "mediaType"}  likewise child → parent
//   {"inventory": digest, "size", "mediaType", "diffID"}  likewise: of a layer, encoded, as a child
//   of its own or the cache gives it
//   {"malware": true}                                            likewise: a socket
//   (malware_channel.h)
//   {"progress": {…}}, {"layer": n, "digest", "done"}: not answered
// A pipe carries frames: one byte of kind, four of length (little endian), the payload. "h" is a
// JSON head (manifests only), "d" data, "e" the end, "x" an error as JSON. So a broken transfer is
// told with the registry's own reason, and never taken for the end. A child that was given a ring
// (blob_ring.h) gets a socket in a pipe's place, and "s" in place of "d": so many bytes stand in
// the ring's next slot.
// The result stands in a memory file: the inventory where the child ends with kExitInventory, an
// error where it ends with kExitError.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/digest.h"
#include "lib/base/file.h"
#include "lib/base/result.h"
#include "model/platform.h"
#include "scanner/layer/limits.h"
#include "scanner/layer/path.h"
#include "scanner/service/scan_image.h"

namespace landwaiter::service {

inline constexpr int kSocketFd = 3;
inline constexpr int kResultFd = 4;
inline constexpr int kFirstScratchFd = 5;
inline constexpr int kExitInventory = 0;
inline constexpr int kExitError = 1;
inline constexpr std::size_t kMaxPacketBytes = 64u << 10;
inline constexpr std::size_t kMaxFrameBytes = 1u << 20;
inline constexpr std::size_t kMaxErrorBytes = 64u << 10;

/// A layer to be read by a child of its own.
struct LayerJob {
  Digest digest;
  std::uint64_t size = 0;
  std::string media_type;
  Digest diff_id;
  bool cores_are_busy = false;  // layer::LayerDescriptor's
  friend bool operator==(const LayerJob&, const LayerJob&) = default;
};

struct StartMessage {
  Subject subject = Subject::kImage;
  packages::Declared declared = packages::Declared::kHints;
  std::vector<Platform> platforms;
  bool single_of_any_platform = false;
  layer::Limits limits;
  Collection collection;
  unsigned layers_at_once = 1;
  unsigned cores = 1;
  std::vector<int> scratch_fds;
  std::optional<int> archive_fd;
  std::string archive_name;
  std::string archive_image;
  std::uint64_t memory_bytes = 0;
  std::uint64_t cpu_seconds = 0;
  std::uint64_t file_bytes = 0;
  std::optional<int> ring_fd;
  layer::NameKey name_key{};
  /// The child reads this layer alone; its result is the layer's inventory, encoded.
  std::optional<LayerJob> layer;
  /// The child asks for layers' inventories instead of reading blobs.
  bool layers_apart = false;
  /// Files up to this size are shown to the parent, who has them looked at for malware; 0: none.
  std::uint64_t malware_max_bytes = 0;
  /// Which database of signatures they are looked at with: part of the cache's keys, and of no
  /// matter to the child.
  std::string malware_database;
};
std::string ToJson(const StartMessage& message);
/// From the parent, which is trusted. Errors: Internal.
Result<StartMessage> StartMessageFromJson(std::string_view json);

/// What a child says. It may have been taken over by what it reads: checked field by field.
struct ChildMessage {
  enum class Kind { kManifest, kBlob, kInventory, kMalware, kProgress, kLayer };
  Kind kind = Kind::kProgress;
  std::optional<Digest> digest = {};  // kManifest: absent for the image itself
  std::uint64_t size = 0;
  std::string media_type = {};
  Digest diff_id = {};          // kInventory
  bool cores_are_busy = false;  // kInventory
  ScanProgress progress = {};
  int layer = 0;
  bool done = false;
};
std::string ToJson(const ChildMessage& message);
/// Errors: InvalidArgument reason ScannerFailed.
Result<ChildMessage> ChildMessageFromJson(std::string_view json);

std::string ErrorToJson(const Error& error);
/// The words are made printable and short, the reason must be a known one. Bytes that are no error
/// become one: InvalidArgument, reason ScannerFailed.
Error ErrorFromJson(std::string_view json);

/// One packet, with a descriptor where there is one. Errors: Unavailable once the other side is
/// gone; InvalidArgument for a packet that is too long.
Status SendPacket(int socket, std::string_view bytes, int fd = -1);
struct Packet {
  std::string bytes;  // empty: the other side is gone
  FileDescriptor fd;
};
enum class Descriptors { kNone, kOne };
/// Errors: Unavailable; InvalidArgument for a packet that is too long or brings more descriptors
/// than are `wanted`, none of which is left open: a child could fill its parent's table with them,
/// or keep its parent's own end of a transfer from ending.
Result<Packet> ReceivePacket(int socket, Descriptors wanted);

/// Frames in a pipe.
enum class FrameKind : char { kHead = 'h', kData = 'd', kEnd = 'e', kError = 'x', kSlot = 's' };
Status WriteFrame(int fd, FrameKind kind, std::string_view payload);
/// A frame of kind kSlot: its bytes are not in it.
Status WriteSlotFrame(int fd, std::size_t size);
struct FrameHeader {
  FrameKind kind = FrameKind::kEnd;
  std::uint32_t size = 0;
};
/// Errors: Unavailable where the pipe ends, DataLoss for an unknown kind or a length too large.
Result<FrameHeader> ReadFrameHeader(int fd);
/// Exactly `size` bytes. Errors: Unavailable where the pipe ends.
Status ReadExactly(int fd, char* buffer, std::size_t size);
/// What a frame of kind kError and that size tells; or why it cannot be read.
Error ReadFrameError(int fd, std::uint32_t size);

}  // namespace landwaiter::service
