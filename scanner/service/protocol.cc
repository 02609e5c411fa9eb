#include "scanner/service/protocol.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace landwaiter::service {
namespace {

Error Gone(const char* what) { return Unavailable(std::string(what) + ": " + strerror(errno)); }

Status WriteAll(int fd, std::array<iovec, 2> parts) {
  std::size_t at = 0;
  while (at < parts.size()) {
    if (parts[at].iov_len == 0) {
      ++at;
      continue;
    }
    const ssize_t count = writev(fd, &parts[at], static_cast<int>(parts.size() - at));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Gone("the other side of the pipe is gone");
    auto left = static_cast<std::size_t>(count);
    for (; at < parts.size() && left >= parts[at].iov_len; ++at) left -= parts[at].iov_len;
    if (at == parts.size()) break;
    parts[at].iov_base = static_cast<char*>(parts[at].iov_base) + left;
    parts[at].iov_len -= left;
  }
  return Ok();
}

std::array<char, 5> FrameHead(FrameKind kind, std::size_t size) {
  std::array<char, 5> head{static_cast<char>(kind)};
  for (std::size_t i = 0; i < 4; ++i) head[1 + i] = static_cast<char>(size >> (8 * i));
  return head;
}

}  // namespace

Status SendPacket(int socket, std::string_view bytes, int fd) {
  if (bytes.empty() || bytes.size() > kMaxPacketBytes) {
    return InvalidArgument("a packet of " + std::to_string(bytes.size()) + " bytes, at most " +
                           std::to_string(kMaxPacketBytes) + " are allowed");
  }
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  if (fd >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &fd, sizeof(int));
  }
  ssize_t sent = 0;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? Gone("the other side of the scan is gone") : Ok();
}

Result<Packet> ReceivePacket(int socket, Descriptors wanted) {
  Packet packet;
  packet.bytes.resize(kMaxPacketBytes);
  iovec part{packet.bytes.data(), packet.bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  if (wanted == Descriptors::kOne) {  // without room for them the kernel closes all that come
    message.msg_control = control.data();
    message.msg_controllen = control.size();
  }
  ssize_t count = 0;
  do {
    count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return Gone("the other side of the scan is gone");
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  // Where one is wanted, cut may also mean that there is no room for it in this process's table.
  bool more = wanted == Descriptors::kNone && (message.msg_flags & MSG_CTRUNC) != 0;
  if (header != nullptr && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
    // The room for one has, by its alignment, room for two.
    const std::size_t bytes = header->cmsg_len - CMSG_LEN(0);
    for (std::size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int)) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + at, sizeof(int));
      more = more || at > 0;
      packet.fd = FileDescriptor(fd);
    }
  }
  if (more) return InvalidArgument("a packet of the scan brings descriptors that nobody wants");
  if ((message.msg_flags & MSG_TRUNC) != 0) {
    return InvalidArgument("a packet is longer than " + std::to_string(kMaxPacketBytes) + " bytes");
  }
  packet.bytes.resize(static_cast<std::size_t>(count));
  return packet;
}

Status WriteFrame(int fd, FrameKind kind, std::string_view payload) {
  std::array<char, 5> header = FrameHead(kind, payload.size());
  return WriteAll(fd, {iovec{header.data(), header.size()},
                       iovec{const_cast<char*>(payload.data()), payload.size()}});
}

Status WriteSlotFrame(int fd, std::size_t size) {
  std::array<char, 5> header = FrameHead(FrameKind::kSlot, size);
  return WriteAll(fd, {iovec{header.data(), header.size()}});
}

Status ReadExactly(int fd, char* buffer, std::size_t size) {
  while (size > 0) {
    const ssize_t count = read(fd, buffer, size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Gone("the scan's parent cannot be read");
    if (count == 0) return Unavailable("the scan's parent is gone");
    buffer += count;
    size -= static_cast<std::size_t>(count);
  }
  return Ok();
}

Result<FrameHeader> ReadFrameHeader(int fd) {
  std::array<char, 5> bytes{};
  if (auto read = ReadExactly(fd, bytes.data(), bytes.size()); !read) {
    return std::move(read).error();
  }
  FrameHeader header;
  header.kind = static_cast<FrameKind>(bytes[0]);
  for (int i = 0; i < 4; ++i) {
    header.size |= std::uint32_t{static_cast<unsigned char>(bytes[1 + i])} << (8 * i);
  }
  const bool known = header.kind == FrameKind::kHead || header.kind == FrameKind::kData ||
                     header.kind == FrameKind::kEnd || header.kind == FrameKind::kError ||
                     header.kind == FrameKind::kSlot;
  if (!known || header.size > kMaxFrameBytes) return DataLoss("a frame of the scan is malformed");
  return header;
}

Error ReadFrameError(int fd, std::uint32_t size) {
  std::string bytes(std::min<std::size_t>(size, kMaxErrorBytes), '\0');
  if (auto read = ReadExactly(fd, bytes.data(), bytes.size()); !read) {
    return std::move(read).error();
  }
  return ErrorFromJson(bytes);
}

}  // namespace landwaiter::service
