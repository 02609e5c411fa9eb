// Version orders and ranges from any bytes: the first byte picks the scheme, the rest is two
// versions and a range, a line each. An order must be reflexive and antisymmetric, and tell the
// same of a version whatever it is compared with. The range is also read as one that names its
// scheme, and the whole as a table.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scanner/versions/scheme.h"
#include "scanner/versions/table.h"
#include "scanner/versions/vers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter::versions;
  if (size == 0) return 0;
  const auto schemes = AllSchemes();
  const Scheme scheme = schemes[data[0] % schemes.size()];
  const std::string_view all(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string_view rest = all;
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
  if (valid && Validate(scheme, b).has_value() != there.has_value()) std::abort();
  for (const bool option : {false, true}) {
    const auto satisfied =
        Satisfies(scheme, range, a, {.loose = option, .include_prerelease = option});
    if (!satisfied && satisfied.error().message.empty()) std::abort();
  }
  if (const auto vers = ParseVers(range)) {
    const auto inside = InVersRange(*vers, a);
    if (!inside && inside.error().message.empty()) std::abort();
  }
  const TableReport report = CheckTable(scheme, all);
  if (report.wrong.size() > report.rows) std::abort();
  return 0;
}
