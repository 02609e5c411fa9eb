// What clouds' services answer to a login, from any bytes: whole credentials, or an error.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "scanner/image/cloud/aws_answers.h"
#include "scanner/image/cloud/jwt.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter::image::cloud;
  const std::string body(reinterpret_cast<const char*>(data), size);
  for (const auto read : {KeysOfSts, KeysOfMetadata}) {
    const auto keys = read(body, "a step");
    const bool whole =
        keys ? !keys->id.empty() && !keys->secret.empty() : !keys.error().message.empty();
    if (!whole) std::abort();
  }
  (void)JwtExpiry(body);
  return 0;
}
