// Runs a fuzz target over its committed corpus without libFuzzer, so that plain `make test` does:
// the empty input, each file, and each file cut short at up to 512 places.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void Run(const std::string& bytes, std::size_t size) {
  // A copy of exactly that size, so that a sanitizer sees a read past the end.
  const std::vector<std::uint8_t> copy(bytes.begin(),
                                       bytes.begin() + static_cast<std::ptrdiff_t>(size));
  LLVMFuzzerTestOneInput(copy.data(), copy.size());
}

}  // namespace

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  std::size_t runs = 1;
  Run("", 0);
  for (int i = 1; i < argc; ++i) {
    if (!fs::is_directory(argv[i])) continue;
    for (const auto& entry : fs::directory_iterator(argv[i])) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file), {}};
      const std::size_t step = std::max<std::size_t>(1, bytes.size() / 512);
      for (std::size_t size = 0; size < bytes.size(); size += step, ++runs) Run(bytes, size);
      Run(bytes, bytes.size());
      ++runs;
    }
  }
  std::printf("%zu inputs replayed\n", runs);
  return 0;
}
