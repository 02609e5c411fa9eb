#include "lib/http/certificate_watcher.h"

#include <sys/stat.h>

#include "lib/base/log.h"

namespace landwaiter::http {
namespace {

/// Changes whenever one of the files is replaced or written.
std::string Fingerprint(const std::vector<std::string>& files) {
  std::string out;
  for (const std::string& file : files) {
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0) {
      out += "absent;";
      continue;
    }
    out += std::to_string(info.st_ino) + "/" + std::to_string(info.st_size) + "/" +
           std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec) + ";";
  }
  return out;
}

}  // namespace

std::vector<std::string> CertificateFiles(const std::string& folder) {
  return {folder + "/ca.crt", folder + "/tls.crt", folder + "/tls.key"};
}

CertificateWatcher::CertificateWatcher(Server& server, std::vector<std::string> files,
                                       std::chrono::milliseconds interval)
    : server_(server),
      files_(std::move(files)),
      interval_(interval),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

CertificateWatcher::~CertificateWatcher() {
  thread_.request_stop();
  thread_.join();
}

void CertificateWatcher::Run(const std::stop_token& stop) {
  std::string served = Fingerprint(files_);
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, interval_, [] { return false; });
    const std::string now = Fingerprint(files_);
    if (stop.stop_requested() || now == served) continue;
    const Status loaded = server_.ReloadCertificates();
    if (loaded) {
      served = now;
      log::Info("certificate reloaded", {{"file", files_.front()}});
    } else {
      // Certificate and key are two files: between two writes they do not fit. Tried again.
      log::Warn("certificate not reloaded, the old one stays", {{"error", loaded.error()}});
    }
  }
}

}  // namespace landwaiter::http
