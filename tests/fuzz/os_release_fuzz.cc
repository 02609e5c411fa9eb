// os-release from any bytes.
#include <cstdlib>

#include "scanner/packages/os_release.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto os = landwaiter::packages::ParseOsRelease({reinterpret_cast<const char*>(data), size});
  if (os && (os->family.empty() || os->version.size() > 512)) std::abort();
  return 0;
}
