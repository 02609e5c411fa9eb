#include "scanner/service/child.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "lib/base/cancellation.h"
#include "lib/base/digest.h"
#include "model/inventory_codec.h"
#include "model/scan_request.h"
#include "scanner/image/archive.h"
#include "scanner/image/manifest.h"
#include "scanner/layer/file_hashes.h"
#include "scanner/layer/inventory_codec.h"
#include "scanner/layer/path.h"
#include "scanner/layer/scan_layer.h"
#include "scanner/packages/source.h"
#include "scanner/service/blob_ring.h"
#include "scanner/service/malware_channel.h"
#include "scanner/service/sandbox.h"
#include "scanner/service/scan_files.h"
#include "scanner/service/scan_in_child.h"
#include "scanner/service/start_pages.h"

namespace landwaiter::service {
namespace {

constexpr std::string_view kCommand = "__scan-child";

class PipeReader final : public image::BlobReader {
 public:
  explicit PipeReader(FileDescriptor fd) : fd_(std::move(fd)) {}

  Result<std::size_t> Read(char* buffer, std::size_t size) override {
    while (left_ == 0) {
      if (ended_) return std::size_t{0};
      auto frame = ReadFrameHeader(fd_.get());
      if (!frame) return std::move(frame).error();
      if (frame->kind == FrameKind::kError) return ReadFrameError(fd_.get(), frame->size);
      if (frame->kind == FrameKind::kHead) return DataLoss("a frame of the scan is out of place");
      ended_ = frame->kind == FrameKind::kEnd;
      left_ = frame->size;
    }
    ssize_t count = 0;
    do {
      count = read(fd_.get(), buffer, std::min<std::size_t>(size, left_));
    } while (count < 0 && errno == EINTR);
    if (count <= 0) return Unavailable("the scan's parent is gone");
    left_ -= static_cast<std::uint32_t>(count);
    return static_cast<std::size_t>(count);
  }

 private:
  FileDescriptor fd_;
  std::uint32_t left_ = 0;
  bool ended_ = false;
};

Result<std::string> ReadWhole(image::BlobReader& reader, std::size_t max_bytes,
                              std::string_view what) {
  std::string bytes;
  std::string buffer(64u << 10, '\0');
  for (;;) {
    auto count = reader.Read(buffer.data(), buffer.size());
    if (!count) return std::move(count).error();
    if (*count == 0) return bytes;
    if (bytes.size() + *count > max_bytes) return layer::TooLarge(what, max_bytes, "bytes");
    bytes.append(buffer, 0, *count);
  }
}

// Everything that would open a file the first time it is used, used once while it still may.
void WarmUp() {
  (void)Sha256::Of("");
  (void)layer::HashName("");
  (void)packages::SourceVersions();
  (void)layer::Sha1Of("");  // and the other hashes of files
  try {
    throw std::bad_alloc();  // the unwinder looks up its tables
  } catch (const std::exception& e) {
    (void)strlen(e.what());
  }
  (void)strerror(ENOENT);
}

void WriteResult(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(kResultFd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) abort();  // without a result there is nothing to say but that
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void ForgetResult() {
  if (ftruncate(kResultFd, 0) != 0 || lseek(kResultFd, 0, SEEK_SET) != 0) abort();
}

Result<std::string> Start(const std::function<Result<std::string>(const StartMessage&)>& work) {
  auto packet = ReceivePacket(kSocketFd, Descriptors::kNone);
  if (!packet) return std::move(packet).error();
  auto start = StartMessageFromJson(packet->bytes);
  if (!start) return std::move(start).error();
  layer::UseNameKey(start->name_key);
  WarmUp();
  ForgetStartPages();
  int last_fd = kResultFd;
  for (const int fd : start->scratch_fds) last_fd = std::max(last_fd, fd);
  last_fd = std::max({last_fd, start->archive_fd.value_or(0), start->ring_fd.value_or(0)});
  auto entered = EnterSandbox({.socket_fd = kSocketFd,
                               .last_fd = last_fd,
                               .memory_bytes = start->memory_bytes,
                               .cpu_seconds = start->cpu_seconds,
                               .file_bytes = start->file_bytes});
  if (!entered) return std::move(entered).error();
  return work(*start);
}

// The one layer that this child was started for.
Result<std::string> ReadLayer(const LayerJob& job, const StartMessage& start) {
  ParentSource parent(kSocketFd);
  auto blob =
      parent.Transfer({.media_type = job.media_type, .digest = job.digest, .size = job.size});
  if (!blob) return std::move(blob).error();
  std::optional<SlotMemory> memory;
  if (start.ring_fd) {
    auto mapped = SlotMemory::Map(*start.ring_fd, false);
    if (!mapped) return std::move(mapped).error();
    memory.emplace(*std::move(mapped));
  }
  std::optional<PipeReader> pipe;
  const layer::ReadBytes read = [&](char* buffer, std::size_t size) {
    return pipe->Read(buffer, size);
  };
  layer::NextChunk next;
  if (memory) {
    next = RingReader(*std::move(blob), *memory);
  } else {
    pipe.emplace(*std::move(blob));
    next = layer::Buffered(read);
  }
  const layer::LayerDescriptor descriptor{.digest = job.digest,
                                          .size_bytes = job.size,
                                          .media_type = job.media_type,
                                          .diff_id = job.diff_id,
                                          .blob_verified = true,  // LayerJobs' blob server
                                          .cores_are_busy = job.cores_are_busy};
  layer::LayerOptions options;
  if (!start.scratch_fds.empty()) options.scratch_fd = start.scratch_fds.front();
  options.collection = start.collection;
  std::unique_ptr<layer::MalwareLook> malware;
  if (start.malware_max_bytes > 0) {
    auto look = parent.Malware(start.malware_max_bytes);
    if (!look) return std::move(look).error();
    malware = *std::move(look);
    options.malware = malware.get();
  }
  layer::Budget budget(start.limits);
  auto inventory = layer::ScanLayer(descriptor, next, options, budget, {});
  if (!inventory) return std::move(inventory).error();
  layer::EncodeInventory(*inventory, WriteResult);
  return std::string();  // all is written
}

}  // namespace

Result<std::string> Scan(const StartMessage& start) {
  if (start.layer) return ReadLayer(*start.layer, start);
  ParentSource parent(kSocketFd);
  ScanOptions options;
  options.subject = start.subject;
  options.declared = start.declared;
  options.platforms = start.platforms;
  options.single_of_any_platform = start.single_of_any_platform;
  options.limits = start.limits;
  options.collection = start.collection;
  options.layers_at_once = start.layers_at_once;
  options.cores = start.cores;
  options.scratch_fds = start.scratch_fds;
  if (start.malware_max_bytes > 0) {
    options.malware = [&] { return parent.Malware(start.malware_max_bytes); };
  }
  options.on_progress = [&](const ScanProgress& progress) {
    parent.Tell({.kind = ChildMessage::Kind::kProgress, .progress = progress});
  };
  options.on_layer = [&](int layer, const Digest& digest, bool done) {
    parent.Tell(
        {.kind = ChildMessage::Kind::kLayer, .digest = digest, .layer = layer, .done = done});
  };
  if (start.layers_apart) {
    options.read_layer = [&](const layer::LayerDescriptor& descriptor) {
      return parent.Layer(descriptor);
    };
  }
  const Cancellation cancel;  // the parent ends this process
  std::unique_ptr<image::ImageSource> archive;
  if (start.archive_fd) {
    image::ArchiveOptions archive_options;
    archive_options.image = start.archive_image;
    archive_options.max_inflated_bytes = start.limits.inflated_bytes;
    if (!options.scratch_fds.empty()) {  // the last one is the archive's own
      archive_options.scratch = FileDescriptor(options.scratch_fds.back());
      options.scratch_fds.pop_back();
    }
    auto opened = image::OpenArchive(FileDescriptor(*start.archive_fd), start.archive_name,
                                     std::move(archive_options), cancel);
    if (!opened) return std::move(opened).error();
    archive = *std::move(opened);
  }
  image::ImageSource& source = archive ? *archive : parent;
  const bool files = start.subject == Subject::kFiles || start.subject == Subject::kDocument;
  auto inventory = files ? ScanFiles(source, options, cancel) : ScanImage(source, options, cancel);
  if (!inventory) return std::move(inventory).error();
  EncodeImageInventory(*inventory, WriteResult);
  return std::string();  // all is written
}

Result<FileDescriptor> ParentSource::Ask(const ChildMessage& question) {
  const std::lock_guard lock(mutex_);
  if (auto sent = SendPacket(socket_, ToJson(question)); !sent) return std::move(sent).error();
  auto answer = ReceivePacket(socket_, Descriptors::kOne);
  if (!answer) return std::move(answer).error();
  if (!answer->fd)
    return Unavailable("the scan's parent gave no answer, or too many files are open")
        .WithReason(scan_reason::kScannerFailed);
  return std::move(answer->fd);
}

Result<std::unique_ptr<layer::MalwareLook>> ParentSource::Malware(std::uint64_t max_file_bytes) {
  auto socket = Ask({.kind = ChildMessage::Kind::kMalware});
  if (!socket) return std::move(socket).error();
  return std::unique_ptr<layer::MalwareLook>(
      std::make_unique<MalwareChannel>(*std::move(socket), max_file_bytes));
}

void ParentSource::Tell(const ChildMessage& message) {
  const std::lock_guard lock(mutex_);
  SendPacket(socket_, ToJson(message)).IgnoreError("only tells how far the scan is");
}

Result<image::RawManifest> ParentSource::Manifest(const std::optional<Digest>& digest) {
  auto pipe = Ask({.kind = ChildMessage::Kind::kManifest, .digest = digest});
  if (!pipe) return std::move(pipe).error();
  auto head = ReadFrameHeader(pipe->get());
  if (!head) return std::move(head).error();
  if (head->kind == FrameKind::kError) return ReadFrameError(pipe->get(), head->size);
  std::string media_type(head->size, '\0');
  if (auto read = ReadExactly(pipe->get(), media_type.data(), media_type.size()); !read) {
    return std::move(read).error();
  }
  PipeReader reader(*std::move(pipe));
  auto bytes = ReadWhole(reader, image::kMaxManifestBytes, "a manifest");
  if (!bytes) return std::move(bytes).error();
  image::RawManifest manifest{
      .bytes = *std::move(bytes), .media_type = std::move(media_type), .digest = {}};
  manifest.digest = Sha256::Of(manifest.bytes);
  return manifest;
}

Result<FileDescriptor> ParentSource::Transfer(const image::Descriptor& descriptor) {
  return Ask({.kind = ChildMessage::Kind::kBlob,
              .digest = descriptor.digest,
              .size = descriptor.size,
              .media_type = descriptor.media_type.substr(0, 1024)});
}

Result<std::unique_ptr<image::BlobReader>> ParentSource::Blob(const image::Descriptor& descriptor) {
  auto pipe = Transfer(descriptor);
  if (!pipe) return std::move(pipe).error();
  return std::unique_ptr<image::BlobReader>(std::make_unique<PipeReader>(*std::move(pipe)));
}

Result<layer::LayerInventory> ParentSource::Layer(const layer::LayerDescriptor& descriptor) {
  auto pipe = Ask({.kind = ChildMessage::Kind::kInventory,
                   .digest = descriptor.digest,
                   .size = descriptor.size_bytes,
                   .media_type = descriptor.media_type.substr(0, 1024),
                   .diff_id = descriptor.diff_id,
                   .cores_are_busy = descriptor.cores_are_busy});
  if (!pipe) return std::move(pipe).error();
  PipeReader reader(*std::move(pipe));
  return layer::DecodeInventory(
      [&](char* buffer, std::size_t size) { return reader.Read(buffer, size); });
}

void RunChild(const std::function<Result<std::string>(const StartMessage&)>& work) {
  // One arena: glibc opens a file of /proc when it trims any other, which the sandbox forbids.
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  // A ring's last slots are given back when the parent may have ended the transfer.
  signal(SIGPIPE, SIG_IGN);
  Result<std::string> result = std::string();
  try {
    result = Start(work);
  } catch (const std::bad_alloc&) {
    result = ResourceExhausted("the scan needs more memory than its limit")
                 .WithReason(scan_reason::kTooLarge);
  } catch (const std::exception& e) {
    result = Internal(std::string("the image parser failed: ") + e.what())
                 .WithReason(scan_reason::kScannerFailed);
  }
  if (!result) ForgetResult();  // which broke off
  WriteResult(result ? *result : ErrorToJson(result.error()));
  _exit(result ? kExitInventory : kExitError);
}

bool IsScanChild(int argc, const char* const* argv) {
  return argc == 2 && std::string_view(argv[1]) == kCommand;
}

int RunScanChild() { RunChild(Scan); }

}  // namespace landwaiter::service
