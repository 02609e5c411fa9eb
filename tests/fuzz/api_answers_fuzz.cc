// What the API server answers, from any bytes: a watch in pieces gives the same events as in one,
// its objects read as ImageScans and RegistryWatches or not; the error in a Status, and an imageID
// of a pod's status.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "controller/plan.h"
#include "lib/kube/answer.h"
#include "resources/image_scan.h"
#include "resources/registry_watch.h"

namespace {

using namespace landwaiter;

constexpr std::size_t kMaxLine = 4096;

std::string Events(std::string_view bytes, std::size_t step) {
  kube::WatchDecoder decoder(kMaxLine);
  std::string events;
  while (!bytes.empty()) {
    const auto fed = decoder.Feed(bytes.substr(0, step), [&](auto type, const auto& object) {
      events += std::to_string(static_cast<int>(type)) + object.dump(-1, ' ', true) + "\n";
      (void)resources::ImageScanFromJson(object);
      (void)resources::RegistryWatchFromJson(object);
      return true;
    });
    if (!fed) return events + fed.error().message;
    bytes.remove_prefix(std::min(step, bytes.size()));
  }
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = Events(bytes, bytes.size());
  for (const std::size_t step : {1u, 7u, 100u}) {
    if (Events(bytes, step) != whole) std::abort();
  }
  if (kube::ErrorOfAnswer(409, bytes, "get pods").message.empty()) std::abort();
  (void)controller::ParseImageId(bytes);
  return 0;
}
