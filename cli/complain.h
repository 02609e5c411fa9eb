// How a command says on standard error why it ends.
#pragma once

#include <string_view>

#include "lib/base/result.h"

namespace landwaiter::cli {

/// One line, "COMMAND: message", of printable characters. Returns `code`, for the caller to end
/// with.
int Complain(std::string_view command, const Error& error, int code);

}  // namespace landwaiter::cli
