// What packages record as their licences, as SPDX license expressions (SPDX 2.3 annex D).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace landwaiter::report {

/// Ids parted by blanks, sorted by their lower case.
extern const std::string_view kSpdxLicenseIds;
extern const std::string_view kSpdxExceptionIds;

/// The expression in the list's own spelling ("mit or apache-2.0" is "MIT OR Apache-2.0"); nullopt
/// where the text is none, names what is not on the list, or is nested more than 20 deep.
std::optional<std::string> SpdxExpression(std::string_view text);

/// "LicenseRef-" and what of the text may stand in such a name, told apart by a hash.
std::string LicenseRef(std::string_view text);

/// All that a package records, joined by AND, for nothing says that one may choose: expressions as
/// they are, any other text as a LicenseRef- that is noted in `texts` (name -> text). "" for none.
std::string LicenseExpressionOf(const std::vector<std::string>& recorded,
                                std::map<std::string, std::string>& texts);

}  // namespace landwaiter::report
