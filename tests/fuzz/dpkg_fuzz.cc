// dpkg's status database, its lists and sums of files, and its settings from any bytes.
#include "scanner/packages/dpkg_settings.h"
#include "tests/fuzz/check_reading.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter::packages;
  FuzzContent("dpkg", "var/lib/dpkg/status", data, size);
  FuzzContent("dpkg", "var/lib/dpkg/info/bash.md5sums", data, size);
  FuzzContent("dpkg", "var/lib/dpkg/info/bash.list", data, size);
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const DpkgDiversions diversions(bytes);
  Require(diversions.Of("usr/bin/x", "bash").size() <= size + 9);
  DpkgExclusions exclusions;
  exclusions.Add(bytes);
  exclusions.Add(bytes);
  (void)exclusions.Excludes("usr/share/doc/bash/copyright");
  return 0;
}
