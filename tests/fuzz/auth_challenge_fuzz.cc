// WWW-Authenticate, RateLimit-Remaining and -Reset from any bytes.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scanner/image/challenge.h"
#include "scanner/image/rate_limit.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter::image;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string value(text);
  const auto limit =
      ReadRateLimit({200, {{"RateLimit-Remaining", value}, {"RateLimit-Reset", value}}, ""});
  constexpr std::chrono::hours kDay{24};
  if (limit && limit->window.value_or(kDay) > kDay) std::abort();
  if (limit && limit->reset.value_or(kDay) > kDay) std::abort();
  const auto challenges = ParseChallenges(text);
  if (challenges.size() > kMaxChallenges) std::abort();
  for (const Challenge& challenge : challenges) {
    if (challenge.scheme.empty()) std::abort();
    if (challenge.parameters.size() > kMaxChallengeParameters) std::abort();
  }
  return 0;
}
