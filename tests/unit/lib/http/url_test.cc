#include "lib/http/url.h"

#include <gtest/gtest.h>

#include <map>

#include "lib/http/proxy.h"

namespace landwaiter::http {
namespace {

TEST(Url, ParsesAbsoluteOnes) {
  const struct {
    const char* text;
    const char* scheme;
    const char* host;
    int port;
    const char* target;
  } cases[] = {
      {"https://Registry.Example/v2/", "https", "registry.example", 443, "/v2/"},
      {"http://127.0.0.1:5000/v2/a?b=c%20d", "http", "127.0.0.1", 5000, "/v2/a?b=c%20d"},
      {"https://[::1]:8443", "https", "[::1]", 8443, "/"},
      {"https://a/b/../c", "https", "a", 443, "/b/../c"},
  };
  for (const auto& c : cases) {
    const auto url = Url::Parse(c.text);
    ASSERT_TRUE(url) << c.text << ": " << url.error().message;
    EXPECT_EQ(url->scheme, c.scheme);
    EXPECT_EQ(url->host, c.host);
    EXPECT_EQ(url->port, c.port);
    EXPECT_EQ(url->target, c.target);
  }
}

TEST(Url, RefusesWhatIsNotAPlainAbsoluteHttpUrl) {
  for (const std::string& bad :
       {std::string(), std::string("/v2/"), std::string("registry.example/v2/"),
        std::string("ftp://a/"), std::string("file:///etc/passwd"), std::string("https://"),
        std::string("https://user:secret@a/"), std::string("https://a/ b"),
        std::string("https://a\\b/"), std::string("https://a/\r\nX: y"),
        std::string("https://a:99999/"), std::string("https://a:0/"),
        "https://a/" + std::string(kMaxUrlBytes, 'a')}) {
    const auto url = Url::Parse(bad);
    EXPECT_FALSE(url) << bad.substr(0, 60);
  }
}

TEST(Url, ErrorsDoNotShowTheQuery) {
  const auto url = Url::Parse("ftp://a/b?X-Amz-Signature=abcdef");
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().message.find("abcdef"), std::string::npos);
}

TEST(Url, ResolvesLocations) {
  const auto base = Url::Parse("https://a.example:8443/v2/x/blobs/y?q=1");
  ASSERT_TRUE(base);
  const struct {
    const char* location;
    const char* result;
  } cases[] = {
      {"https://b.example/z?sig=1", "https://b.example/z?sig=1"},
      {"//b.example/z", "https://b.example/z"},
      {"/z", "https://a.example:8443/z"},
      {"z", "https://a.example:8443/v2/x/blobs/z"},
      {"http://127.0.0.1/", "http://127.0.0.1/"},
  };
  for (const auto& c : cases) {
    const auto url = base->Resolve(c.location);
    ASSERT_TRUE(url) << c.location << ": " << url.error().message;
    EXPECT_EQ(url->ToString(), c.result);
  }
  for (const char* bad : {"", "ftp://b/", "https://u:p@b/", "gopher://x/", "javascript:alert(1)"}) {
    EXPECT_FALSE(base->Resolve(bad)) << bad;
  }
}

TEST(Url, SameOriginIsSchemeHostAndPort) {
  const auto a = *Url::Parse("https://a.example/x");
  EXPECT_TRUE(a.SameOrigin(*Url::Parse("https://A.example:443/y")));
  EXPECT_FALSE(a.SameOrigin(*Url::Parse("http://a.example:443/y")));
  EXPECT_FALSE(a.SameOrigin(*Url::Parse("https://a.example:444/y")));
  EXPECT_FALSE(a.SameOrigin(*Url::Parse("https://b.a.example/y")));
}

TEST(Url, PercentEncodesAllButUnreserved) {
  EXPECT_EQ(PercentEncode("repository:a/b:pull ~"), "repository%3Aa%2Fb%3Apull%20~");
}

// Admission pitfall 70.
// Pitfall 50.
TEST(Proxy, FollowsTheEnvironment) {
  const auto rules_of = [](std::map<std::string, std::string> environment) {
    return ProxyRules::FromEnvironment([environment](const char* name) {
      const auto it = environment.find(name);
      return it == environment.end() ? std::string() : it->second;
    });
  };
  const auto proxy = [&](std::map<std::string, std::string> environment, const char* url) {
    return rules_of(std::move(environment)).For(*Url::Parse(url));
  };
  EXPECT_EQ(proxy({}, "https://a.example/"), "");
  EXPECT_EQ(proxy({{"HTTPS_PROXY", "http://p:1"}}, "https://a.example/"), "http://p:1");
  EXPECT_EQ(proxy({{"HTTPS_PROXY", "http://p:1"}}, "http://a.example/"), "");
  EXPECT_EQ(proxy({{"https_proxy", "http://p:1"}, {"HTTPS_PROXY", "x"}}, "https://a/"),
            "http://p:1");
  EXPECT_EQ(proxy({{"ALL_PROXY", "http://p:1"}}, "http://a.example/"), "http://p:1");
  EXPECT_EQ(proxy({{"HTTP_PROXY", "http://p:1"}, {"REQUEST_METHOD", "GET"}}, "http://a/"), "");

  const std::map<std::string, std::string> with_exemptions = {
      {"HTTPS_PROXY", "http://p:1"},
      {"NO_PROXY", "exact.example, .sub.example,*.star.example,port.example:5000,10.0.0.0/8"}};
  for (const char* direct :
       {"https://exact.example/", "https://below.exact.example/", "https://x.sub.example/",
        "https://x.star.example/", "https://port.example:5000/", "https://10.2.3.4/",
        "https://localhost/", "https://127.0.0.1:5000/", "https://[::1]/"}) {
    EXPECT_EQ(proxy(with_exemptions, direct), "") << direct;
  }
  for (const char* proxied : {"https://notexact.example/", "https://sub.example/",
                              "https://port.example/", "https://11.2.3.4/"}) {
    EXPECT_EQ(proxy(with_exemptions, proxied), "http://p:1") << proxied;
  }
  EXPECT_EQ(proxy({{"HTTPS_PROXY", "http://p:1"}, {"NO_PROXY", "*"}}, "https://a/"), "");
}

}  // namespace
}  // namespace landwaiter::http
