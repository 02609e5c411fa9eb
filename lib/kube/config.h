// How to reach the API server: a kubeconfig file, or what the kubelet mounts into a pod.
//
// Read of a kubeconfig (client-go's clientcmd/api/v1 types): current-context, its cluster's server,
// certificate-authority(-data), insecure-skip-tls-verify, tls-server-name is refused; its user's
// client-certificate(-data), client-key(-data), token, tokenFile. Relative paths are relative to
// the file. Not handled, and refused with a message that says so: exec and auth-provider plugins,
// username and password, impersonation, proxy-url.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/secret.h"

namespace landwaiter::kube {

struct ClusterConfig {
  std::string server;   // "https://127.0.0.1:6443", no slash at the end
  std::string ns;       // namespace of the context or of the pod; "default" where not written
  std::string ca_file;  // at most one of file and PEM; none: the system's authorities
  std::string ca_pem;
  std::string client_cert_file;
  std::string client_key_file;
  std::string client_cert_pem;
  Secret client_key_pem;
  Secret token;
  std::string token_file;  // read anew when it changes; wins over `token` while it can be read
  bool insecure = false;
};

/// `directory` is what relative paths are relative to. Errors: InvalidArgument naming the field.
Result<ClusterConfig> ParseKubeconfig(std::string_view yaml, const std::string& directory);
/// KUBERNETES_SERVICE_HOST and _PORT and the files under `root`. Errors: NotFound outside a pod.
Result<ClusterConfig> InClusterConfig(
    const std::string& root = "/var/run/secrets/kubernetes.io/serviceaccount");
/// The kubeconfig at `path`, or in-cluster where `path` is empty.
Result<ClusterConfig> LoadConfig(const std::string& path);

}  // namespace landwaiter::kube
