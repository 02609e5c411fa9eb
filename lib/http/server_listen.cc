// Listening sockets. Made by hand because every descriptor is close-on-exec (the scanner forks)
// and because "all addresses" means both families where the kernel has both.
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>
#include <cstring>
#include <utility>

#include "lib/base/file.h"
#include "lib/http/server_core.h"

namespace landwaiter::http {
namespace {

struct HostPort {
  std::string host;  // "" for all addresses
  std::string port;
};

Result<HostPort> SplitAddress(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  const Error wrong = InvalidArgument("listen address \"" + address +
                                      "\": expected HOST:PORT, as 127.0.0.1:8443, "
                                      "[::1]:8443 or :8443");
  if (colon == std::string::npos) return wrong;
  std::string host = address.substr(0, colon);
  const std::string port = address.substr(colon + 1);
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size() || number > 65535) return wrong;
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return wrong;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    return wrong;
  }
  return HostPort{host, port};
}

Result<Listener> BindTo(const addrinfo& info, bool dual_stack) {
  FileDescriptor fd(
      ::socket(info.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!fd) return Unavailable(std::strerror(errno));
  const int on = 1;
  const int v6_only = dual_stack ? 0 : 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (info.ai_family == AF_INET6 &&
      ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only) != 0) {
    return Unavailable(std::strerror(errno));
  }
  if (::bind(fd.get(), info.ai_addr, info.ai_addrlen) != 0 || ::listen(fd.get(), 4096) != 0) {
    return Unavailable(std::strerror(errno));
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    return Unavailable(std::strerror(errno));
  }
  const bool ipv6 = bound.ss_family == AF_INET6;
  const std::uint16_t port = ntohs(ipv6 ? reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port
                                        : reinterpret_cast<sockaddr_in*>(&bound)->sin_port);
  return Listener{fd.Release(), port, ipv6};
}

Result<Listener> TryHost(const std::string& host, const std::string& port, bool dual_stack) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
  if (failed != 0) return Unavailable(::gai_strerror(failed));
  Result<Listener> result = Unavailable("no address");
  for (const addrinfo* info = list; info != nullptr && !result; info = info->ai_next) {
    result = BindTo(*info, dual_stack);
  }
  ::freeaddrinfo(list);
  return result;
}

}  // namespace

std::string AddressText(const std::string& ip, std::uint16_t port) {
  const bool ipv6 = ip.find(':') != std::string::npos;
  return (ipv6 ? "[" + ip + "]" : ip) + ":" + std::to_string(port);
}

Status CheckListenAddress(const std::string& address) {
  auto parts = SplitAddress(address);
  if (!parts) return parts.error();
  return Ok();
}

Result<Listener> Listen(const std::string& address) {
  auto parts = SplitAddress(address);
  if (!parts) return parts.error();
  // All addresses: one socket for both families, or IPv4 alone where the kernel has no IPv6.
  const bool all = parts->host.empty() || parts->host == "::";
  auto result = TryHost(all ? "::" : parts->host, parts->port, all);
  if (!result && all) result = TryHost("0.0.0.0", parts->port, false);
  if (!result) return Unavailable("listen address \"" + address + "\": " + result.error().message);
  return result;
}

}  // namespace landwaiter::http
