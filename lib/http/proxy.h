// Which proxy, if any, a URL goes through: the environment's variables as Go and curl read them.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/http/address_policy.h"
#include "lib/http/url.h"

namespace landwaiter::http {

class ProxyRules {
 public:
  ProxyRules() = default;
  /// `get` gives a variable's value, "" where it is not set.
  static ProxyRules FromEnvironment(const std::function<std::string(const char*)>& get);

  /// The proxy's URL, "" for none.
  std::string For(const Url& url) const;

 private:
  struct Exemption {
    std::string host;  // without a leading dot; the name and what is below it
    int port = 0;      // 0: every port
    bool subdomains_only = false;
  };
  bool Exempt(const Url& url) const;

  std::string http_;
  std::string https_;
  bool exempt_all_ = false;
  std::vector<Exemption> exemptions_;
  std::vector<Cidr> exempt_ranges_;
};

}  // namespace landwaiter::http
