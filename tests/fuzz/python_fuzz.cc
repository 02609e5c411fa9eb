// Python's core metadata from any bytes.
#include "tests/fuzz/check_reading.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  landwaiter::packages::FuzzContent("python", "a-1.dist-info/METADATA", data, size);
  return 0;
}
