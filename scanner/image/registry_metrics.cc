#include "scanner/image/registry_metrics.h"

#include <array>
#include <string_view>

namespace landwaiter::image {
namespace {

// Those that tell an operator what to do have a series of their own. No host: what images name
// would make series.
constexpr std::array<std::string_view, 9> kCodes{"2xx", "3xx", "401", "403", "404",
                                                 "429", "4xx", "5xx", "none"};

std::size_t IndexOf(int status) {
  switch (status) {
    case 401:
      return 2;
    case 403:
      return 3;
    case 404:
      return 4;
    case 429:
      return 5;
    default:
      break;
  }
  if (status >= 200 && status < 300) return 0;
  if (status >= 300 && status < 400) return 1;
  if (status >= 400 && status < 500) return 6;
  return status >= 500 ? 7 : 8;
}

}  // namespace

std::function<void(int)> CountRegistryRequests(metrics::Registry& metrics) {
  std::array<metrics::Counter*, kCodes.size()> counters{};
  for (std::size_t i = 0; i < kCodes.size(); ++i) {
    counters[i] = &metrics.AddCounter("landwaiter_registry_requests_total",
                                      "Requests to registries, by the answer's status.",
                                      {{"code", std::string(kCodes[i])}});
  }
  return [counters](int status) { counters[IndexOf(status)]->Add(); };
}

std::function<void()> CountRegistryPauses(metrics::Registry& metrics) {
  metrics::Counter& counter = metrics.AddCounter(
      "landwaiter_registry_pauses_total", "Pauses that registries asked for (429, Retry-After).");
  return [&counter] { counter.Add(); };
}

}  // namespace landwaiter::image
