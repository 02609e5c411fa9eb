// Renewed certificates are served without a restart: the files are looked at now and then, and read
// anew when one of them has changed. Polling, because Kubernetes swaps a Secret's files through a
// symbolic link, which inotify on a file does not see.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "lib/http/server.h"

namespace landwaiter::http {

/// What a role's folder holds: ca.crt, tls.crt, tls.key.
std::vector<std::string> CertificateFiles(const std::string& folder);

class CertificateWatcher {
 public:
  /// The server is borrowed and outlives the watcher.
  CertificateWatcher(Server& server, std::vector<std::string> files,
                     std::chrono::milliseconds interval = std::chrono::seconds(10));
  ~CertificateWatcher();
  CertificateWatcher(const CertificateWatcher&) = delete;
  CertificateWatcher& operator=(const CertificateWatcher&) = delete;

 private:
  void Run(const std::stop_token& stop);

  Server& server_;
  const std::vector<std::string> files_;
  const std::chrono::milliseconds interval_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

}  // namespace landwaiter::http
