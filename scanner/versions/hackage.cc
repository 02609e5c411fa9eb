// The order of Haskell's packages: Data.Version (base; pvp.haskell.org). Numbers separated by '.',
// compared as lists: where one goes on, it is the greater one, 1.0 < 1.0.0.
#include "scanner/versions/orders.h"

namespace landwaiter::versions {
namespace {

Result<std::string_view> Parse(std::string_view text) {
  if (IsNumberList(text, ".")) return text;
  return BadVersion(Scheme::kHackage, text, "it does not read as 1.2.3.4");
}

}  // namespace

Result<int> CompareHackage(std::string_view a, std::string_view b) {
  return CompareParsed(a, b, Parse, CompareNumberLists);
}

}  // namespace landwaiter::versions
