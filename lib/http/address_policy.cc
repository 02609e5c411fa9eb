#include "lib/http/address_policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace landwaiter::http {
namespace {

enum class Kind { kRefused, kPrivate };

struct Range {
  std::string_view cidr;
  Kind kind;
  std::string_view name;
};

// IANA's special-purpose address registries, and the clouds' metadata services outside them. The
// first that matches names the class, so single addresses stand before the ranges around them.
constexpr Range kRanges[] = {
    {"169.254.169.254/32", Kind::kRefused, "a metadata service"},
    {"168.63.129.16/32", Kind::kRefused, "a metadata service"},
    {"100.100.100.200/32", Kind::kRefused, "a metadata service"},
    {"192.0.0.192/32", Kind::kRefused, "a metadata service"},
    {"fd00:ec2::254/128", Kind::kRefused, "a metadata service"},
    {"fd00:ec2::23/128", Kind::kRefused, "a metadata service"},
    {"fd20:ce::254/128", Kind::kRefused, "a metadata service"},
    {"0.0.0.0/8", Kind::kRefused, "unspecified"},
    {"127.0.0.0/8", Kind::kRefused, "loopback"},
    {"169.254.0.0/16", Kind::kRefused, "link-local"},
    {"192.0.0.0/24", Kind::kRefused, "reserved"},
    {"224.0.0.0/4", Kind::kRefused, "multicast"},
    {"240.0.0.0/4", Kind::kRefused, "reserved"},
    {"::/128", Kind::kRefused, "unspecified"},
    {"::1/128", Kind::kRefused, "loopback"},
    {"fe80::/10", Kind::kRefused, "link-local"},
    {"fec0::/10", Kind::kRefused, "site-local"},
    {"ff00::/8", Kind::kRefused, "multicast"},
    {"10.0.0.0/8", Kind::kPrivate, "private"},
    {"172.16.0.0/12", Kind::kPrivate, "private"},
    {"192.168.0.0/16", Kind::kPrivate, "private"},
    {"100.64.0.0/10", Kind::kPrivate, "private"},
    {"fc00::/7", Kind::kPrivate, "private"},
};

struct ParsedRange {
  Cidr cidr;
  Kind kind;
  std::string_view name;
};

const std::vector<ParsedRange>& Ranges() {
  static const std::vector<ParsedRange> kParsed = [] {
    std::vector<ParsedRange> out;
    for (const Range& range : kRanges) {
      auto cidr = Cidr::Parse(range.cidr);
      assert(cidr);
      out.push_back({*cidr, range.kind, range.name});
    }
    return out;
  }();
  return kParsed;
}

struct Embedding {
  std::string_view cidr;
  std::size_t offset;  // of the IPv4 address
};

// Where an IPv6 address holds an IPv4 one: mapped (RFC 4291), NAT64 (RFC 6052, RFC 8215), SIIT's
// translated (RFC 2765), 6to4 (RFC 3056), compatible (RFC 4291, deprecated).
constexpr Embedding kEmbeddings[] = {
    {"::ffff:0:0/96", 12},   {"64:ff9b::/96", 12}, {"64:ff9b:1::/48", 12},
    {"::ffff:0:0:0/96", 12}, {"2002::/16", 2},     {"::/96", 12},
};

std::vector<IpAddress> EmbeddedV4(const IpAddress& address) {
  std::vector<IpAddress> found;
  if (!address.v6) return found;
  for (const Embedding& embedding : kEmbeddings) {
    const auto cidr = Cidr::Parse(embedding.cidr);
    assert(cidr);
    if (!cidr->Contains(address)) continue;
    IpAddress inner;
    std::copy_n(address.bytes.begin() + static_cast<std::ptrdiff_t>(embedding.offset), 4,
                inner.bytes.begin());
    found.push_back(inner);
  }
  return found;
}

}  // namespace

Result<IpAddress> IpAddress::Parse(std::string_view text) {
  std::string literal(text);
  if (literal.size() > 2 && literal.front() == '[' && literal.back() == ']') {
    literal = literal.substr(1, literal.size() - 2);
  }
  IpAddress address;
  if (literal.find('\0') == std::string::npos) {
    if (inet_pton(AF_INET, literal.c_str(), address.bytes.data()) == 1) return address;
    if (inet_pton(AF_INET6, literal.c_str(), address.bytes.data()) == 1) {
      address.v6 = true;
      return address;
    }
  }
  return InvalidArgument("address '" + literal + "' is neither IPv4 nor IPv6");
}

Result<IpAddress> IpAddress::FromSockaddr(const sockaddr* address) {
  IpAddress out;
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    std::memcpy(out.bytes.data(), &v4->sin_addr, 4);
    return out;
  }
  if (address->sa_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
    out.v6 = true;
    std::memcpy(out.bytes.data(), &v6->sin6_addr, 16);
    return out;
  }
  return InvalidArgument("address family " + std::to_string(address->sa_family) +
                         " is neither IPv4 nor IPv6");
}

std::string IpAddress::ToString() const {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), text, sizeof text);
  return text;
}

Result<Cidr> Cidr::Parse(std::string_view text) {
  const auto slash = text.find('/');
  auto base = IpAddress::Parse(text.substr(0, slash));
  if (!base) return std::move(base).error().Context("range '" + std::string(text) + "'");
  const int width = base->v6 ? 128 : 32;
  Cidr cidr{*base, width};
  if (slash != std::string_view::npos) {
    const std::string_view bits = text.substr(slash + 1);
    const auto [end, error] =
        std::from_chars(bits.data(), bits.data() + bits.size(), cidr.prefix_bits);
    if (error != std::errc() || end != bits.data() + bits.size() || cidr.prefix_bits < 0 ||
        cidr.prefix_bits > width) {
      return InvalidArgument("range '" + std::string(text) + "' has a bad prefix length (0 to " +
                             std::to_string(width) + ")");
    }
  }
  return cidr;
}

bool Cidr::Contains(const IpAddress& address) const {
  if (address.v6 != base.v6) return false;
  const std::size_t whole = static_cast<std::size_t>(prefix_bits) / 8;
  if (!std::equal(base.bytes.begin(), base.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  address.bytes.begin())) {
    return false;
  }
  const int rest = prefix_bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xFF << (8 - rest));
  return (base.bytes[whole] & mask) == (address.bytes[whole] & mask);
}

Result<AddressPolicy> AddressPolicy::Create(PrivateRanges private_ranges,
                                            const std::vector<std::string>& allowed) {
  AddressPolicy policy;
  policy.private_ranges = private_ranges;
  for (const std::string& text : allowed) {
    auto cidr = Cidr::Parse(text);
    if (!cidr) return std::move(cidr).error().Context("allowed addresses");
    policy.allowed.push_back(*cidr);
  }
  return policy;
}

Status AddressPolicy::Check(const IpAddress& address) const {
  const auto is_allowed = [&](const IpAddress& candidate) {
    return std::any_of(allowed.begin(), allowed.end(),
                       [&](const Cidr& cidr) { return cidr.Contains(candidate); });
  };
  if (is_allowed(address)) return Ok();
  std::vector<IpAddress> candidates = EmbeddedV4(address);
  // "::" and "::1" would be read as IPv4-compatible; their own class is the better name.
  candidates.insert(candidates.begin(), address);
  for (const IpAddress& candidate : candidates) {
    if (is_allowed(candidate)) continue;
    for (const ParsedRange& range : Ranges()) {
      if (!range.cidr.Contains(candidate)) continue;
      if (range.kind == Kind::kPrivate && private_ranges == PrivateRanges::kAllow) continue;
      return Error{Code::kPermissionDenied,
                   "address " + address.ToString() + " is " + std::string(range.name) +
                       " and not among the allowed addresses",
                   "AddressRefused"};
    }
  }
  return Ok();
}

}  // namespace landwaiter::http
