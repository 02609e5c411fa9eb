// What an update remembers, and what servers say of waiting, from any bytes.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scanner/updates/fetch.h"
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
  return 0;
}
