// Rows as the readers of distributions' own feeds make them.
#pragma once

#include <string>
#include <string_view>

#include "scanner/advisories/codec.h"

namespace landwaiter::advisories {

/// All versions below `fix`; "0" says that none is affected.
Range Below(std::string_view fix);
/// All versions.
Range Everything();
/// `version` and all above it.
Range From(std::string_view version);

/// Whether a version can be read in the order of its ecosystem; "0" always can. Where no order is
/// known yet, any printable text is one. Errors: InvalidArgument, ResourceExhausted.
Status CheckVersion(std::string_view ecosystem, std::string_view version);
/// Names of packages: printable and at most kMaxPackageBytes. Errors: InvalidArgument.
Status CheckPackageName(std::string_view name);

/// A row about all that `range` holds.
StagedPackage MakeRow(std::string_view ecosystem, std::string_view package, Range range,
                      Claim claim = Claim::kAffected);
/// A row that says what `fix` mends; "0" is the statement that the package is not affected.
/// Errors: as CheckVersion and CheckPackageName.
Result<StagedPackage> MakeFixRow(std::string_view ecosystem, std::string_view package,
                                 std::string_view fix);

/// The module stream of a row whose fix is `fix`: `named`, or "*" (one of a module's, untold which)
/// where the feed names none but the version was built as part of a module; "" for none.
std::string ModuleOfFix(std::string_view named, std::string_view fix);

/// A record about one vulnerability, named `prefix` + `cve` ("ALPINE-", "CVE-2023-1234"), that
/// covers it.
StagedRecord RecordOfCve(std::string_view prefix, std::string_view cve, std::string_view feed);

/// A title out of prose: its first line, fit for a terminal, at most kMaxTitleBytes.
std::string TitleOf(std::string_view prose);

}  // namespace landwaiter::advisories
