// CVSS vectors: a score from 0 to 10 in tenths, or an error.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scanner/advisories/cvss.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto score = landwaiter::advisories::ScoreCvss({reinterpret_cast<const char*>(data), size});
  if (!score) {
    if (score.error().message.empty()) std::abort();
    return 0;
  }
  const double tenths = score->score * 10;
  const bool legal =
      score->score >= 0 && score->score <= 10 && std::abs(tenths - std::round(tenths)) < 1e-9;
  if (!legal) std::abort();
  return 0;
}
