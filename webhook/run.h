// The webhook role: reads policies, scans and namespaces, answers /validate, writes nothing.
#pragma once

#include <stop_token>
#include <string>

#include "lib/base/result.h"

namespace landwaiter::webhook {

struct RunOptions {
  std::string kubeconfig;  // "" for the mounted service account
  std::string listen = "[::]:8443";
  std::string health_listen = "[::]:8080";
  std::string certificates;  // folder with ca.crt, tls.crt, tls.key
  std::string controller;    // URL
  int threads = 2;
};

/// Until `stop` is requested; then requests in hand are answered first. Errors: what of the
/// configuration cannot be used.
Status Run(const RunOptions& options, const std::stop_token& stop);

}  // namespace landwaiter::webhook
