// Errors of this room: always with one of scan_reason's words. Included by its sources only.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace landwaiter::image {

Error Failure(Code code, std::string_view reason, std::string message);
/// InvalidArgument, MalformedImage: "what: why", fit for printing.
Error Malformed(std::string_view what, std::string_view why);

}  // namespace landwaiter::image
