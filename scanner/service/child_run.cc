#include "scanner/service/child_run.h"

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
#include <utility>

#include "model/scan_request.h"
#include "scanner/service/child_process.h"
#include "scanner/service/sandbox.h"

namespace landwaiter::service {
namespace {

// Layers of an image that are named in a message.
constexpr std::size_t kMaxNamedLayers = 4;

}  // namespace

Error ScannerFailed(std::string message) {
  return Internal(std::move(message)).WithReason(scan_reason::kScannerFailed);
}

Result<std::string> ReadResult(const FilePart& result, std::size_t max_bytes) {
  if (result.size > max_bytes) {
    return ScannerFailed("the image parser answered " + std::to_string(result.size) +
                         " bytes, at most " + std::to_string(max_bytes) + " are accepted");
  }
  std::string bytes(static_cast<std::size_t>(result.size), '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t count = pread(result.file.get(), bytes.data() + have, bytes.size() - have,
                                static_cast<off_t>(result.offset + have));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return ScannerFailed("the result cannot be read");
    have += static_cast<std::size_t>(count);
  }
  return bytes;
}

Result<FilePart> ChildRun::Run(StartMessage start, unsigned scratch_files,
                               std::optional<int> archive_fd, const BlobRing* ring) {
  if (auto made = MakeFiles(scratch_files); !made) return std::move(made).error();
  std::vector<int> fds = {child_socket_.get(), result_.get()};
  for (const auto& file : scratch_) {
    start.scratch_fds.push_back(kSocketFd + static_cast<int>(fds.size()));
    fds.push_back(file.get());
  }
  if (archive_fd) {
    start.archive_fd = kSocketFd + static_cast<int>(fds.size());
    fds.push_back(*archive_fd);
  }
  if (ring != nullptr) {
    start.ring_fd = kSocketFd + static_cast<int>(fds.size());
    fds.push_back(ring->fd());
  }
  start.memory_bytes = child_options_.memory_bytes;
  start.cpu_seconds = child_options_.cpu_seconds;
  auto child = ChildProcess::Start(child_options_.program, child_options_.arguments, fds);
  if (!child) return std::move(child).error();
  child_socket_.Close();
  if (auto sent = SendPacket(socket_.get(), ToJson(start)); !sent) return Judge(child->Wait());
  auto result = Watch(*child);
  child->Kill();
  child->Wait();  // before the transfers are waited for: its end is theirs
  return result;
}

Status ChildRun::MakeFiles(unsigned scratch_files) {
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
  for (unsigned i = 0; i < scratch_files; ++i) {
    auto file = MakeScratchFile(child_options_.scratch_directory);
    if (!file) return std::move(file).error();
    scratch_.push_back(*std::move(file));
  }
  return Ok();
}

Error ChildRun::Interrupted() const {
  if (cancel_.Stopped()) return {Code::kCancelled, "the scan was cancelled"};
  if (outer_.Expired()) return {Code::kDeadlineExceeded, "the scan took too long" + Doing()};
  const auto limit = std::chrono::duration_cast<std::chrono::seconds>(child_options_.timeout);
  Error error = ScannerFailed("the scan did not end within " + std::to_string(limit.count()) +
                              " s" + Doing());
  error.code = Code::kDeadlineExceeded;
  return error;
}

Result<FilePart> ChildRun::Watch(ChildProcess& child) {
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

Result<bool> ChildRun::HandlePacket() {
  auto packet = ReceivePacket(socket_.get(), Descriptors::kNone);
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

Status ChildRun::HandleMessage(const ChildMessage& message) {
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
    case ChildMessage::Kind::kBlob:
    case ChildMessage::Kind::kInventory:
    case ChildMessage::Kind::kMalware: {
      auto pipe = server_.Answer(message);
      if (!pipe) return std::move(pipe).error();
      return SendPacket(socket_.get(), ".", pipe->get());
    }
  }
  return Ok();
}

std::string ChildRun::Doing() const {
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

std::optional<std::uint64_t> ChildRun::ResultSize() const {
  struct stat facts {};
  if (fstat(result_.get(), &facts) != 0 || facts.st_size < 0) return std::nullopt;
  return static_cast<std::uint64_t>(facts.st_size);
}

Result<FilePart> ChildRun::Judge(int status) {
  if (WIFSIGNALED(status)) {
    return ScannerFailed("the image parser was killed by " + DescribeSignal(WTERMSIG(status)) +
                         Doing());
  }
  const int code = WEXITSTATUS(status);
  if (code == kExitInventory) {
    const auto size = ResultSize();
    if (!size) return ScannerFailed("the result cannot be read");
    return FilePart{std::move(result_), 0, *size};
  }
  if (code != kExitError) {
    return ScannerFailed("the image parser ended with status " + std::to_string(code) + Doing());
  }
  const auto size = ResultSize();
  if (!size) return ScannerFailed("the result cannot be read");
  auto json = ReadResult({std::move(result_), 0, *size}, kMaxErrorBytes);
  if (!json) return std::move(json).error();
  return ErrorFromJson(*json);
}

}  // namespace landwaiter::service
