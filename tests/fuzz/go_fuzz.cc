// A Go program's build information from any bytes.
#include <algorithm>

#include "tests/fuzz/check_reading.h"

namespace {

class Bytes final : public landwaiter::packages::RandomAccessFile {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  std::uint64_t size() const override { return size_; }
  landwaiter::Result<std::size_t> ReadAt(std::uint64_t offset, char* buffer,
                                         std::size_t count) override {
    if (offset >= size_) return std::size_t{0};
    const std::size_t n = std::min<std::size_t>(count, size_ - offset);
    std::memcpy(buffer, data_ + offset, n);
    return n;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter::packages;
  for (const PackageSource& source : AllSources()) {
    if (source.name != "go") continue;
    Bytes file(data, size);
    source.wants_head({reinterpret_cast<const char*>(data), std::min(size, kHeadBytes)});
    const FileFacts facts{.path = "bin/a", .mode = 0755, .size = size};
    CheckReading(source.parse(facts, {.file = &file}), "go", "bin/a");
  }
  return 0;
}
