// /etc/passwd, passwd(5): NAME:PASSWORD:UID:GID:GECOS:DIRECTORY:SHELL.
#pragma once

#include <string_view>

#include "lib/base/result.h"
#include "model/collection.h"

namespace landwaiter::packages {

/// Blank lines and comments are passed over, as glibc does. A line that is none of passwd(5) is
/// listed by its number; an empty shell is /bin/sh.
/// Errors: ResourceExhausted for more than kMaxPasswdEntries.
Result<PasswdFile> ParsePasswd(std::string_view text);

}  // namespace landwaiter::packages
