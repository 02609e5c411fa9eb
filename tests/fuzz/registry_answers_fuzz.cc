// What a registry says besides images, from any bytes: Retry-After, and the body of a refusal. The
// first byte chooses the status.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/base/text.h"
#include "scanner/image/registry_errors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto now = std::chrono::system_clock::from_time_t(1'700'000'000);
  const auto wait = image::RetryAfter(bytes, now);
  if (wait && wait->count() < 0) std::abort();
  http::Response response;
  response.status = 400 + data[0];
  response.body = bytes;
  const Error error = image::FromStatus("manifest", response);
  if (error.reason.empty() || error.message.empty()) std::abort();
  if (error.message != text::Printable(error.message)) std::abort();
  return 0;
}
