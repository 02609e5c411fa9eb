// Which network addresses an outgoing connection may go to. It is asked with the address that the
// name resolved to, at the moment of connecting, so a name that resolves differently the second
// time (DNS rebinding) changes nothing.
//
// Refused unless an allowed range says otherwise: unspecified, loopback, link-local (IPv4
// 169.254/16 with the clouds' metadata service, IPv6 fe80::/10), multicast, broadcast and reserved,
// the metadata services outside link-local (fd00:ec2::254, fd20:ce::254, 100.100.100.200,
// 192.0.0.192, 168.63.129.16), and private ranges where so configured. An IPv6 address that holds
// an IPv4 one (mapped, compatible, NAT64 64:ff9b::/96 and 64:ff9b:1::/48, 6to4) is judged as both.
//
// Not handled: what a proxy connects to. Through a proxy only the proxy resolves the name, so only
// literal addresses can be judged here (lib/http/client.h says how); the proxy's own rules must do
// the rest.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

struct sockaddr;

namespace landwaiter::http {

/// An IPv4 or IPv6 address in network byte order.
struct IpAddress {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};  // the first four for IPv4

  /// A literal, IPv6 with or without brackets. Errors: InvalidArgument.
  static Result<IpAddress> Parse(std::string_view text);
  /// Errors: InvalidArgument for a family that is neither AF_INET nor AF_INET6.
  static Result<IpAddress> FromSockaddr(const sockaddr* address);
  std::string ToString() const;
  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

struct Cidr {
  IpAddress base;
  int prefix_bits = 0;

  /// "10.0.0.0/8", "fd00::/8", or a bare address, which is itself alone. Errors: InvalidArgument.
  static Result<Cidr> Parse(std::string_view text);
  bool Contains(const IpAddress& address) const;
};

enum class PrivateRanges { kAllow, kRefuse };

struct AddressPolicy {
  /// RFC 1918, RFC 6598 (100.64/10) and fc00::/7. Allowed by default: many a registry lives there.
  PrivateRanges private_ranges = PrivateRanges::kAllow;
  /// Addresses in these are allowed whatever they are.
  std::vector<Cidr> allowed = {};

  /// Errors: InvalidArgument naming the range that is none.
  static Result<AddressPolicy> Create(PrivateRanges private_ranges,
                                      const std::vector<std::string>& allowed);
  /// Errors: PermissionDenied, reason AddressRefused, naming the address and its class.
  Status Check(const IpAddress& address) const;
};

}  // namespace landwaiter::http
