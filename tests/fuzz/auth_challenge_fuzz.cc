// WWW-Authenticate from any bytes.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scanner/image/challenge.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter::image;
  const auto challenges = ParseChallenges({reinterpret_cast<const char*>(data), size});
  if (challenges.size() > kMaxChallenges) std::abort();
  for (const Challenge& challenge : challenges) {
    if (challenge.scheme.empty()) std::abort();
    if (challenge.parameters.size() > kMaxChallengeParameters) std::abort();
  }
  return 0;
}
