#include "scanner/service/blob_server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "lib/http/client.h"
#include "model/scan_request.h"
#include "scanner/service/malware_channel.h"

namespace landwaiter::service {
namespace {

// An index of 1024 platforms, each with a manifest, a configuration and a few layers of its own.
constexpr std::uint64_t kMaxQuestions = 64u << 10;
// More layers at once than any option asks for.
constexpr std::size_t kMaxTransfers = 64;
constexpr std::size_t kReadBytes = 256u << 10;
// The default limit of an unprivileged user (/proc/sys/fs/pipe-max-size); less is only slower.
constexpr int kPipeBytes = 1 << 20;

// Where a blob's bytes are put to reach the child: a buffer that is written to the pipe, or the
// slots of a ring.
class Outlet {
 public:
  Outlet(int fd, const BlobRing* ring) : fd_(fd), ring_(ring) {
    if (ring_ == nullptr) buffer_.resize(kReadBytes);
  }

  /// Waits for room. Empty once the child is gone.
  std::span<char> Room() {
    if (ring_ == nullptr) return buffer_;
    // A child may give back what it never took: it then reads what is no longer there, and nobody
    // else does.
    while (sent_ - returned_ >= kSlots) {
      std::array<char, kSlots> done{};
      const ssize_t count = read(fd_, done.data(), done.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return {};
      returned_ = std::min(sent_, returned_ + static_cast<std::size_t>(count));
    }
    return ring_->Slot(sent_);
  }

  /// Hands on the first bytes of the room.
  Status Send(std::size_t size) {
    if (ring_ == nullptr) return WriteFrame(fd_, FrameKind::kData, {buffer_.data(), size});
    ++sent_;
    return WriteSlotFrame(fd_, size);
  }

 private:
  const int fd_;
  const BlobRing* ring_;
  std::vector<char> buffer_;
  std::size_t sent_ = 0;
  std::size_t returned_ = 0;
};

// Nobody is left to be told; Finish tells.
Error LeftEarly() {
  return Internal("the image parser left a blob before its end")
      .WithReason(scan_reason::kScannerFailed);
}

// A child that is gone must be an error of the write, whatever the host program does with signals.
void BlockSigpipe() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace

std::optional<Digest> BlobServer::root() const {
  const std::lock_guard lock(mutex_);
  return root_;
}

Status BlobServer::ServeManifest(const std::optional<Digest>& digest, int pipe) {
  Result<image::RawManifest> manifest = [&] {
    const std::lock_guard lock(source_mutex_);
    return source_.Manifest(digest);
  }();
  if (!manifest) return std::move(manifest).error();
  if (!digest) {
    const std::lock_guard lock(mutex_);
    root_ = manifest->digest;
  }
  if (auto wrote = WriteFrame(pipe, FrameKind::kHead, manifest->media_type.substr(0, 1024));
      !wrote) {
    return Ok();  // the child is gone: nobody is left to be told
  }
  for (std::string_view rest = manifest->bytes; !rest.empty();) {
    const std::string_view piece = rest.substr(0, kReadBytes);
    if (auto wrote = WriteFrame(pipe, FrameKind::kData, piece); !wrote) return Ok();
    rest.remove_prefix(piece.size());
  }
  WriteFrame(pipe, FrameKind::kEnd, {}).IgnoreError("the child is gone");
  return Ok();
}

Result<BlobServer::Filled> BlobServer::Fill(image::BlobReader& blob, std::span<char> room) const {
  Filled filled;
  // What comes at once and does not fit is copied twice: such a rest of the room stays empty.
  while (filled.size == 0 || room.size() - filled.size >= http::kBodyPieceBytes) {
    auto count = blob.Read(room.data() + filled.size, room.size() - filled.size);
    if (!count) return std::move(count).error();
    if (*count == 0) {
      filled.ended = true;
      break;
    }
    if (options_.on_bytes) options_.on_bytes(*count);
    filled.size += *count;
  }
  return filled;
}

Status BlobServer::ServeBlob(const ChildMessage& question, int pipe) {
  Status passed = PassBlob(question, pipe);
  if (!options_.verify) return passed;
  const std::lock_guard lock(mutex_);
  if (passed) {
    passed_.insert(*question.digest);
  } else if (!wrong_) {
    wrong_ = passed.error();
  }
  return passed;
}

Status BlobServer::Finish() {
  transfers_.clear();
  const std::lock_guard lock(mutex_);
  return wrong_ ? Status(*wrong_) : Ok();
}

bool BlobServer::HasPassed(const Digest& blob) const {
  const std::lock_guard lock(mutex_);
  return passed_.contains(blob);
}

Status BlobServer::PassBlob(const ChildMessage& question, int pipe) {
  const image::Descriptor descriptor{
      .media_type = question.media_type, .digest = *question.digest, .size = question.size};
  Result<std::unique_ptr<image::BlobReader>> blob = [&] {
    const std::lock_guard lock(source_mutex_);
    return source_.Blob(descriptor);
  }();
  if (!blob) return std::move(blob).error();
  Sha256 sha;
  Outlet outlet(pipe, options_.ring);
  for (;;) {
    const std::span<char> room = outlet.Room();
    if (room.empty()) return LeftEarly();
    auto filled = Fill(**blob, room);
    if (!filled) return std::move(filled).error();
    if (filled->size > 0) {
      if (options_.verify) sha.Update({room.data(), filled->size});
      if (auto sent = outlet.Send(filled->size); !sent) return LeftEarly();
    }
    if (filled->ended) break;
  }
  if (options_.verify) {
    if (const Digest digest = sha.Finish(); digest != descriptor.digest) {
      return DataLoss("blob has digest " + digest.ToString() + ", expected " +
                      descriptor.digest.ToString())
          .WithReason(scan_reason::kDigestMismatch);
    }
  }
  WriteFrame(pipe, FrameKind::kEnd, {}).IgnoreError("the child is gone");
  return Ok();
}

Status BlobServer::ServeInventory(const ChildMessage& question, int pipe) {
  auto layer = options_.layers({.digest = *question.digest,
                                .size = question.size,
                                .media_type = question.media_type,
                                .diff_id = question.diff_id,
                                .cores_are_busy = question.cores_are_busy});
  if (!layer) return std::move(layer).error();
  std::vector<char> buffer(kReadBytes);
  for (std::uint64_t at = 0; at < layer->size;) {
    const auto wanted = std::min<std::uint64_t>(buffer.size(), layer->size - at);
    const ssize_t count =
        pread(layer->file.get(), buffer.data(), wanted, static_cast<off_t>(layer->offset + at));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      return Internal("the layer's inventory cannot be read")
          .WithReason(scan_reason::kScannerFailed);
    }
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
    if (auto wrote = WriteFrame(pipe, FrameKind::kData, bytes); !wrote) return Ok();
    at += bytes.size();
  }
  WriteFrame(pipe, FrameKind::kEnd, {}).IgnoreError("the child is gone");
  return Ok();
}

void BlobServer::Serve(const ChildMessage& question, int pipe) {
  BlockSigpipe();
  Status served = Ok();
  try {
    switch (question.kind) {
      case ChildMessage::Kind::kManifest:
        served = ServeManifest(question.digest, pipe);
        break;
      case ChildMessage::Kind::kInventory:
        served = ServeInventory(question, pipe);
        break;
      case ChildMessage::Kind::kMalware:
        options_.malware->Serve(pipe);
        break;
      default:
        served = ServeBlob(question, pipe);
    }
  } catch (const std::exception& e) {
    served = Internal(std::string("the image cannot be read: ") + e.what())
                 .WithReason(scan_reason::kScannerFailed);
  }
  if (!served) {
    WriteFrame(pipe, FrameKind::kError, ErrorToJson(served.error())).IgnoreError("child is gone");
  }
}

Result<FileDescriptor> BlobServer::Answer(const ChildMessage& question) {
  if (question.kind == ChildMessage::Kind::kInventory && !options_.layers) {
    return Internal("the image parser asked for an inventory that is its own to make")
        .WithReason(scan_reason::kScannerFailed);
  }
  if (question.kind == ChildMessage::Kind::kMalware && options_.malware == nullptr) {
    return Internal("the image parser asked for a look at malware that nobody wants")
        .WithReason(scan_reason::kScannerFailed);
  }
  transfers_.remove_if([](const Transfer& transfer) { return transfer.done.load(); });
  const bool by_ring = options_.ring != nullptr && question.kind == ChildMessage::Kind::kBlob;
  if (++questions_ > kMaxQuestions || transfers_.size() >= kMaxTransfers ||
      (by_ring && std::exchange(ring_taken_, true))) {
    return ResourceExhausted("the image parser asked for more blobs than an image can need")
        .WithReason(scan_reason::kScannerFailed);
  }
  auto ends = MakeEnds(by_ring || question.kind == ChildMessage::Kind::kMalware);
  if (!ends) {
    return Internal(std::string("no pipe for the image parser: ") + strerror(errno))
        .WithReason(scan_reason::kScannerFailed);
  }
  auto& [reading, writing] = *ends;
  Transfer& transfer = transfers_.emplace_back();
  try {
    transfer.thread = std::jthread(
        [this, question, &transfer](FileDescriptor pipe) {
          Serve(question, pipe.get());
          pipe.Close();
          transfer.done = true;
        },
        std::move(writing));
  } catch (const std::exception& e) {
    transfers_.pop_back();
    return ResourceExhausted(std::string("no thread for a transfer: ") + e.what())
        .WithReason(scan_reason::kScannerFailed);
  }
  return std::move(reading);
}

std::optional<std::array<FileDescriptor, 2>> BlobServer::MakeEnds(bool socket) {
  std::array<int, 2> ends{};
  const int made = socket ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data())
                          : pipe2(ends.data(), O_CLOEXEC);
  if (made != 0) return std::nullopt;
  if (!socket && fcntl(ends[1], F_SETPIPE_SZ, kPipeBytes) < 0) {
    // Beyond the user's share of pipe memory: the default size does.
  }
  return std::array<FileDescriptor, 2>{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

}  // namespace landwaiter::service
