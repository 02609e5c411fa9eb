#include "controller/rescan_pace.h"

#include <algorithm>

#include "lib/kube/informer.h"

namespace landwaiter::controller {
namespace {

std::uint64_t HashOf(const WantedScan& wanted) {
  std::string text = wanted.readers + "\n" + ToJson(wanted.collection) + "\n";
  for (const auto& platform : wanted.platforms) text += platform.ToString() + "\n";
  return kube::HashOf(text);
}

}  // namespace

bool RescanPace::Ask(const Wish& wish, TimePoint now) {
  const std::uint64_t wanted = HashOf(wish.wanted);
  return looks_.With([&](auto& looks) {
    Look& last = looks[wish.digest];
    if (last.wanted != wanted) {
      last = Look{wanted, now};
      return true;
    }
    if (wish.under_way) return true;
    if (!wish.looks_otherwise || now - last.at < last.pause) return false;
    last.at = now;
    last.pause = std::min(2 * last.pause, kLongestPause);
    return true;
  });
}

void RescanPace::Forget(const std::string& digest) {
  looks_.With([&](auto& looks) { looks.erase(digest); });
}

}  // namespace landwaiter::controller
