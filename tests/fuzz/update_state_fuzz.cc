// What an update remembers, what servers say of waiting, and indexes of feeds, from any bytes.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scanner/updates/fetch.h"
#include "scanner/updates/index.h"
#include "scanner/updates/store.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter;
  using namespace landwaiter::updates;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto state = StateFromJson(bytes);
  if (state && !StateFromJson(ToJson(*state))) std::abort();
  const auto floor = std::chrono::milliseconds(60'000);
  const auto pause = PauseAfter(bytes, TimePoint(std::chrono::hours(500'000)), floor);
  if (pause < floor || pause > std::chrono::hours(24)) std::abort();
  const std::string repository = "https://a.example/os/";
  for (const Index index : {Index::kName, Index::kRepomd, Index::kMirrors}) {
    const auto next = Follow({repository + "repodata/repomd.xml", index}, bytes, "");
    if (!next) continue;
    // Whatever it says, it leads to this server alone, and out of the folder only where it is a
    // list.
    const bool within =
        next->url.starts_with(index == Index::kMirrors ? "https://a.example/" : repository);
    const bool climbs = index != Index::kMirrors && next->url.find("/..") != std::string::npos;
    if (!within || climbs) std::abort();
  }
  return 0;
}
