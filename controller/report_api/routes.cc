#include "controller/report_api/routes.h"

#include "lib/base/text.h"

namespace landwaiter::controller::report_api {
namespace {

constexpr Right kGetScans{"get", "imagescans"};
constexpr Right kListScans{"list", "imagescans"};
constexpr Right kCreateScans{"create", "imagescans"};
constexpr Right kListPolicies{"list", "scanpolicies"};

constexpr Route kRoutes[] = {
    {"GET", "/v1/images", kListScans, ListImages},
    {"GET", "/v1/images/{digest}", kGetScans, GetImage},
    {"GET", "/v1/images/{digest}/findings", kGetScans, ImageFindings},
    {"GET", "/v1/images/{digest}/policies", kGetScans, ImagePolicies},
    {"GET", "/v1/images/{digest}/sbom", kGetScans, ImageSbom},
    {"GET", "/v1/reports/{digest}", kGetScans, GetReport},
    {"GET", "/v1/policies", kListPolicies, ListPolicies},
    {"GET", "/v1/query/vulnerabilities", kListScans, QueryVulnerability},
    {"GET", "/v1/query/packages", kListScans, QueryPackage},
    {"GET", "/v1/history", kListScans, GetHistory},
    {"GET", "/v1/feeds", kListScans, GetFeeds},
    {"GET", "/v1/system", kListScans, GetSystem},
    {"POST", "/v1/scans", kCreateScans, RequestScan},
    {"GET", "/v1/scans/{name}", kGetScans, GetScan},
    {"GET", "/v1/openapi.json", kListScans, GetOpenApi},
};

bool Matches(std::string_view pattern, const std::vector<std::string>& path,
             std::vector<std::string>& names) {
  const auto parts = text::Split(pattern.substr(1), '/');
  if (parts.size() != path.size()) return false;
  names.clear();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].starts_with('{')) {
      names.push_back(path[i]);
    } else if (parts[i] != path[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::span<const Route> Routes() { return kRoutes; }

Matched FindRoute(std::string_view method, std::string_view path) {
  Matched matched;
  const auto segments = PathSegments(path);
  if (!segments) return matched;
  for (const Route& route : kRoutes) {
    std::vector<std::string> names;
    if (!Matches(route.pattern, *segments, names)) continue;
    matched.allowed += (matched.allowed.empty() ? "" : ", ") + std::string(route.method);
    if (route.method != method) continue;
    matched.route = &route;
    matched.names = std::move(names);
  }
  return matched;
}

}  // namespace landwaiter::controller::report_api
