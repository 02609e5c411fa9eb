// Programs by content, from any bytes: under every name that the table's first bytes allow.
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter::packages;
  for (const char* path : {"bin/python3.11", "bin/redis-server", "bin/openssl", "bin/haproxy",
                           "bin/envoy", "jdk/release", "usr/local/go/VERSION", "bin/consul"}) {
    FuzzSpooled("binaries", path, data, size);
  }
  return 0;
}
