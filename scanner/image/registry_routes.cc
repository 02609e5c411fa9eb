// Which hosts are asked for an image, and as whom: mirrors, then the registry itself.
#include <algorithm>

#include "lib/http/url.h"
#include "scanner/image/failure.h"
#include "scanner/image/registry_transport.h"

namespace landwaiter::image {
namespace {

bool IsSame(const RegistryCredential& a, const RegistryCredential& b) {
  return a.host == b.host && a.username == b.username &&
         a.password.Reveal() == b.password.Reveal() &&
         a.identity_token.Reveal() == b.identity_token.Reveal();
}

}  // namespace

std::string FolderOf(const std::string& repository) {
  return repository.empty() ? "" : repository + "/";
}

Result<std::shared_ptr<const ImageHosts>> Access::Hosts(Mirrors& mirrors) {
  const auto known = state_.With(
      [](State& state) { return state.looked ? std::optional(state.hosts) : std::nullopt; });
  if (known) return *known;
  auto found = mirrors.For(image.registry);
  if (!found) return found;
  // Of two threads that look at once both use what the first has found: it stays alive.
  return state_.With([&](State& state) {
    if (!state.looked) state.hosts = *std::move(found);
    state.looked = true;
    return state.hosts;
  });
}

std::vector<RegistryCredential> Access::For(const std::string& host) const {
  std::vector<RegistryCredential> out;
  credentials_.With([&](const auto& all) {
    std::copy_if(all.begin(), all.end(), std::back_inserter(out),
                 [&](const auto& one) { return one.host == host; });
  });
  if (out.empty()) out.emplace_back();
  return out;
}

void Access::LetIn(const RegistryCredential& credential) {
  credentials_.With([&](auto& all) {
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const auto& one) { return IsSame(one, credential); });
    if (found != all.end()) std::rotate(all.begin(), found, found + 1);
  });
}

void Access::SetSilent(const std::string& host, const Error& error) {
  state_.With([&](State& state) { state.silent.insert_or_assign(host, error); });
}

std::optional<Error> Access::Silent(const std::string& host) const {
  return state_.With([&](const State& state) -> std::optional<Error> {
    const auto found = state.silent.find(host);
    return found == state.silent.end() ? std::nullopt : std::optional(found->second);
  });
}

void Access::Gave(const std::string& host) {
  state_.With([&](State& state) { state.givers.insert(host); });
}

std::string Access::Givers() const {
  return state_.With([](const State& state) {
    std::string names;
    for (const std::string& name : state.givers) names += (names.empty() ? "" : ", ") + name;
    return names;
  });
}

std::string Access::FromGivers() const {
  const std::string givers = Givers();
  return givers.empty() ? "" : " from " + givers;
}

Result<RegistryTransport::Route> RegistryTransport::RouteTo(const ImageHost& host,
                                                            const ImageReference& image,
                                                            const Cancellation& cancel) {
  auto url = host.root.empty() ? BaseUrl(image, cancel)
                               : http::Url::Parse(host.root + "/" + FolderOf(image.repository));
  if (!url) return std::move(url).error();
  const bool mirror = !host.key.empty();
  Route route{.url = *std::move(url),
              .name = {},
              .key = host.key,
              // The registry's name as references write it, as containerd has it.
              .query = mirror ? "ns=" + http::PercentEncode(image.registry) : "",
              .client = host.client ? host.client.get() : &client_,
              .headers = host.headers,
              .connect_timeout = host.connect_timeout.count() > 0 ? host.connect_timeout
                                                                  : options_.connect_timeout,
              .mirror = mirror};
  route.name = (mirror ? "mirror " : "registry ") +
               (mirror ? host.root.substr(host.root.find("//") + 2) : image.registry);
  return route;
}

Result<std::vector<RegistryTransport::Route>> RegistryTransport::Routes(
    Access& access, const RegistryRequest& request, const Cancellation& cancel) {
  std::shared_ptr<const ImageHosts> hosts;
  if (options_.mirrors != nullptr && !request.push) {
    auto found = access.Hosts(*options_.mirrors);
    if (!found) return std::move(found).error();
    hosts = *std::move(found);
  }
  std::vector<Route> routes;
  if (!hosts) {
    auto route = RouteTo(ImageHost{}, access.image, cancel);
    if (!route) return std::move(route).error();
    route->name.clear();
    route->patience = options_.max_retry_after;
    routes.push_back(*std::move(route));
    return routes;
  }
  for (const ImageHost& host : *hosts) {
    if (!host.pull || (request.resolve && !host.resolve)) continue;
    auto route = RouteTo(host, access.image, cancel);
    if (!route) return std::move(route).error();
    routes.push_back(*std::move(route));
  }
  if (routes.empty()) {
    return Failure(Code::kUnsupported, scan_reason::kNotFound,
                   request.what + ": no host of its hosts.toml may " +
                       (request.resolve ? "resolve a tag" : "be pulled from"));
  }
  // Before it, the next one is asked at once.
  routes.back().patience = options_.max_retry_after;
  return routes;
}

}  // namespace landwaiter::image
