// hosts.toml as containerd reads it.
#include "scanner/image/hosts_toml.h"

#include <gtest/gtest.h>

namespace landwaiter::image {
namespace {

/// "root pull,resolve ca=… client=…|… skip headers timeout" of each host, a line each.
std::string Told(const std::vector<HostConfig>& hosts) {
  std::string out;
  for (const HostConfig& host : hosts) {
    out += (host.root.empty() ? "-" : host.root) + (host.pull ? " pull" : "") +
           (host.resolve ? " resolve" : "");
    for (const std::string& file : host.ca) out += " ca=" + file;
    for (const auto& [certificate, key] : host.client) out += " client=" + certificate + "|" + key;
    if (host.skip_verify) out += " unverified";
    for (const auto& header : host.headers) out += " " + header.name + ":" + header.value;
    if (host.connect_timeout.count() > 0) {
      out += " " + std::to_string(host.connect_timeout.count()) + "ms";
    }
    out += "\n";
  }
  return out;
}

struct Case {
  const char* name;
  const char* text;
  const char* told;  // begins with "!": the error's message
};

class HostsToml : public testing::TestWithParam<Case> {};

// Admission pitfall 65.
TEST_P(HostsToml, IsReadAsContainerdReadsIt) {
  const auto hosts = ParseHostsToml(GetParam().text);
  EXPECT_EQ(hosts ? Told(*hosts) : "! " + hosts.error().message, GetParam().told);
}

INSTANTIATE_TEST_SUITE_P(
    Files, HostsToml,
    testing::Values(
        Case{"AnEmptyFileIsTheRegistryItself", "", "- pull resolve\n"},
        Case{"AServerTakesItsPlace", "server = \"https://up.example\"\n",
             "https://up.example/v2 pull resolve\n"},
        Case{"AServerNeedsNoScheme", "server = \"up.example:5000\"\n",
             "https://up.example:5000/v2 pull resolve\n"},
        Case{"DockersNameIsServedByItsRegistry", "server = \"https://docker.io\"\n",
             "https://registry-1.docker.io/v2 pull resolve\n"},
        Case{"HostsKeepTheirOrderAndTheServerIsLast",
             "server = \"https://up.example\"\n[host.\"https://z.example\"]\n"
             "[host.\"https://a.example\"]\n[host.\"https://z.example\".header]\nx = \"1\"\n",
             "https://z.example/v2 pull resolve x:1\nhttps://a.example/v2 pull resolve\n"
             "https://up.example/v2 pull resolve\n"},
        Case{"CapabilitiesAreThoseNamed",
             "[host.\"http://m.example:81\"]\ncapabilities = [\"Pull\"]\n"
             "[host.\"https://n.example\"]\ncapabilities = [\"push\"]\n",
             "http://m.example:81/v2 pull\nhttps://n.example/v2\n- pull resolve\n"},
        Case{"APathIsKeptBeforeV2", "[host.\"https://m.example/mirror/\"]\n",
             "https://m.example/mirror/v2 pull resolve\n- pull resolve\n"},
        Case{"AV2ThatIsThereIsNotDoubled", "[host.\"https://m.example/v2\"]\n",
             "https://m.example/v2 pull resolve\n- pull resolve\n"},
        Case{"AnOverriddenPathIsTheRoot",
             "[host.\"https://m.example/v2/proxy\"]\noverride_path = true\n",
             "https://m.example/v2/proxy pull resolve\n- pull resolve\n"},
        Case{"Authorities", "ca = \"a.pem\"\n[host.\"https://m.example\"]\nca = [\"b\", \"/c\"]\n",
             "https://m.example/v2 pull resolve ca=b ca=/c\n- pull resolve ca=a.pem\n"},
        Case{"OneClientFile", "client = \"c.pem\"\n", "- pull resolve client=c.pem|\n"},
        Case{"ClientFiles", "client = [\"c.pem\", \"d.pem\"]\n",
             "- pull resolve client=c.pem| client=d.pem|\n"},
        Case{"ClientPairs", "client = [[\"c.crt\", \"c.key\"],[\"d.pem\", \"\"]]\n",
             "- pull resolve client=c.crt|c.key client=d.pem|\n"},
        Case{"Switches", "skip_verify = true\ndial_timeout = \"1s\"\n",
             "- pull resolve unverified 1000ms\n"},
        Case{"Headers", "[header]\nx-one = \"a b\"\nx-two = [\"c\", \"d\"]\n",
             "- pull resolve x-one:a b x-two:c x-two:d\n"},
        Case{"WhatIsNotKnownIsPassedOver",
             "[plugins]\na = 1\n[host.\"https://m.example\"]\nnew = 2\n",
             "https://m.example/v2 pull resolve\n- pull resolve\n"},
        Case{"ACapabilityThatIsNone", "capabilities = [\"pul\"]\n",
             "! top: capabilities: 'pul' is none"},
        Case{"AHostThatIsNoUrl", "[host.\"https://a b\"]\n",
             "! 'https://a b': 'https://a b' is no URL of a registry"},
        Case{"APasswordInAUrl", "[host.\"https://me:pw@m.example\"]\n",
             "! 'https://***@m.example': 'https://***@m.example' is no URL of a registry"},
        Case{"AHeaderOfTwoLines", "[header]\nx = \"a\\nB: c\"\n",
             "! top: header: 'x' cannot be sent"},
        Case{"APairWithoutACertificate", "client = [[]]\n",
             "! top: client: a pair without a certificate"},
        Case{"ABadTimeout", "dial_timeout = \"soon\"\n",
             "! dial_timeout: duration 'soon' must be like 72h, 1h30m, 10s, 500ms or 30d"},
        Case{"WhatIsNoToml", "server = \n", "! line 1 has a key without a value"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(HostsTomlBounds, HoldsAgainstManyHosts) {
  std::string text;
  for (std::size_t i = 0; i <= kMaxHosts; ++i) {
    text += "[host.\"https://m" + std::to_string(i) + ".example\"]\n";
  }
  const auto hosts = ParseHostsToml(text);
  ASSERT_FALSE(hosts);
  EXPECT_EQ(hosts.error().code, Code::kResourceExhausted);
}

}  // namespace
}  // namespace landwaiter::image
