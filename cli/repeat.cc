#include "cli/repeat.h"

#include <algorithm>
#include <cstdio>
#include <random>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "lib/base/clock.h"
#include "scanner/updates/fetch.h"

namespace landwaiter::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstRetry = std::chrono::minutes(1);
// A second is what tests need; shorter would be a busy loop. Policies' maxDatabaseAge is counted in
// days (72h by default): less often than daily would let databases go stale by design.
constexpr milliseconds kShortest = std::chrono::seconds(1);
constexpr milliseconds kLongest = std::chrono::hours(24);
constexpr int kMaxDoublings = 20;  // of a minute: two years, beyond kLongest

/// Replicas that were started together must not ask together for ever.
milliseconds WithJitter(milliseconds time) {
  std::random_device random;
  return time + milliseconds(random() % static_cast<unsigned>(time.count() / 10 + 1));
}

}  // namespace

milliseconds UntilNextRound(milliseconds every, int failures) {
  if (failures <= 0) return every;
  return std::min(every, kFirstRetry * (1 << std::min(failures - 1, kMaxDoublings)));
}

int Repeat(const std::string& every, const std::function<int(const Cancellation&)>& round) {
  milliseconds period{0};
  if (!every.empty()) {
    const auto parsed = ParseDuration(every);
    if (!parsed || *parsed < kShortest || *parsed > kLongest) {
      std::fprintf(stderr, "landwaiter: --every: %s\n",
                   parsed ? "must be 1s to 1d" : parsed.error().message.c_str());
      return kExitUsage;
    }
    period = *parsed;
  }
  const Interrupt interrupt;
  const Cancellation cancel{interrupt.Token()};
  int failures = 0;
  while (true) {
    const int code = round(cancel);
    // Whoever reads the log of a container sees each round when it ends.
    std::fflush(stdout);
    if (every.empty() || code == kExitUsage) return code;
    failures = code == kExitOk ? 0 : failures + 1;
    const milliseconds pause =
        std::min(WithJitter(UntilNextRound(period, failures)), cancel.Left());
    if (cancel.Stopped() || !updates::WaitFor(pause, "", cancel)) return kExitOk;
  }
}

}  // namespace landwaiter::cli
