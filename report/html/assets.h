// The files beside this header, as they are (cmake/embed.cmake).
#pragma once

#include <string_view>

namespace landwaiter::report::html {

extern const std::string_view kPage;  // {{name}} where something is to be put: markup.h, Fill
extern const std::string_view kStyle;
extern const std::string_view kScript;

}  // namespace landwaiter::report::html
