// An npm package.json from any bytes.
#include "tests/fuzz/check_reading.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  landwaiter::packages::FuzzContent("npm", "node_modules/a/package.json", data, size);
  return 0;
}
