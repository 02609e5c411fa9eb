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

# And the page for people.
landwaiter_embed(landwaiter_controller web_assets.cc controller/report_api/web_assets.h landwaiter::controller::report_api
                 kWebIndex controller/report_api/web/index.html
                 kWebStyle controller/report_api/web/page.css
                 kWebMain controller/report_api/web/main.js
                 kWebApi controller/report_api/web/api.js
                 kWebDom controller/report_api/web/dom.js
                 kWebParts controller/report_api/web/parts.js
                 kWebOverview controller/report_api/web/overview.js
                 kWebHistory controller/report_api/web/history.js
                 kWebImages controller/report_api/web/images.js
                 kWebImage controller/report_api/web/image.js
                 kWebPolicies controller/report_api/web/policies.js
                 kWebQuery controller/report_api/web/query.js)
