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

/// How an advisory's word stands to a version.
enum class Standing {
  kOutside,      // it does not speak of this version
  kAffected,     // it is affected
  kFixed,        // it is at or above a fix
  kNotAffected,  // it is said to be not affected
};

struct Evaluation {
  Standing standing = Standing::kOutside;
  bool affected() const { return standing == Standing::kAffected; }
  /// Only where fixed: the version that mended it.
  std::string fixed_in;
  /// Only where affected: the fixed versions above this one that are not affected themselves,
  /// lowest first.
  std::vector<std::string> fixes;
};

/// Events need not be sorted. "0" is before everything, also as `fixed`, which then says that
/// nothing is affected (kNotAffected, as a claim of that kind does); `last_affected` is inclusive,
/// `limit` exclusive ("*": none), and `versions` names affected ones besides the ranges, exactly
/// (PyPI: by the meaning of PEP 440). Errors: InvalidArgument naming the version that its scheme
/// cannot read.
Result<Evaluation> Evaluate(versions::Scheme scheme, const Affected& affected,
                            std::string_view version);

/// The dist tag of an rpm version that names a minor release: "el9_2" of "7.76.1-23.el9_2.4"; ""
/// for one that names none.
std::string_view MinorStreamOf(std::string_view version);

/// The dist tag of an rpm version that was built as part of a module: "module+el8.4.0+597+ddf0ddea"
/// of "1:14.1-1.module+el8.4.0+597+ddf0ddea"; "" for a package of no module.
std::string_view ModuleTagOf(std::string_view version);

/// Whether such a tag names one build ("…+597+ddf0ddea": its number, and a digest of the module's
/// name, stream, version and context): all that bear it are of the same module stream.
bool NamesModuleBuild(std::string_view tag);

}  // namespace landwaiter::advisories
