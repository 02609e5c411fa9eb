// What cargo-auditable writes into a program (its PARSING.md and cargo-auditable.schema.json).
// Inside this room only.
#pragma once

#include <string_view>

#include "scanner/packages/stanza.h"

namespace landwaiter::packages {

/// Adds the crates of the JSON that section .dep-v0 holds compressed; faults go to `out`. Crates
/// that only the build needed (build scripts, procedural macros) are not in the program.
void ParseCargoAudit(std::string_view json, ReadingBuilder& out);

}  // namespace landwaiter::packages
