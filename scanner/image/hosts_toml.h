// hosts.toml of containerd (containerd docs/hosts.md): the hosts that are asked for the images of a
// registry, and how. The pure half; mirrors.h finds the files and connects. Included by this room's
// sources, its tests and its fuzz target.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/http/client.h"

namespace landwaiter::image {

struct HostConfig {
  /// Root of the API without a slash at its end: "https://mirror.example:5000/v2". "": none was
  /// named, the registry's own (of the file's top alone).
  std::string root;
  bool pull = true;
  bool resolve = true;
  std::vector<std::string> ca = {};  // files, as written
  /// Certificate and key; the key "" where it is in the certificate's file.
  std::vector<std::pair<std::string, std::string>> client = {};
  bool skip_verify = false;
  std::vector<http::Header> headers = {};
  std::chrono::milliseconds connect_timeout{0};  // zero: none was named
};

// A ConfigMap holds at most 1 MiB, which is more than anybody writes by hand.
inline constexpr std::size_t kMaxHostsFileBytes = 1u << 20;
inline constexpr std::size_t kMaxHosts = 32;  // each is one more failure to wait for
inline constexpr std::size_t kMaxHostValues = 64;

/// In the order in which they are asked: those of [host], then `server`, which is always there.
/// Keys that are not known are passed over, as containerd does. Errors: InvalidArgument naming the
/// line or the key; ResourceExhausted.
Result<std::vector<HostConfig>> ParseHostsToml(std::string_view text);

}  // namespace landwaiter::image
