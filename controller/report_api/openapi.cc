// GET /v1/openapi.json: docs/openapi.yaml, which the build puts into the program.
#include <nlohmann/json.hpp>

#include "controller/report_api/answer.h"
#include "controller/report_api/openapi_document.h"
#include "controller/report_api/routes.h"
#include "lib/base/json.h"
#include "policy/text_input.h"

namespace landwaiter::controller::report_api {

http::ServerResponse GetOpenApi(const ReportSource&, Call& call, const Cancellation&) {
  if (const Status read = call.params.Done(); !read) return ProblemOf(read.error());
  static const Result<std::string> kDocument = []() -> Result<std::string> {
    auto documents = policy::ReadYaml(kOpenApiYaml);
    if (!documents) return std::move(documents).error();
    if (documents->size() != 1) return Internal("the description is not one document");
    return DumpJson(documents->front());
  }();
  if (!kDocument) return ProblemOf(kDocument.error());
  return TextAnswer(*kDocument, "application/openapi+json");
}

}  // namespace landwaiter::controller::report_api
