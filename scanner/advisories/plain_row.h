// A look at a row before it is decoded.
#pragma once

#include <functional>
#include <string_view>

namespace landwaiter::advisories {

/// Nine rows of ten say this and nothing else: every version below one fix is affected. Good while
/// it is shown.
struct PlainRow {
  std::string_view advisory;
  std::string_view fixed;  // as in the range; may be "0"
  bool of_source = false;
  bool for_all = false;  // for no module and for all architectures
};
/// True where a row is of no interest: it is not decoded, which most of the time goes into.
using PlainRowFilter = std::function<bool(const PlainRow& row)>;

}  // namespace landwaiter::advisories
