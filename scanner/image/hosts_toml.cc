#include "scanner/image/hosts_toml.h"

#include <algorithm>
#include <optional>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/base/toml.h"
#include "lib/http/url.h"

namespace landwaiter::image {
namespace {

constexpr std::size_t kMaxValue = 64u << 10;  // as a response's headers are bounded
constexpr int kTopDepth = 0;
constexpr int kHostDepth = 2;  // "host", its URL

/// What stands in one table, before it is understood.
struct RawHost {
  std::string url;
  std::vector<std::string> capabilities;
  HostConfig config;
  bool override_path = false;
};

/// For messages: without what stands before an '@', which may be a password.
std::string Shown(std::string_view text) {
  std::string shown(text);
  const auto at = shown.rfind('@');
  const auto scheme = shown.find("//");
  const auto begin = scheme == std::string::npos ? 0 : scheme + 2;
  if (at != std::string::npos && at > begin) shown.replace(begin, at - begin, "***");
  return text::Printable(text::Truncate(shown, 200));
}

class HostsVisitor final : public JsonVisitor {
 public:
  RawHost top;
  std::vector<RawHost> hosts;
  std::optional<Error> fault;

  void Begin(const JsonPath& path, bool is_object) override {
    if (path.size() == kHostDepth && path[0] == "host") Find(path[1]);
    const auto [host, depth] = Owner(path);
    if (host == nullptr || is_object) return;
    // client = [["cert", "key"]]: a pair begins.
    const bool pair = path.size() == depth + 2 && path[depth] == "client";
    if (pair && Bounded(host->config.client, "client")) host->config.client.emplace_back();
  }
  void Text(const JsonPath& path, std::string text) override { Take(path, std::move(text)); }
  void Bool(const JsonPath& path, bool value) override {
    const auto [host, depth] = Owner(path);
    if (host == nullptr || path.size() != depth + 1) return;
    if (path[depth] == "skip_verify") host->config.skip_verify = value;
    if (path[depth] == "override_path") host->override_path = value;
  }

 private:
  struct Owned {
    RawHost* host;
    std::size_t depth;  // of the table's own keys
  };

  RawHost* Find(const std::string& url) {
    for (RawHost& host : hosts) {
      if (host.url == url) return &host;
    }
    if (hosts.size() >= kMaxHosts) {
      fault = ResourceExhausted("host: more than " + std::to_string(kMaxHosts));
      return nullptr;
    }
    hosts.emplace_back().url = url;
    return &hosts.back();
  }
  Owned Owner(const JsonPath& path) {
    if (path.empty()) return {nullptr, 0};
    if (path[0] != "host") return {&top, kTopDepth};
    if (path.size() <= kHostDepth) return {nullptr, 0};
    return {Find(path[1]), kHostDepth};
  }
  template <class T>
  bool Bounded(const std::vector<T>& list, const std::string& key) {
    if (list.size() < kMaxHostValues) return true;
    fault = ResourceExhausted(key + ": more than " + std::to_string(kMaxHostValues));
    return false;
  }
  void Take(const JsonPath& path, std::string text) {
    const auto [host, depth] = Owner(path);
    if (host == nullptr || fault) return;
    if (text.size() > kMaxValue) {
      fault = ResourceExhausted(path[depth] + ": longer than " + std::to_string(kMaxValue));
      return;
    }
    const std::string& key = path[depth];
    const std::size_t below = path.size() - depth - 1;  // 1 in a list, 2 in a list of lists
    if (key == "server" && below == 0 && host == &top) {
      top.url = std::move(text);
    } else if (key == "capabilities" && below == 1 && Bounded(host->capabilities, key)) {
      host->capabilities.push_back(text::ToLower(text));
    } else if (key == "dial_timeout" && below == 0) {
      TakeTimeout(*host, text);
    } else if (key == "ca" && below <= 1 && Bounded(host->config.ca, key)) {
      host->config.ca.push_back(std::move(text));
    } else if (key == "client") {
      TakeClient(*host, std::move(text), below);
    } else if (key == "header" && below >= 1 && Bounded(host->config.headers, key)) {
      host->config.headers.push_back({path[depth + 1], std::move(text)});
    }
  }
  void TakeTimeout(RawHost& host, const std::string& text) {
    const auto timeout = ParseDuration(text);
    if (timeout) {
      host.config.connect_timeout = *timeout;
    } else {
      fault = timeout.error();
      fault->message = "dial_timeout: " + fault->message;
    }
  }
  void TakeClient(RawHost& host, std::string text, std::size_t below) {
    auto& pairs = host.config.client;
    if (!Bounded(pairs, "client")) return;
    if (below < 2) {
      pairs.emplace_back(std::move(text), "");
    } else if (pairs.empty()) {
      return;
    } else if (pairs.back().first.empty()) {
      pairs.back().first = std::move(text);
    } else {
      pairs.back().second = std::move(text);
    }
  }
};

/// The path of the API's root: the URL's own, and "/v2" behind it unless it is there already or not
/// wanted (containerd core/remotes/docker/config/hosts.go).
Result<std::string> RootOf(const RawHost& host) {
  const std::string& written = host.url;
  const bool scheme = written.starts_with("http://") || written.starts_with("https://");
  auto url = http::Url::Parse(scheme ? written : "https://" + written);
  if (!url) return InvalidArgument("'" + Shown(written) + "' is no URL of a registry");
  // docker.io is a name for people; what serves it has another.
  if (url->host == "docker.io") url->host = "registry-1.docker.io";
  std::string path = url->target.substr(0, url->target.find_first_of("?#"));
  while (!path.empty() && path.back() == '/') path.pop_back();
  if (!host.override_path && !path.ends_with("/v2")) path += "/v2";
  url->target = path.empty() ? "/" : path;
  std::string root = url->ToString();
  while (root.back() == '/') root.pop_back();
  return root;
}

bool IsHeaderName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

Status TakeCapabilities(RawHost& host) {
  if (host.capabilities.empty()) return Ok();
  host.config.pull = host.config.resolve = false;
  for (const std::string& capability : host.capabilities) {
    if (capability == "pull") host.config.pull = true;
    if (capability == "resolve") host.config.resolve = true;
    const bool known = capability == "pull" || capability == "resolve" || capability == "push" ||
                       capability == "referrers";
    if (!known) return InvalidArgument("capabilities: '" + Shown(capability) + "' is none");
  }
  return Ok();
}

Result<HostConfig> Understand(RawHost host) {
  if (!host.url.empty()) {
    auto root = RootOf(host);
    if (!root) return std::move(root).error();
    host.config.root = *std::move(root);
  }
  if (Status taken = TakeCapabilities(host); !taken) return taken.error();
  for (const auto& pair : host.config.client) {
    if (pair.first.empty()) return InvalidArgument("client: a pair without a certificate");
  }
  for (const auto& [name, value] : host.config.headers) {
    const bool clean = std::none_of(value.begin(), value.end(), [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
    });
    if (!IsHeaderName(name) || !clean) {
      return InvalidArgument("header: '" + Shown(name) + "' cannot be sent");
    }
  }
  return std::move(host.config);
}

}  // namespace

Result<std::vector<HostConfig>> ParseHostsToml(std::string_view text) {
  if (text.size() > kMaxHostsFileBytes) {
    return ResourceExhausted("larger than " + std::to_string(kMaxHostsFileBytes) + " bytes");
  }
  HostsVisitor visitor;
  if (Status read = StreamToml(text, visitor); !read) return read.error();
  if (visitor.fault) return *std::move(visitor.fault);
  std::vector<HostConfig> hosts;
  visitor.hosts.push_back(std::move(visitor.top));
  for (RawHost& raw : visitor.hosts) {
    const std::string url = raw.url;
    auto host = Understand(std::move(raw));
    if (!host) return std::move(host).error().Context(url.empty() ? "top" : "'" + Shown(url) + "'");
    hosts.push_back(*std::move(host));
  }
  return hosts;
}

}  // namespace landwaiter::image
