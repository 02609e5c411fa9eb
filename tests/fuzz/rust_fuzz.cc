// The crates of a Rust program from any bytes: as a program, and as the JSON within it.
#include "scanner/packages/cargo_audit.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter::packages;
  FuzzSpooled("rust", "bin/a", data, size);
  ReadingBuilder out("rust", "bin/a", ReadingKind::kRecord);
  ParseCargoAudit({reinterpret_cast<const char*>(data), size}, out);
  CheckReading(out.Take(), "rust", "bin/a");
  return 0;
}
