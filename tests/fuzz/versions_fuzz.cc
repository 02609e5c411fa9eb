// Version orders and ranges from any bytes: the first byte picks the scheme, the rest is two
// versions and a range, a line each. An order must be reflexive and antisymmetric.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scanner/versions/scheme.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter::versions;
  if (size == 0) return 0;
  const auto schemes = AllSchemes();
  const Scheme scheme = schemes[data[0] % schemes.size()];
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto line = [&rest] {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return text;
  };
  const std::string_view a = line();
  const std::string_view b = line();
  const std::string_view range = line();
  const auto there = Compare(scheme, a, b);
  const auto back = Compare(scheme, b, a);
  if (there.has_value() != back.has_value()) std::abort();
  if (there && *there != -*back) std::abort();
  const bool valid = Validate(scheme, a).has_value();
  if (valid && *Compare(scheme, a, a) != 0) std::abort();
  for (const bool loose : {false, true}) {
    const auto satisfied = Satisfies(scheme, range, a, {.loose = loose});
    if (!satisfied && satisfied.error().message.empty()) std::abort();
  }
  return 0;
}
