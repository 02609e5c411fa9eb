// gzip and zstd from any bytes: the same bytes or the same failure however the input is cut.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scanner/layer/inflater.h"

namespace {

using namespace landwaiter;
using namespace landwaiter::layer;

constexpr std::size_t kMaxOutput = 4u << 20;

struct Outcome {
  std::string bytes;
  bool failed = false;
};

Outcome InflateAll(Compression compression, std::string_view input, std::size_t step,
                   std::size_t room) {
  const auto inflater = MakeInflater(
      compression, {}, [](std::string_view /*memory*/) { return true; }, room);
  Outcome outcome;
  while (!input.empty()) {
    std::string_view given = input.substr(0, step);
    input.remove_prefix(given.size());
    for (;;) {
      const std::size_t before = given.size();
      const auto piece = inflater->Inflate(given);
      if (!piece) {
        outcome.failed = true;
        return outcome;
      }
      if (given.size() > before) std::abort();
      if (piece->empty() && !given.empty()) std::abort();  // stands still
      if (piece->empty()) break;
      outcome.bytes += *piece;
      if (outcome.bytes.size() > kMaxOutput) return outcome;
    }
  }
  outcome.failed = !inflater->Finish();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const Compression compression : {Compression::kGzip, Compression::kZstd}) {
    const Outcome whole = InflateAll(compression, input, input.size() + 1, 1u << 16);
    const Outcome cut = InflateAll(compression, input, 13, 1000);
    if (whole.bytes.size() > kMaxOutput || cut.bytes.size() > kMaxOutput) continue;
    if (whole.failed != cut.failed) std::abort();
    if (!whole.failed && whole.bytes != cut.bytes) std::abort();
  }
  return 0;
}
