// A Go program's build information from any bytes.
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  landwaiter::packages::FuzzSpooled("go", "bin/a", data, size);
  return 0;
}
