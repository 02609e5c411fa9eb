// Maven's ranges (POM reference, "Dependency Version Requirement Specification"): one interval or
// several with commas between, "(,1.0],[1.2,)". What starts with no bracket is a soft requirement
// there and holds no version out; as a range it is read as comparators, so that "1.0" is 1.0 alone.
#include "lib/base/text.h"
#include "scanner/versions/intervals.h"
#include "scanner/versions/orders.h"

namespace landwaiter::versions {

Result<bool> SatisfiesMaven(Scheme scheme, std::string_view range, std::string_view version,
                            const RangeOptions& options) {
  std::string_view rest = text::Trim(range);
  if (!rest.starts_with('[') && !rest.starts_with('(')) {
    return SatisfiesComparators(scheme, range, version, options);
  }
  if (auto status = Validate(scheme, version); !status) return std::move(status).error();
  bool any = false;
  while (true) {
    const auto interval = TakeInterval(rest);
    if (!interval) return BadRange(scheme, range, "an interval cannot be read");
    const auto inside = InInterval(scheme, range, *interval, version);
    if (!inside) return inside.error();
    any = any || *inside;
    rest = text::Trim(rest);
    if (rest.empty()) return any;
    if (rest.front() != ',') return BadRange(scheme, range, "an interval cannot be read");
    rest = text::Trim(rest.substr(1));
  }
}

}  // namespace landwaiter::versions
