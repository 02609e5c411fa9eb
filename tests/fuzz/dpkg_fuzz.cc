// dpkg's status database from any bytes.
#include "tests/fuzz/check_reading.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  landwaiter::packages::FuzzContent("dpkg", "var/lib/dpkg/status", data, size);
  return 0;
}
