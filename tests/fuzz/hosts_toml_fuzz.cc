// containerd's hosts.toml from any bytes.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scanner/image/hosts_toml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter::image;
  const auto hosts = ParseHostsToml({reinterpret_cast<const char*>(data), size});
  if (!hosts) return 0;
  if (hosts->empty() || hosts->size() > kMaxHosts + 1) std::abort();
  for (const HostConfig& host : *hosts) {
    if (!host.root.empty() && host.root.compare(0, 4, "http") != 0) std::abort();
    if (!host.root.empty() && host.root.back() == '/') std::abort();
    if (host.ca.size() > kMaxHostValues || host.headers.size() > kMaxHostValues) std::abort();
  }
  return 0;
}
