#include "lib/kube/config.h"

#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <filesystem>

#include "lib/base/file.h"
#include "lib/base/text.h"

namespace landwaiter::kube {
namespace {

// A kubeconfig of many clusters with inline certificates is some 100 KiB.
constexpr std::size_t kMaxKubeconfigBytes = 4u << 20;
constexpr std::size_t kMaxTokenBytes = 64u << 10;
// yaml-cpp descends once a level: bounded by the indentation and brackets counted before it runs.
constexpr std::size_t kMaxDepth = 32;

/// An upper bound of the nesting of a YAML text, without parsing it.
std::size_t DepthBound(std::string_view yaml) {
  std::size_t depth = 0;
  std::size_t flow = 0;
  std::size_t max = 0;
  std::size_t line_depth = 0;
  bool line_start = true;
  for (const char c : yaml) {
    if (c == '\n') {
      line_start = true;
      line_depth = 0;
      continue;
    }
    if (line_start && (c == ' ' || c == '-' || c == '?' || c == ':' || c == '\t')) {
      // Each level of a block costs at least one column.
      if (c != ' ') ++line_depth;
      continue;
    }
    line_start = false;
    if (c == '[' || c == '{') ++flow;
    if ((c == ']' || c == '}') && flow > 0) --flow;
    depth = line_depth + flow;
    if (depth > max) max = depth;
  }
  return max;
}

Error Bad(const std::string& field, const std::string& why) {
  return InvalidArgument("kubeconfig: " + field + " " + why);
}

/// The scalar at `key`, empty where it is absent.
Result<std::string> Text(const YAML::Node& node, const char* key, const std::string& path) {
  const YAML::Node value = node[key];
  if (!value || value.IsNull()) return std::string();
  if (!value.IsScalar()) return Bad(path + "." + key, "must be a text");
  return value.Scalar();
}

/// The entry of a named list: clusters, users, contexts.
Result<YAML::Node> Named(const YAML::Node& root, const char* list, const char* inner,
                         const std::string& name) {
  const YAML::Node entries = root[list];
  if (entries && !entries.IsSequence() && !entries.IsNull()) return Bad(list, "must be a list");
  if (entries && entries.IsSequence()) {
    for (const auto& entry : entries) {
      if (!entry.IsMap())
        return Bad(list, "must be a list of maps with name and " + std::string(inner));
      const YAML::Node entry_name = entry["name"];
      if (!entry_name || !entry_name.IsScalar() || entry_name.Scalar() != name) continue;
      const YAML::Node body = entry[inner];
      if (!body || !body.IsMap()) {
        return Bad(std::string(list) + "['" + text::Printable(name) + "']",
                   "has no " + std::string(inner));
      }
      return YAML::Node(body);
    }
  }
  return Bad(list, "has no entry named '" + text::Printable(text::Truncate(name, 128)) + "'");
}

std::string Resolve(const std::string& path, const std::string& directory) {
  if (path.empty() || path.front() == '/') return path;
  return (std::filesystem::path(directory) / path).string();
}

Result<std::string> Pem(const YAML::Node& node, const char* key, const std::string& path) {
  auto encoded = Text(node, key, path);
  if (!encoded) return std::move(encoded).error();
  if (encoded->empty()) return std::string();
  auto decoded = text::Base64Decode(*encoded);
  if (!decoded) return Bad(path + "." + key, "is not base64");
  return std::move(*decoded);
}

Status ReadCluster(const YAML::Node& cluster, const std::string& path, const std::string& directory,
                   ClusterConfig& out) {
  auto server = Text(cluster, "server", path);
  if (!server) return std::move(server).error();
  out.server = *server;
  while (!out.server.empty() && out.server.back() == '/') out.server.pop_back();
  if (!out.server.starts_with("https://") && !out.server.starts_with("http://")) {
    return Bad(path + ".server", "must be an URL that starts with https:// or http://");
  }
  for (const char* refused : {"proxy-url", "tls-server-name"}) {
    auto value = Text(cluster, refused, path);
    if (!value) return std::move(value).error();
    if (!value->empty()) return Bad(path + "." + refused, "is not supported: take it out");
  }
  auto file = Text(cluster, "certificate-authority", path);
  auto pem = Pem(cluster, "certificate-authority-data", path);
  auto insecure = Text(cluster, "insecure-skip-tls-verify", path);
  if (!file) return std::move(file).error();
  if (!pem) return std::move(pem).error();
  if (!insecure) return std::move(insecure).error();
  out.ca_pem = std::move(*pem);
  if (out.ca_pem.empty()) out.ca_file = Resolve(*file, directory);
  if (*insecure != "" && *insecure != "true" && *insecure != "false") {
    return Bad(path + ".insecure-skip-tls-verify", "must be true or false");
  }
  out.insecure = *insecure == "true";
  return Ok();
}

Status RefusePlugins(const YAML::Node& user, const std::string& path) {
  if (user["exec"] && !user["exec"].IsNull()) {
    return Bad(path + ".exec",
               "is a credential plugin, which Landwaiter does not run: use a token, tokenFile or "
               "client certificate (for a service account: kubectl create token NAME)");
  }
  if (user["auth-provider"] && !user["auth-provider"].IsNull()) {
    return Bad(path + ".auth-provider", "is not supported: use a token or a client certificate");
  }
  for (const char* refused : {"username", "password", "as", "as-uid"}) {
    if (user[refused] && !user[refused].IsNull()) {
      return Bad(path + "." + refused, "is not supported: use a token or a client certificate");
    }
  }
  return Ok();
}

Status ReadUser(const YAML::Node& user, const std::string& path, const std::string& directory,
                ClusterConfig& out) {
  if (Status plugins = RefusePlugins(user, path); !plugins) return plugins;
  auto cert = Text(user, "client-certificate", path);
  auto cert_pem = Pem(user, "client-certificate-data", path);
  auto key = Text(user, "client-key", path);
  auto key_pem = Pem(user, "client-key-data", path);
  auto token = Text(user, "token", path);
  auto token_file = Text(user, "tokenFile", path);
  for (auto* field : {&cert, &cert_pem, &key, &key_pem, &token, &token_file}) {
    if (!*field) return std::move(*field).error();
  }
  out.client_cert_pem = std::move(*cert_pem);
  out.client_key_pem = Secret(std::move(*key_pem));
  if (out.client_cert_pem.empty()) out.client_cert_file = Resolve(*cert, directory);
  if (out.client_key_pem.empty()) out.client_key_file = Resolve(*key, directory);
  const bool has_cert = !out.client_cert_pem.empty() || !out.client_cert_file.empty();
  const bool has_key = !out.client_key_pem.empty() || !out.client_key_file.empty();
  if (has_cert != has_key) {
    return Bad(path, "needs both client-certificate and client-key, or neither");
  }
  // One as bytes and the other as file: the HTTP client takes both the same way.
  if (has_cert && out.client_cert_pem.empty() != out.client_key_pem.empty()) {
    const bool cert_is_file = out.client_cert_pem.empty();
    auto bytes =
        ReadFile(cert_is_file ? out.client_cert_file : out.client_key_file, kMaxTokenBytes);
    if (!bytes) return std::move(bytes).error().Context("kubeconfig: " + path);
    if (cert_is_file) {
      out.client_cert_pem = std::move(*bytes);
      out.client_cert_file.clear();
    } else {
      out.client_key_pem = Secret(std::move(*bytes));
      out.client_key_file.clear();
    }
  }
  out.token = Secret(std::move(*token));
  out.token_file = Resolve(*token_file, directory);
  return Ok();
}

Result<ClusterConfig> Read(const YAML::Node& root, const std::string& directory) {
  if (!root.IsMap()) return InvalidArgument("kubeconfig: the document is no map");
  auto current = Text(root, "current-context", "kubeconfig");
  if (!current) return std::move(current).error();
  if (current->empty()) {
    return Bad("current-context", "is not set: kubectl config use-context NAME sets it");
  }
  auto context = Named(root, "contexts", "context", *current);
  if (!context) return std::move(context).error();
  const std::string context_path = "contexts['" + text::Printable(*current) + "'].context";
  auto cluster_name = Text(*context, "cluster", context_path);
  auto user_name = Text(*context, "user", context_path);
  auto ns = Text(*context, "namespace", context_path);
  for (auto* field : {&cluster_name, &user_name, &ns}) {
    if (!*field) return std::move(*field).error();
  }
  auto cluster = Named(root, "clusters", "cluster", *cluster_name);
  if (!cluster) return std::move(cluster).error();
  ClusterConfig config;
  config.ns = ns->empty() ? "default" : *ns;
  Status status = ReadCluster(
      *cluster, "clusters['" + text::Printable(*cluster_name) + "'].cluster", directory, config);
  if (!status) return std::move(status).error();
  if (user_name->empty()) return config;
  auto user = Named(root, "users", "user", *user_name);
  if (!user) return std::move(user).error();
  status = ReadUser(*user, "users['" + text::Printable(*user_name) + "'].user", directory, config);
  if (!status) return std::move(status).error();
  return config;
}

}  // namespace

Result<ClusterConfig> ParseKubeconfig(std::string_view yaml, const std::string& directory) {
  if (yaml.size() > kMaxKubeconfigBytes) {
    return ResourceExhausted("kubeconfig: larger than " + std::to_string(kMaxKubeconfigBytes) +
                             " bytes");
  }
  if (DepthBound(yaml) > kMaxDepth) {
    return InvalidArgument("kubeconfig: nested deeper than " + std::to_string(kMaxDepth));
  }
  try {
    return Read(YAML::Load(std::string(yaml)), directory);
  } catch (const YAML::Exception& error) {
    return InvalidArgument("kubeconfig: is no YAML: " + text::Printable(error.what()));
  } catch (const std::exception& error) {
    return InvalidArgument("kubeconfig: cannot be read: " + text::Printable(error.what()));
  }
}

Result<ClusterConfig> InClusterConfig(const std::string& root) {
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
  if (host == nullptr || *host == '\0') {
    return NotFound(
        "no API server is known: KUBERNETES_SERVICE_HOST is not set (not in a pod), "
        "give --kubeconfig FILE");
  }
  ClusterConfig config;
  const std::string name(host);
  config.server = "https://" + (name.find(':') != std::string::npos ? "[" + name + "]" : name) +
                  ":" + (port != nullptr && *port != '\0' ? port : "443");
  config.ca_file = root + "/ca.crt";
  config.token_file = root + "/token";
  auto token = ReadFile(config.token_file, kMaxTokenBytes);
  if (!token) return std::move(token).error().Context("service account token");
  config.token = Secret(std::string(text::Trim(*token)));
  auto ns = ReadFile(root + "/namespace", 1024);
  config.ns = ns ? std::string(text::Trim(*ns)) : "default";
  return config;
}

Result<ClusterConfig> LoadConfig(const std::string& path) {
  if (path.empty()) return InClusterConfig();
  auto yaml = ReadFile(path, kMaxKubeconfigBytes);
  if (!yaml) return std::move(yaml).error().Context("kubeconfig");
  auto config = ParseKubeconfig(*yaml, std::filesystem::absolute(path).parent_path().string());
  if (!config) return std::move(config).error().Context(path);
  return config;
}

}  // namespace landwaiter::kube
