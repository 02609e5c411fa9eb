#include "scanner/service/scan_in_child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/text.h"
#include "model/scan_request.h"
#include "scanner/image/source.h"
#include "scanner/service/blob_server.h"
#include "scanner/service/child_process.h"
#include "scanner/service/protocol.h"
#include "scanner/service/sandbox.h"

namespace landwaiter::service {
namespace {

// Files that are spooled whole, and room for the inventory's JSON.
constexpr std::uint64_t kMinFileBytes = 1ull << 30;
// Layers of an image that are named in a message.
constexpr std::size_t kMaxNamedLayers = 4;

Error ScannerFailed(std::string message) {
  return Internal(std::move(message)).WithReason(scan_reason::kScannerFailed);
}

// The source of a scan whose child has the archive in its own hands.
class NoSource final : public image::ImageSource {
 public:
  std::string Name() const override { return "archive"; }
  Result<image::RawManifest> Manifest(const std::optional<Digest>& /*digest*/) override {
    return Refuse();
  }
  Result<std::unique_ptr<image::BlobReader>> Blob(const image::Descriptor& /*blob*/) override {
    return Refuse();
  }

 private:
  static Error Refuse() { return ScannerFailed("the archive's scan has no other source"); }
};

class ChildScan {
 public:
  ChildScan(image::ImageSource& source, const ScanOptions& options, const ChildOptions& child,
            const Cancellation& cancel)
      : server_(source),
        options_(options),
        child_options_(child),
        cancel_(cancel.Within(child.timeout)),
        outer_(cancel) {}

  Result<ImageInventory> Run(std::optional<int> archive_fd);

 private:
  Status MakeFiles(std::optional<int> archive_fd);
  StartMessage MakeStart(std::optional<int> archive_fd) const;
  Result<ImageInventory> Watch(ChildProcess& child);
  /// False once the child has hung up.
  Result<bool> HandlePacket();
  Status HandleMessage(const ChildMessage& message);
  Error Interrupted() const;
  Result<ImageInventory> Judge(int status) const;
  Result<std::string> ReadResult(std::size_t max_bytes) const;
  Result<ImageInventory> ReadInventory() const;
  std::string Doing() const;

  BlobServer server_;
  const ScanOptions& options_;
  const ChildOptions& child_options_;
  const Cancellation cancel_;
  const Cancellation& outer_;
  FileDescriptor socket_;
  FileDescriptor child_socket_;
  FileDescriptor result_;
  FileDescriptor stopped_;
  std::vector<FileDescriptor> scratch_;
  std::map<int, Digest> reading_;  // layers that the child has begun and not ended
};

Status ChildScan::MakeFiles(std::optional<int> archive_fd) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return ScannerFailed(std::string("no socket for the image parser: ") + strerror(errno));
  }
  socket_ = FileDescriptor(ends[0]);
  child_socket_ = FileDescriptor(ends[1]);
  result_ = FileDescriptor(memfd_create("landwaiter-inventory", MFD_CLOEXEC));
  stopped_ = FileDescriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!result_ || !stopped_) {
    return ScannerFailed(std::string("no files for the image parser: ") + strerror(errno));
  }
  const std::size_t count = std::max(1u, options_.layers_at_once) + (archive_fd ? 1 : 0);
  for (std::size_t i = 0; i < count; ++i) {
    auto file = MakeScratchFile(child_options_.scratch_directory);
    if (!file) return std::move(file).error();
    scratch_.push_back(*std::move(file));
  }
  return Ok();
}

StartMessage ChildScan::MakeStart(std::optional<int> archive_fd) const {
  StartMessage start;
  start.platforms = options_.platforms;
  start.single_of_any_platform = options_.single_of_any_platform;
  start.limits = options_.limits;
  start.layers_at_once = std::max(1u, options_.layers_at_once);
  for (std::size_t i = 0; i < scratch_.size(); ++i) {
    start.scratch_fds.push_back(kFirstScratchFd + static_cast<int>(i));
  }
  if (archive_fd) start.archive_fd = kFirstScratchFd + static_cast<int>(scratch_.size());
  start.archive_name = options_.archive_name;
  start.archive_image = options_.archive_image;
  start.memory_bytes = child_options_.memory_bytes;
  start.cpu_seconds = child_options_.cpu_seconds;
  start.file_bytes = std::max(kMinFileBytes, 2 * options_.limits.spooled_bytes);
  if (archive_fd) start.file_bytes = std::max(start.file_bytes, options_.limits.inflated_bytes);
  return start;
}

Result<ImageInventory> ChildScan::Run(std::optional<int> archive_fd) {
  if (auto made = MakeFiles(archive_fd); !made) return std::move(made).error();
  std::vector<int> fds = {child_socket_.get(), result_.get()};
  for (const auto& file : scratch_) fds.push_back(file.get());
  if (archive_fd) fds.push_back(*archive_fd);
  auto child = ChildProcess::Start(child_options_.program, child_options_.arguments, fds);
  if (!child) return std::move(child).error();
  child_socket_.Close();
  if (auto sent = SendPacket(socket_.get(), ToJson(MakeStart(archive_fd))); !sent) {
    const int status = child->Wait();
    return Judge(status);
  }
  auto inventory = Watch(*child);
  child->Kill();
  child->Wait();  // before the transfers are waited for: its end is theirs
  return inventory;
}

Error ChildScan::Interrupted() const {
  if (cancel_.Stopped()) return {Code::kCancelled, "the scan was cancelled"};
  if (outer_.Expired()) return {Code::kDeadlineExceeded, "the scan took too long" + Doing()};
  const auto limit = std::chrono::duration_cast<std::chrono::seconds>(child_options_.timeout);
  Error error = ScannerFailed("the scan did not end within " + std::to_string(limit.count()) +
                              " s" + Doing());
  error.code = Code::kDeadlineExceeded;
  return error;
}

Result<ImageInventory> ChildScan::Watch(ChildProcess& child) {
  const std::stop_callback on_stop(cancel_.stop, [this] {
    const std::uint64_t one = 1;
    if (write(stopped_.get(), &one, sizeof(one)) < 0) {
      // Full: it is readable already.
    }
  });
  bool talking = true;
  for (;;) {
    std::array<pollfd, 3> files = {{{child.pidfd(), POLLIN, 0},
                                    {stopped_.get(), POLLIN, 0},
                                    {talking ? socket_.get() : -1, POLLIN, 0}}};
    const int ready = poll(files.data(), files.size(), static_cast<int>(cancel_.Left().count()));
    if (ready < 0 && errno != EINTR) return ScannerFailed(std::string("poll: ") + strerror(errno));
    if (files[1].revents != 0 || cancel_.Expired() || cancel_.Stopped()) return Interrupted();
    if (files[2].revents != 0) {
      auto more = HandlePacket();
      if (!more) return std::move(more).error();
      talking = *more;
      continue;  // what it still said comes before its end
    }
    if (files[0].revents != 0) return Judge(child.Wait());
  }
}

Result<bool> ChildScan::HandlePacket() {
  auto packet = ReceivePacket(socket_.get());
  if (!packet && packet.error().code == Code::kUnavailable) return false;
  if (!packet) return std::move(packet).error().WithReason(scan_reason::kScannerFailed);
  if (packet->bytes.empty()) return false;
  auto message = ChildMessageFromJson(packet->bytes);
  if (!message) return std::move(message).error();
  auto handled = HandleMessage(*message);
  if (!handled && handled.error().code == Code::kUnavailable) return false;  // its end says why
  if (!handled) return std::move(handled).error();
  return true;
}

Status ChildScan::HandleMessage(const ChildMessage& message) {
  switch (message.kind) {
    case ChildMessage::Kind::kProgress:
      if (options_.on_progress) options_.on_progress(message.progress);
      return Ok();
    case ChildMessage::Kind::kLayer:
      if (message.done) {
        reading_.erase(message.layer);
      } else if (reading_.size() < 2 * options_.limits.layers) {
        reading_[message.layer] = *message.digest;
      }
      if (options_.on_layer) options_.on_layer(message.layer, *message.digest, message.done);
      return Ok();
    case ChildMessage::Kind::kManifest:
    case ChildMessage::Kind::kBlob: {
      auto pipe = server_.Answer(message);
      if (!pipe) return std::move(pipe).error();
      return SendPacket(socket_.get(), ".", pipe->get());
    }
  }
  return Ok();
}

std::string ChildScan::Doing() const {
  if (reading_.empty()) return "";
  std::string text = reading_.size() == 1 ? " while reading layer " : " while reading layers ";
  std::size_t named = 0;
  for (const auto& [number, digest] : reading_) {
    if (named == kMaxNamedLayers) return text + " and more";
    if (named++ > 0) text += ", ";
    text += std::to_string(number) + " (" + digest.ToString() + ")";
  }
  return text;
}

Result<std::string> ChildScan::ReadResult(std::size_t max_bytes) const {
  struct stat facts {};
  if (fstat(result_.get(), &facts) != 0) return ScannerFailed("the result cannot be read");
  if (facts.st_size < 0 || static_cast<std::uint64_t>(facts.st_size) > max_bytes) {
    return ScannerFailed("the image parser answered " + std::to_string(facts.st_size) +
                         " bytes, at most " + std::to_string(max_bytes) + " are accepted");
  }
  std::string bytes(static_cast<std::size_t>(facts.st_size), '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t count =
        pread(result_.get(), bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return ScannerFailed("the result cannot be read");
    have += static_cast<std::size_t>(count);
  }
  return bytes;
}

Result<ImageInventory> ChildScan::ReadInventory() const {
  auto json = ReadResult(kMaxInventoryJsonBytes);
  if (!json) return std::move(json).error();
  auto inventory = ImageInventoryFromJson(*json);
  if (!inventory) {
    return ScannerFailed("the image parser answered no sound inventory: " +
                         text::Printable(text::Truncate(inventory.error().message, 500)));
  }
  const auto root = server_.root();
  if (root && inventory->digest != *root) {
    return ScannerFailed("the image parser answered an inventory of " +
                         inventory->digest.ToString() + ", expected one of " + root->ToString());
  }
  if (inventory->platforms.empty()) {
    return ScannerFailed("the image parser answered an inventory without a platform");
  }
  return inventory;
}

Result<ImageInventory> ChildScan::Judge(int status) const {
  if (WIFSIGNALED(status)) {
    return ScannerFailed("the image parser was killed by " + DescribeSignal(WTERMSIG(status)) +
                         Doing());
  }
  const int code = WEXITSTATUS(status);
  if (code == kExitInventory) return ReadInventory();
  if (code != kExitError) {
    return ScannerFailed("the image parser ended with status " + std::to_string(code) + Doing());
  }
  auto json = ReadResult(kMaxErrorBytes);
  if (!json) return std::move(json).error();
  return ErrorFromJson(*json);
}

}  // namespace

Result<ImageInventory> ScanInChild(image::ImageSource& source, const ScanOptions& options,
                                   const ChildOptions& child, const Cancellation& cancel) {
  return ChildScan(source, options, child, cancel).Run(std::nullopt);
}

Result<ImageInventory> ScanArchiveInChild(int archive_fd, const ScanOptions& options,
                                          const ChildOptions& child, const Cancellation& cancel) {
  NoSource none;
  return ChildScan(none, options, child, cancel).Run(archive_fd);
}

}  // namespace landwaiter::service
