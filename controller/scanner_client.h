// Asks a scanner service for an inventory. With several services each digest has its own order of
// them (rendezvous hashing), so that a layer that was read once is asked for where it is cached;
// one that is busy, that ends or that cannot be reached hands its turn to the next.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "model/inventory.h"
#include "model/scan_request.h"

namespace landwaiter::http {
class Client;
}

namespace landwaiter::controller {

/// The port that the runner uses.
using ScanFunction = std::function<Result<ImageInventory>(const ScanRequest&, const Cancellation&)>;

/// All of `urls`, the digest's first choice first (highest random weight, SHA-256).
std::vector<std::string> RendezvousOrder(const std::vector<std::string>& urls,
                                         const std::string& digest);

/// {"error":{"code","reason","message"}} of a service, or what the status alone says: 429, 502 and
/// 503 without a scan's reason are ScannerBusy (full, or draining, or a proxy's word for it),
/// others ScannerFailed.
Error ErrorOfScanner(int status, std::string_view body);

/// Thread-safe.
class ScannerClient {
 public:
  /// `urls` without a slash at the end: "https://scanner.landwaiter.svc:8444".
  ScannerClient(std::unique_ptr<http::Client> client, std::vector<std::string> urls);
  ~ScannerClient();

  /// Errors: the scanner's own, with its reason; ScannerBusy where a service would take it later,
  /// ScannerUnreachable where none answers; DigestMismatch where the inventory is of another image.
  Result<ImageInventory> Scan(const ScanRequest& request, const Cancellation& cancel);

 private:
  const std::unique_ptr<http::Client> client_;
  const std::vector<std::string> urls_;
};

}  // namespace landwaiter::controller
