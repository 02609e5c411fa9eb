# The description of the report API, controller/report_api/openapi.yaml, in the program that serves it.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/controller/report_api/openapi.yaml)
file(READ ${CMAKE_SOURCE_DIR}/controller/report_api/openapi.yaml LANDWAITER_OPENAPI)
set(LANDWAITER_OPENAPI_SOURCE ${CMAKE_BINARY_DIR}/generated/openapi_document.cc)
file(CONFIGURE OUTPUT ${LANDWAITER_OPENAPI_SOURCE} @ONLY CONTENT [[
#include "controller/report_api/openapi_document.h"

namespace landwaiter::controller::report_api {

const std::string_view kOpenApiYaml = R"openapi(@LANDWAITER_OPENAPI@)openapi";

}  // namespace landwaiter::controller::report_api
]])
target_sources(landwaiter_controller PRIVATE ${LANDWAITER_OPENAPI_SOURCE})
