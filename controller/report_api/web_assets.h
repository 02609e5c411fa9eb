// The files of web/, as they are (cmake/embed.cmake).
#pragma once

#include <string_view>

namespace landwaiter::controller::report_api {

extern const std::string_view kWebIndex;
extern const std::string_view kWebStyle;
extern const std::string_view kWebMain;
extern const std::string_view kWebApi;
extern const std::string_view kWebDom;
extern const std::string_view kWebParts;
extern const std::string_view kWebOverview;
extern const std::string_view kWebHistory;
extern const std::string_view kWebImages;
extern const std::string_view kWebImage;
extern const std::string_view kWebPolicies;
extern const std::string_view kWebQuery;

}  // namespace landwaiter::controller::report_api
