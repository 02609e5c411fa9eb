// The order of R's packages: numeric_version (R, ?package_version). Numbers separated by '.' or
// '-', which weigh the same; where one version goes on, it is the greater one: 1.0 < 1.0.0 = 1.0-0.
#include "scanner/versions/orders.h"

namespace landwaiter::versions {
namespace {

Result<std::string_view> Parse(std::string_view text) {
  if (IsNumberList(text, ".-")) return text;
  return BadVersion(Scheme::kCran, text, "it does not read as 1.2-3");
}

}  // namespace

Result<int> CompareCran(std::string_view a, std::string_view b) {
  return CompareParsed(a, b, Parse, CompareNumberLists);
}

}  // namespace landwaiter::versions
