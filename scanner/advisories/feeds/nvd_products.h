// Which versions of which products an NVD record is about: its configurations, as NVD's analysts
// wrote them.
#pragma once

#include <string_view>
#include <vector>

#include "scanner/advisories/codec.h"
#include "scanner/advisories/json_fields.h"

namespace landwaiter::advisories {

/// Rows of the ecosystem "CPE" (cpe.h). Left out, since a program alone does not tell whether they
/// hold: combinations ("running on"), names that are of one edition, platform or target software
/// ("for WordPress"), hardware and operating systems, and versions that nothing can be compared
/// with. Errors: InvalidArgument naming the field.
Result<std::vector<StagedPackage>> ReadConfigurations(const simdjson::dom::object& cve,
                                                      const FieldPath& path);

}  // namespace landwaiter::advisories
