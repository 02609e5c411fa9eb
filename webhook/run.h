// The webhook role: reads policies, scans and namespaces, answers /validate, writes nothing.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "webhook/handler.h"
#include "webhook/image_review.h"

namespace landwaiter::webhook {

struct RunOptions {
  std::string kubeconfig;  // "" for the mounted service account
  std::string listen = "[::]:8443";
  std::string health_listen = "[::]:8080";
  std::string certificates;  // folder with ca.crt, tls.crt, tls.key
  std::string controller;    // URL
  int threads = 2;
  AdmissionOptions admission;
  /// POST /image-review, on a port of its own that lets in none but the API server.
  std::string image_review_listen = {};     // "": it is not served
  std::string image_review_client_ca = {};  // PEM file of who vouches for the API server's client
  std::vector<std::string> image_review_clients =
      {};  // common names; empty: all that it vouches for
  ImageReviewOptions image_review = {};
};

/// Until `stop` is requested; then requests in hand are answered first. Errors: what of the
/// configuration cannot be used.
Status Run(const RunOptions& options, const std::stop_token& stop);

}  // namespace landwaiter::webhook
