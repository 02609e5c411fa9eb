// Which program this is.
#pragma once

#include <string>

namespace landwaiter {

/// Of this very program: another build has another one, whatever it calls its version. Where the
/// program's own file cannot be read, of this process alone.
const std::string& ProgramIdentity();

}  // namespace landwaiter
