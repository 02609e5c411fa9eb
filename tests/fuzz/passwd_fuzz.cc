// A user ("USER" up to the first newline) looked up in a passwd from any bytes.
#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "scanner/packages/os_release.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(bytes.find('\n'), size);
  const std::string_view passwd = bytes.substr(std::min(end + 1, size));
  const auto uid = landwaiter::packages::ResolveUid(bytes.substr(0, end), passwd);
  if (uid && *uid > 0xfffffffe) std::abort();
  return 0;
}
