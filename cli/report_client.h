// How the commands that ask a cluster's report API reach it: through the API server's proxy for
// Services, as the kubeconfig says, or at a URL. The token is for the report API itself: the API
// server keeps the Authorization header of what it proxies (docs/adr/0020).
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "lib/base/secret.h"

namespace CLI {
class App;
}
namespace landwaiter::http {
class Client;
struct Request;
}  // namespace landwaiter::http

namespace landwaiter::cli {

struct ReportFlags {
  std::string kubeconfig;
  std::string ns = "landwaiter";
  std::string name = "landwaiter";
  std::string server;
  std::string ca_file;
  std::string token_file;
  std::string format = "table";
  std::string timeout = "60s";
  bool Json() const { return format == "json"; }
};
void AddReportFlags(CLI::App& app, ReportFlags& flags);

using QueryList = std::vector<std::pair<std::string, std::string>>;

class ReportClient {
 public:
  /// Errors: those of the kubeconfig; InvalidArgument where there is no token.
  static Result<std::unique_ptr<ReportClient>> Create(const ReportFlags& flags);
  ~ReportClient();

  /// `path`: "/v1/images". Asks again where another replica has the answer, or where it is too
  /// early. Errors: the problem's own by its status and reason; DataLoss for what is no JSON.
  Result<nlohmann::json> Get(const std::string& path, const QueryList& query,
                             const Cancellation& cancel) const;
  Result<nlohmann::json> Post(const std::string& path, const nlohmann::json& body,
                              const Cancellation& cancel) const;
  /// The items of all pages.
  Result<nlohmann::json> List(const std::string& path, QueryList query,
                              const Cancellation& cancel) const;
  /// The digest that IMAGE means in the cluster: itself, or of the image that was seen by that
  /// name; the one that was scanned last where a tag has moved. Errors: NotFound.
  Result<std::string> DigestOf(const std::string& image, const Cancellation& cancel) const;
  /// All that it may mean, at least one; first the one that DigestOf takes. Errors: NotFound.
  Result<std::vector<std::string>> DigestsOf(const std::string& image,
                                             const Cancellation& cancel) const;

 private:
  struct Door;
  explicit ReportClient(std::unique_ptr<Door> door);
  Result<nlohmann::json> Send(const http::Request& request, const Cancellation& cancel) const;
  http::Request RequestTo(const std::string& path) const;

  std::unique_ptr<Door> door_;
};

/// Runs what a command does with a client, within --timeout, and says on standard error what went
/// wrong; the exit code.
int RunReportCommand(
    const char* command, const ReportFlags& flags,
    const std::function<Result<int>(const ReportClient& client, const Cancellation& cancel)>& run);

/// Pretty, in ASCII alone: whoever prints it is safe from what an image's author wrote.
void PrintJson(const nlohmann::json& value);
/// Columns as wide as their widest cell; the first row is the heading. Made printable.
void PrintTable(const std::vector<std::vector<std::string>>& rows);
/// A text field of an object made printable; "-" where it is absent or null.
std::string Field(const nlohmann::json& object, const char* name);
/// "2 critical, 5 high": what of a count is not 0; "-" for null, "none".
std::string CountsOf(const nlohmann::json& counts);
/// "shop, web": of usedBy; "-" for none.
std::string NamespacesOf(const nlohmann::json& used_by);
/// Exit code for GET /v1/images/{digest}: as that of `landwaiter scan` by the same policies.
int ExitCodeOfImage(const nlohmann::json& image);

}  // namespace landwaiter::cli
