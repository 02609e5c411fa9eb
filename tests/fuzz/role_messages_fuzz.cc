// What the roles say to each other and keep in the store, as JSON from any bytes: what is accepted
// says the same again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "controller/stored_image.h"
#include "model/finding.h"
#include "model/scan_request.h"
#include "resources/ensure.h"

namespace {

template <class FromJson, class MakeJson>
void Check(std::string_view json, FromJson from_json, MakeJson make_json) {
  const auto read = from_json(json);
  if (!read) {
    if (read.error().message.empty()) std::abort();
    return;
  }
  const std::string text = make_json(*read);
  const auto again = from_json(text);
  if (!again || make_json(*again) != text) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter;
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  const auto to_json = [](const auto& value) { return ToJson(value); };
  Check(json, resources::EnsureRequestFromJson, to_json);
  Check(json, resources::EnsureResponseFromJson, to_json);
  Check(json, ScanRequestFromJson, to_json);
  Check(json, FindingsFromJson, FindingsToJson);
  Check(json, controller::MatchFromJson, controller::MatchToJson);
  return 0;
}
