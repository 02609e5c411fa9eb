#include "tests/unit/scanner/service/misbehaviour.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/base/json.h"
#include "model/inventory_codec.h"
#include "model/scan_request.h"
#include "scanner/layer/inventory_codec.h"
#include "scanner/service/child.h"

namespace landwaiter::service::testing {
namespace {

using Work = std::function<Result<std::string>(const StartMessage&)>;

Result<std::string> Survived() { return Internal("the sandbox let it pass"); }

void TellLayer() {
  ParentSource parent(kSocketFd);
  parent.Tell({.kind = ChildMessage::Kind::kLayer,
               .digest = Sha256::Of("layer"),
               .layer = 3,
               .done = false});
}

std::string InventoryOf(const Digest& digest) {
  ImageInventory inventory;
  inventory.digest = digest;
  inventory.media_type = "application/vnd.oci.image.manifest.v1+json";
  Inventory platform;
  platform.platform = {"linux", "amd64"};
  platform.manifest_digest = digest;
  platform.image_id = digest;
  inventory.platforms.push_back(platform);
  return EncodeImageInventory(inventory);
}

// What a child that was taken over would say of a layer.
std::string AnswerFor(const LayerJob& job) {
  layer::LayerInventory inventory;
  inventory.digest = job.digest;
  inventory.diff_id = job.diff_id;
  inventory.media_type = job.media_type;
  inventory.size_bytes = job.size;
  return layer::EncodeInventory(inventory);
}

Result<std::string> State() {
  std::string text = "uid " + std::to_string(getuid()) + "\nfiles";
  for (int fd = 0; fd < 64; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) text += " " + std::to_string(fd);
  }
  return Error{Code::kInternal, text, std::string(scan_reason::kScannerFailed)};
}

void Recurse(volatile char* outer, int depth) {
  std::array<volatile char, 4096> frame{};
  frame[0] = *outer;
  if (depth > 0) Recurse(frame.data(), depth - 1);
  frame[1] = frame[0];
}

const std::map<std::string, Work>& Works() {
  static const std::map<std::string, Work> kWorks = {
      {"segfault",
       [](const StartMessage&) -> Result<std::string> {
         TellLayer();
         raise(SIGSEGV);
         return Survived();
       }},
      {"segfault-in-layer",
       [](const StartMessage& start) -> Result<std::string> {
         if (start.layer) raise(SIGSEGV);
         return Scan(start);
       }},
      {"another-layer",
       [](const StartMessage& start) -> Result<std::string> {
         if (!start.layer) return Scan(start);
         layer::LayerInventory inventory;
         inventory.digest = Sha256::Of("another");
         inventory.diff_id = start.layer->diff_id;
         return layer::EncodeInventory(inventory);
       }},
      {"unread-layer",
       [](const StartMessage& start) -> Result<std::string> {
         return start.layer ? AnswerFor(*start.layer) : Scan(start);
       }},
      {"half-read-layer",
       [](const StartMessage& start) -> Result<std::string> {
         if (!start.layer) return Scan(start);
         ParentSource parent(kSocketFd);
         auto blob = parent.Transfer({.digest = start.layer->digest, .size = start.layer->size});
         if (!blob) return std::move(blob).error();
         if (auto frame = ReadFrameHeader(blob->get()); !frame) return std::move(frame).error();
         return AnswerFor(*start.layer);
       }},
      {"half-read-configuration",
       [](const StartMessage&) -> Result<std::string> {
         ParentSource parent(kSocketFd);
         auto root = parent.Manifest(std::nullopt);
         if (!root) return std::move(root).error();
         auto manifest = ParseJson(root->bytes, {1u << 20, 16});
         if (!manifest) return std::move(manifest).error();
         const auto& config = manifest->at("config");
         auto blob =
             parent.Transfer({.digest = *Digest::Parse(config.at("digest").get<std::string>()),
                              .size = config.at("size").get<std::uint64_t>()});
         if (!blob) return std::move(blob).error();
         if (auto frame = ReadFrameHeader(blob->get()); !frame) return std::move(frame).error();
         return InventoryOf(root->digest);
       }},
      {"hands-descriptors-over",
       [](const StartMessage&) -> Result<std::string> {
         SendDescriptors(kSocketFd, "{\"progress\":{}}", {kResultFd, kResultFd});
         std::array<char, 8> buffer{};
         (void)recv(kSocketFd, buffer.data(), buffer.size(), 0);
         return Survived();
       }},
      {"null",
       [](const StartMessage&) -> Result<std::string> {
         volatile int* nowhere = nullptr;
         *nowhere = 1;
         return Survived();
       }},
      {"overflow-stack",
       [](const StartMessage&) -> Result<std::string> {
         volatile char start = 0;
         Recurse(&start, 1 << 30);
         return Survived();
       }},
      {"abort", [](const StartMessage&) -> Result<std::string> { abort(); }},
      {"open-file",
       [](const StartMessage&) -> Result<std::string> {
         (void)open("/etc/passwd", O_RDONLY);
         return Survived();
       }},
      {"make-socket",
       [](const StartMessage&) -> Result<std::string> {
         (void)socket(AF_INET, SOCK_STREAM, 0);
         return Survived();
       }},
      {"exec",
       [](const StartMessage&) -> Result<std::string> {
         std::array<char*, 1> none = {nullptr};
         execve("/bin/true", none.data(), none.data());
         return Survived();
       }},
      {"fork",
       [](const StartMessage&) -> Result<std::string> {
         (void)fork();
         return Survived();
       }},
      {"kill-parent",
       [](const StartMessage&) -> Result<std::string> {
         (void)kill(getppid(), SIGKILL);
         return Survived();
       }},
      {"map-code",
       [](const StartMessage&) -> Result<std::string> {
         (void)mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                    -1, 0);
         return Survived();
       }},
      {"ptrace-self",
       [](const StartMessage&) -> Result<std::string> {
         (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
         return Survived();
       }},
      {"memory",
       [](const StartMessage&) -> Result<std::string> {
         std::vector<std::string> hoard;
         for (;;) hoard.emplace_back(16u << 20, 'x');
       }},
      {"cpu",
       [](const StartMessage&) -> Result<std::string> {
         volatile unsigned spins = 0;
         for (;;) spins = spins + 1;
       }},
      {"hang",
       [](const StartMessage&) -> Result<std::string> {
         TellLayer();
         std::array<char, 8> buffer{};
         (void)recv(kSocketFd, buffer.data(), buffer.size(), 0);
         return Survived();
       }},
      {"oversized",
       [](const StartMessage&) -> Result<std::string> {
         if (ftruncate(kResultFd, static_cast<off_t>(kMaxInventoryJsonBytes) + 1) != 0) abort();
         return std::string("{}");
       }},
      {"no-json", [](const StartMessage&) -> Result<std::string> { return std::string("clean"); }},
      {"empty", [](const StartMessage&) -> Result<std::string> { return std::string(); }},
      {"empty-object",
       [](const StartMessage&) -> Result<std::string> { return std::string("{}"); }},
      {"other-image",
       [](const StartMessage&) -> Result<std::string> {
         ParentSource parent(kSocketFd);
         if (auto manifest = parent.Manifest(std::nullopt); !manifest) {
           return std::move(manifest).error();
         }
         return InventoryOf(Sha256::Of("another"));
       }},
      {"no-platform",
       [](const StartMessage&) -> Result<std::string> {
         ImageInventory inventory;
         inventory.digest = Sha256::Of("x");
         inventory.media_type = "application/vnd.oci.image.manifest.v1+json";
         return EncodeImageInventory(inventory);
       }},
      {"nonsense-packet",
       [](const StartMessage&) -> Result<std::string> {
         (void)send(kSocketFd, "[[[[", 4, 0);
         std::array<char, 8> buffer{};
         (void)recv(kSocketFd, buffer.data(), buffer.size(), 0);
         return Survived();
       }},
      {"floods",
       [](const StartMessage&) -> Result<std::string> {
         ParentSource parent(kSocketFd);
         std::vector<std::unique_ptr<image::BlobReader>> readers;
         for (int i = 0; i < 100; ++i) {
           auto blob = parent.Blob(
               {.media_type = "", .digest = Sha256::Of(std::to_string(i % 2)), .size = 1});
           if (!blob) return std::move(blob).error();
           readers.push_back(*std::move(blob));
         }
         return Survived();
       }},
      {"false-error",
       [](const StartMessage&) -> Result<std::string> {
         return Error{Code::kNotFound, "\x1b[2Jgone", "MadeUpReason"};
       }},
      {"escape-error",
       [](const StartMessage&) -> Result<std::string> {
         return Error{Code::kNotFound, "\x1b[2Jgone", std::string(scan_reason::kNotFound)};
       }},
      {"state", [](const StartMessage&) { return State(); }},
  };
  return kWorks;
}

}  // namespace

void SendDescriptors(int socket, const std::string& bytes, const std::vector<int>& fds) {
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  std::vector<char> control(CMSG_SPACE(fds.size() * sizeof(int)));
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
  std::memcpy(CMSG_DATA(header), fds.data(), fds.size() * sizeof(int));
  (void)sendmsg(socket, &message, MSG_NOSIGNAL);
}

void RunMisbehaviour(int argc, char** argv) {
  if (argc != 3 || std::string(argv[1]) != "__misbehave") return;
  if (std::string(argv[2]) == "exit-7") _exit(7);
  RunChild(Works().at(argv[2]));
}

}  // namespace landwaiter::service::testing
