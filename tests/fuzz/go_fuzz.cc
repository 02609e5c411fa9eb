// A Go program's build information from any bytes.
#include "tests/fuzz/check_reading.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  landwaiter::packages::FuzzProgram("go", data, size);
  return 0;
}
