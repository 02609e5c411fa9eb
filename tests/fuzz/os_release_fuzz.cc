// os-release and the older release files from any bytes.
#include <cstdlib>

#include "scanner/packages/os_release.h"
#include "scanner/packages/release_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto os = landwaiter::packages::ParseOsRelease(text);
  if (os && (os->family.empty() || os->version.size() > 512)) std::abort();
  for (const auto& file : landwaiter::packages::ReleaseFiles()) {
    const auto older = file.read(text);
    if (older && (older->family.empty() || older->version.size() > 512)) std::abort();
  }
  return 0;
}
