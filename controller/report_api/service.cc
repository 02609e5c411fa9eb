#include "controller/report_api/service.h"

#include <algorithm>
#include <exception>

#include "controller/report_api/answer.h"
#include "controller/report_api/routes.h"
#include "controller/report_api/web_page.h"
#include "lib/base/log.h"

namespace landwaiter::controller::report_api {
namespace {

constexpr std::size_t kMaxBodyBytes = 16 * 1024;
constexpr const char* kMethods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

Result<Secret> TokenOf(const http::ServerRequest& request) {
  const std::string_view own = request.HeaderValue(kTokenHeader);
  return BearerToken(own.empty() ? request.HeaderValue("Authorization") : own);
}

}  // namespace

Service::Service(const ReportSource& source, kube::Api& api, ServiceOptions options)
    : source_(source),
      options_(std::move(options)),
      access_(api, options_.access),
      users_(options_.requests_per_second, options_.request_burst),
      waiting_(options_.max_waiting, std::max(1, options_.threads / 2)) {}

void Service::AddRoutes(http::Server& server) {
  for (const char* method : kMethods) {
    server.Route(method, "/",
                 [this](http::ServerRequest&& request, http::Responder responder) {
                   Handle(std::move(request), std::move(responder));
                 },
                 {.max_body_bytes = kMaxBodyBytes});
  }
}

void Service::Start() {
  for (int i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { Run(stop); });
  }
}

void Service::Stop() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
  waiting_.Clear();
}

void Service::Handle(http::ServerRequest&& request, http::Responder responder) {
  const auto refuse = [&](const Error& error) {
    http::ServerResponse answer = Finished(ProblemOf(error), "");
    if (request.method == "HEAD") answer.body.clear();
    responder(std::move(answer));
  };
  // In memory, and asked of nobody.
  if (WebPage(request.method, request.path)) return responder(Answer(request, Cancellation{}));
  const auto token = TokenOf(request);
  if (!token) return refuse(token.error());
  auto task = std::make_shared<Task>(Task{std::move(request), std::move(responder),
                                          std::chrono::steady_clock::now() + options_.timeout});
  if (waiting_.TryPush(access_.KeyOf(*token), {task})) return;
  responder = std::move(task->responder);
  request = std::move(task->request);
  refuse(Error{Code::kUnavailable, "too many requests wait", "Overloaded"});
}

void Service::Run(const std::stop_token& stop) {
  while (auto taken = waiting_.Take(stop)) {
    auto& [key, task] = *taken;
    // Nobody waits for the answer of a caller who has gone.
    if (!task->request.disconnected.stop_requested()) {
      task->responder(Answer(task->request, Cancellation{stop, task->deadline}));
    }
    waiting_.Done(key);
  }
}

http::ServerResponse Service::Answer(const http::ServerRequest& request,
                                     const Cancellation& cancel) {
  http::ServerResponse answer;
  try {
    answer = Dispatch(request, cancel);
  } catch (const std::exception& error) {
    log::Error("report API threw", {{"error", error.what()}});
    answer = Problem(500, "Internal", "the answer could not be made");
  }
  answer = Finished(std::move(answer), request.HeaderValue("If-None-Match"));
  if (request.method == "HEAD") answer.body.clear();
  return answer;
}

http::ServerResponse Service::Dispatch(const http::ServerRequest& request,
                                       const Cancellation& cancel) {
  if (auto file = WebPage(request.method, request.path)) return *std::move(file);
  const auto token = TokenOf(request);
  if (!token) return ProblemOf(token.error());
  if (cancel.Expired()) {
    return ProblemOf(Error{Code::kUnavailable, "the request waited too long", "Overloaded"});
  }
  const auto caller = access_.Authenticate(*token, cancel);
  if (!caller) return ProblemOf(caller.error());
  if (!users_.Take(caller->name, std::chrono::steady_clock::now())) {
    return ProblemOf(
        ResourceExhausted("too many requests of this user").WithReason("TooManyRequests"));
  }
  const Matched matched = FindRoute(request.method, request.path);
  if (matched.allowed.empty()) return Problem(404, "NotFound", "there is no such path");
  if (matched.route == nullptr) {
    http::ServerResponse answer = Problem(405, "MethodNotAllowed", "not by this method");
    answer.headers.emplace_back("Allow", matched.allowed);
    return answer;
  }
  if (Status may = access_.Check(*caller, matched.route->right, cancel); !may) {
    return ProblemOf(may.error());
  }
  Call call{matched.names, Params(request.query), std::string(request.HeaderValue("Content-Type")),
            request.body};
  return matched.route->handle(source_, call, cancel);
}

}  // namespace landwaiter::controller::report_api
