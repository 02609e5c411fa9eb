#include "lib/http/proxy.h"

#include <charconv>

#include "lib/base/text.h"

namespace landwaiter::http {

ProxyRules ProxyRules::FromEnvironment(const std::function<std::string(const char*)>& get) {
  const auto first = [&](std::initializer_list<const char*> names) -> std::string {
    for (const char* name : names) {
      if (std::string value = get(name); !value.empty()) return value;
    }
    return "";
  };
  ProxyRules rules;
  // In a CGI program HTTP_PROXY is the client's "Proxy:" header (httpoxy, CVE-2016-5385).
  const bool cgi = !get("REQUEST_METHOD").empty();
  rules.http_ = cgi ? first({"http_proxy", "all_proxy", "ALL_PROXY"})
                    : first({"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"});
  rules.https_ = first({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
  const std::string no_proxy = first({"no_proxy", "NO_PROXY"});
  for (std::string_view entry : text::Split(no_proxy, ',')) {
    entry = text::Trim(entry);
    if (entry.empty()) continue;
    if (entry == "*") rules.exempt_all_ = true;
    if (auto range = Cidr::Parse(entry)) {
      rules.exempt_ranges_.push_back(*range);
      continue;
    }
    Exemption exemption;
    if (const auto colon = entry.rfind(':'); colon != std::string_view::npos) {
      const std::string_view port = entry.substr(colon + 1);
      const auto [end, error] =
          std::from_chars(port.data(), port.data() + port.size(), exemption.port);
      if (error == std::errc() && end == port.data() + port.size()) {
        entry = entry.substr(0, colon);
      } else {
        exemption.port = 0;
      }
    }
    if (entry.substr(0, 2) == "*.") entry.remove_prefix(1);
    if (!entry.empty() && entry.front() == '.') {
      exemption.subdomains_only = true;
      entry.remove_prefix(1);
    }
    if (entry.empty()) continue;
    exemption.host = text::ToLower(entry);
    rules.exemptions_.push_back(std::move(exemption));
  }
  return rules;
}

bool ProxyRules::Exempt(const Url& url) const {
  if (exempt_all_ || url.host == "localhost") return true;
  if (const auto address = IpAddress::Parse(url.host)) {
    static const Cidr kLoopback4 = *Cidr::Parse("127.0.0.0/8");
    static const Cidr kLoopback6 = *Cidr::Parse("::1/128");
    if (kLoopback4.Contains(*address) || kLoopback6.Contains(*address)) return true;
    for (const Cidr& range : exempt_ranges_) {
      if (range.Contains(*address)) return true;
    }
  }
  for (const Exemption& exemption : exemptions_) {
    if (exemption.port != 0 && exemption.port != url.port) continue;
    if (url.host == exemption.host && !exemption.subdomains_only) return true;
    if (url.host.size() > exemption.host.size() + 1 && url.host.ends_with(exemption.host) &&
        url.host[url.host.size() - exemption.host.size() - 1] == '.') {
      return true;
    }
  }
  return false;
}

std::string ProxyRules::For(const Url& url) const {
  const std::string& proxy = url.scheme == "https" ? https_ : http_;
  return proxy.empty() || Exempt(url) ? "" : proxy;
}

}  // namespace landwaiter::http
