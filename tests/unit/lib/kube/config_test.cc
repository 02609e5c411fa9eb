#include "lib/kube/config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace landwaiter::kube {
namespace {

std::string Kubeconfig(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
         "contexts: [{name: there, context: {cluster: x, user: y}},"
         " {name: here, context: {cluster: c, user: u, namespace: shop}}]\n"
         "clusters: [{name: c, cluster: " +
         cluster + "}]\nusers: [{name: u, user: " + user + "}]\n";
}

TEST(Kubeconfig, ReadsTheCurrentContext) {
  auto config = ParseKubeconfig(
      Kubeconfig("{server: 'https://127.0.0.1:6443/', certificate-authority-data: Y2E=}",
                 "{token: abc}"),
      "/etc");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server, "https://127.0.0.1:6443");
  EXPECT_EQ(config->ca_pem, "ca");
  EXPECT_EQ(config->ns, "shop");
  EXPECT_EQ(config->token.Reveal(), "abc");
  EXPECT_FALSE(config->insecure);
}

TEST(Kubeconfig, ResolvesRelativePathsFromTheFilesFolder) {
  auto config = ParseKubeconfig(
      Kubeconfig("{server: 'https://h', certificate-authority: pki/ca.crt}",
                 "{client-certificate: me.crt, client-key: /abs/me.key, tokenFile: t}"),
      "/home/me/.kube");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->ca_file, "/home/me/.kube/pki/ca.crt");
  EXPECT_EQ(config->client_cert_file, "/home/me/.kube/me.crt");
  EXPECT_EQ(config->client_key_file, "/abs/me.key");
  EXPECT_EQ(config->token_file, "/home/me/.kube/t");
}

struct BadCase {
  const char* name;
  std::string yaml;
  const char* says;
};

TEST(Kubeconfig, RefusesWithAMessageThatNamesTheField) {
  const std::string good = "{server: 'https://h'}";
  const BadCase cases[] = {
      {"an exec plugin", Kubeconfig(good, "{exec: {command: aws}}"), "credential plugin"},
      {"an auth provider", Kubeconfig(good, "{auth-provider: {name: oidc}}"), "auth-provider"},
      {"a password", Kubeconfig(good, "{username: a, password: b}"), "username"},
      {"a certificate without a key", Kubeconfig(good, "{client-certificate: a}"), "client-key"},
      {"base64 that is none",
       Kubeconfig("{server: 'https://h', certificate-authority-data: '*'}", "{}"),
       "certificate-authority-data is not base64"},
      {"a server without a scheme", Kubeconfig("{server: h}", "{}"), "server must be an URL"},
      {"a proxy", Kubeconfig("{server: 'https://h', proxy-url: 'http://p'}", "{}"), "proxy-url"},
      {"no current context", "contexts: []\n", "current-context is not set"},
      {"a context that is not there", "current-context: x\ncontexts: []\n", "no entry named 'x'"},
      {"a list", "- a\n", "no map"},
      {"no YAML", "a: [", "no YAML"},
      {"nested without end", std::string(100'000, '['), "nested deeper"},
      {"contexts of another type", "current-context: x\ncontexts: 3\n", "must be a list"},
  };
  for (const auto& c : cases) {
    auto config = ParseKubeconfig(c.yaml, "/");
    ASSERT_FALSE(config) << c.name;
    EXPECT_NE(config.error().message.find(c.says), std::string::npos)
        << c.name << ": " << config.error().message;
  }
}

TEST(Kubeconfig, TruncatedAnywhereIsAnErrorOrAConfigNeverACrash) {
  const std::string whole = Kubeconfig("{server: 'https://h'}", "{token: abc}");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    auto config = ParseKubeconfig(whole.substr(0, size), "/");
    if (config) {
      EXPECT_EQ(config->server, "https://h");
    }
  }
}

TEST(InCluster, ReadsWhatTheKubeletMounts) {
  const auto root = std::filesystem::temp_directory_path() / "landwaiter-incluster-test";
  std::filesystem::create_directories(root);
  std::ofstream(root / "token") << "secret\n";
  std::ofstream(root / "namespace") << "landwaiter";
  setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  setenv("KUBERNETES_SERVICE_PORT", "443", 1);
  auto config = InClusterConfig(root.string());
  unsetenv("KUBERNETES_SERVICE_HOST");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server, "https://[fd00::1]:443");
  EXPECT_EQ(config->token.Reveal(), "secret");
  EXPECT_EQ(config->ns, "landwaiter");
  auto outside = InClusterConfig(root.string());
  ASSERT_FALSE(outside);
  EXPECT_NE(outside.error().message.find("--kubeconfig"), std::string::npos);
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace landwaiter::kube
