// A page of a registry's tags, and the Link to the next one, from any bytes.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scanner/image/registry_list.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto names = image::ReadListPage(bytes, "tags");
  if (names && names->size() > size) std::abort();
  const std::string query = image::NextPageQuery(bytes);
  for (const char c : query) {
    if (c <= ' ' || c > '~' || c == '#' || c == '>') std::abort();
  }
  return 0;
}
