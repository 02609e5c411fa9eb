// What an OSV record says of severity, in the order in which it counts.
#pragma once

#include "scanner/advisories/advisory.h"
#include "scanner/advisories/json_fields.h"

namespace landwaiter::advisories {

/// Words of model's ParseSeverity and those that feeds use besides: Debian's urgencies (a "*" marks
/// one it guessed) and "unimportant", which Debian uses for what is no security problem in its
/// package. Unknown for all others.
Severity SeverityOfWord(std::string_view word);

/// The best CVSS of a `severity` array (4.0, then 3.x, then 2.0; type "Ubuntu" is that vendor's
/// word and comes first). Errors: InvalidArgument naming the field of a bad vector.
Result<StatedSeverity> ReadSeverityArray(const simdjson::dom::object& object,
                                         const FieldPath& path);
/// The vendor's word of a database_specific or ecosystem_specific object: `severity`, or Debian's
/// and Ubuntu's `urgency`/`ubuntu_priority`. Unknown for none, or for words that say nothing.
StatedSeverity ReadVendorWord(const simdjson::dom::object& specific, std::string_view where);
/// The vendor's word where there is one, with the score and vector of the other.
StatedSeverity Prefer(StatedSeverity word, const StatedSeverity& cvss);
/// Debian: "end-of-life" says that no fix will come.
bool IsEndOfLife(const simdjson::dom::object& specific);

}  // namespace landwaiter::advisories
