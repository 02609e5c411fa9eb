// The routes of the report API: one table row each, with the right that it takes. A handler is a
// function of the source and the call; it knows nothing of HTTP, tokens and threads.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controller/report_api/access.h"
#include "controller/report_api/params.h"
#include "controller/report_api/source.h"
#include "lib/http/server.h"

namespace landwaiter::controller::report_api {

struct Call {
  std::vector<std::string> names;  // the path's variable parts, in order
  Params params{""};
  std::string content_type;
  std::string body;
};

using Handle = http::ServerResponse (*)(const ReportSource& source, Call& call,
                                        const Cancellation& cancel);

struct Route {
  std::string_view method;
  std::string_view pattern;  // "/v1/images/{digest}"
  Right right;
  Handle handle;
};

std::span<const Route> Routes();

struct Matched {
  const Route* route = nullptr;    // null: no such path, or not by this method
  std::vector<std::string> names;  // of `route`
  std::string allowed;             // the path's methods: "GET, POST"; "": no such path
};
Matched FindRoute(std::string_view method, std::string_view path);

// One file for each group of routes.
http::ServerResponse ListImages(const ReportSource&, Call&, const Cancellation&);
http::ServerResponse GetImage(const ReportSource&, Call&, const Cancellation&);
http::ServerResponse ImagePolicies(const ReportSource&, Call&, const Cancellation&);
http::ServerResponse ImageFindings(const ReportSource&, Call&, const Cancellation&);
http::ServerResponse ImageSbom(const ReportSource&, Call&, const Cancellation&);
http::ServerResponse GetReport(const ReportSource&, Call&, const Cancellation&);
http::ServerResponse ListPolicies(const ReportSource&, Call&, const Cancellation&);
http::ServerResponse QueryVulnerability(const ReportSource&, Call&, const Cancellation&);
http::ServerResponse QueryPackage(const ReportSource&, Call&, const Cancellation&);
http::ServerResponse GetFeeds(const ReportSource&, Call&, const Cancellation&);
http::ServerResponse GetHistory(const ReportSource&, Call&, const Cancellation&);
http::ServerResponse GetSystem(const ReportSource&, Call&, const Cancellation&);
http::ServerResponse GetOpenApi(const ReportSource&, Call&, const Cancellation&);
http::ServerResponse RequestScan(const ReportSource&, Call&, const Cancellation&);
http::ServerResponse GetScan(const ReportSource&, Call&, const Cancellation&);

}  // namespace landwaiter::controller::report_api
