// apk's installed database from any bytes.
#include "tests/fuzz/check_reading.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  landwaiter::packages::FuzzContent("apk", "lib/apk/db/installed", data, size);
  return 0;
}
