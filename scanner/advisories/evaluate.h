// Whether a version is affected: the OSV schema's algorithm, section "Evaluation"
// (https://ossf.github.io/osv-schema/#evaluation).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "scanner/advisories/advisory.h"
#include "scanner/versions/scheme.h"

namespace landwaiter::advisories {

struct Evaluation {
  bool affected = false;
  /// Only where affected: the fixed versions above this one that are not affected themselves,
  /// lowest first.
  std::vector<std::string> fixes;
};

/// Events need not be sorted. "0" is before everything, also as `fixed`, which then says that
/// nothing is affected; `last_affected` is inclusive, `limit` exclusive ("*": none), and `versions`
/// names affected ones besides the ranges, exactly (PyPI: by the meaning of PEP 440).
/// Errors: InvalidArgument naming the version that its scheme cannot read.
Result<Evaluation> Evaluate(versions::Scheme scheme, const Affected& affected,
                            std::string_view version);

}  // namespace landwaiter::advisories
