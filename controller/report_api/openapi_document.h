// docs/openapi.yaml as it is in the repository; cmake/report_api.cmake writes the source.
#pragma once

#include <string_view>

namespace landwaiter::controller::report_api {

extern const std::string_view kOpenApiYaml;

}  // namespace landwaiter::controller::report_api
