// When an image that was scanned is asked for again because more is wanted than its inventory has:
// a platform, what other readers see, what a policy in force asks to be collected. The wish may
// never come true (an index that lacks the platform, a scanner role that stays older than its
// controller), and each try pulls the image.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "controller/scan_facts.h"
#include "lib/base/clock.h"
#include "lib/base/guarded.h"

namespace landwaiter::controller {

/// Thread-safe. Made anew at every start.
class RescanPace {
 public:
  /// While roles are replaced the scanner may still be of the version before: so long after the
  /// first try, and twice as long after each further one, up to a day.
  static constexpr std::chrono::hours kFirstPause{1};
  static constexpr std::chrono::hours kLongestPause{24};

  struct Wish {
    std::string digest;
    WantedScan wanted;
    bool looks_otherwise = false;  // other readers made the inventory, or less was collected
    bool under_way = false;        // the scan waits, runs or has failed already
  };
  /// Whether it is to be asked for; true counts as having asked. Once for each wish, and again
  /// after the pause where it is for readers or what is collected.
  bool Ask(const Wish& wish, TimePoint now);
  /// The image is gone.
  void Forget(const std::string& digest);

 private:
  struct Look {
    std::uint64_t wanted = 0;  // hash
    TimePoint at{};
    std::chrono::hours pause = kFirstPause;
  };
  landwaiter::Guarded<std::map<std::string, Look>> looks_;  // by digest
};

}  // namespace landwaiter::controller
