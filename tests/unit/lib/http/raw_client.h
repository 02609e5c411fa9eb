// Blocking clients for the server's tests: raw bytes over TCP or TLS, with a bound on every wait.
#pragma once

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "lib/base/file.h"
#include "lib/http/certificates.h"

namespace landwaiter::http::testing {

inline FileDescriptor ConnectTo(std::uint16_t port) {
  FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
  const timeval bound{30, 0};
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof bound);
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

/// False where the server has closed.
inline bool SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// What comes until the server closes; "TIMEOUT" is added where it does not.
inline std::string ReadToEnd(int fd) {
  std::string out;
  char buffer[16384];
  for (;;) {
    const ssize_t size = ::recv(fd, buffer, sizeof buffer, 0);
    if (size == 0) return out;
    if (size < 0) return errno == EAGAIN ? out + "TIMEOUT" : out;
    out.append(buffer, static_cast<std::size_t>(size));
  }
}

/// What comes until `mark` has been seen, or the end.
inline std::string ReadUntil(int fd, std::string_view mark) {
  std::string out;
  char buffer[16384];
  while (out.find(mark) == std::string::npos) {
    const ssize_t size = ::recv(fd, buffer, sizeof buffer, 0);
    if (size <= 0) break;
    out.append(buffer, static_cast<std::size_t>(size));
  }
  return out;
}

inline std::string Exchange(std::uint16_t port, std::string_view bytes) {
  const FileDescriptor fd = ConnectTo(port);
  if (!fd) return "CONNECT FAILED";
  SendAll(fd.get(), bytes);
  return ReadToEnd(fd.get());
}

inline std::size_t OpenDescriptors() {
  std::size_t count = 0;
  DIR* folder = ::opendir("/proc/self/fd");
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count;
}

/// A TLS client that trusts `authority_pem` and may show a certificate.
class TlsClient {
 public:
  TlsClient(const std::string& ca_file, const std::string& certificate_file = "",
            const std::string& key_file = "") {
    context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_load_verify_locations(context_.get(), ca_file.c_str(), nullptr);
    if (!certificate_file.empty()) {
      SSL_CTX_use_certificate_chain_file(context_.get(), certificate_file.c_str());
      SSL_CTX_use_PrivateKey_file(context_.get(), key_file.c_str(), SSL_FILETYPE_PEM);
    }
  }

  SSL_CTX* context() { return context_.get(); }

  bool Connect(std::uint16_t port) {
    fd_ = ConnectTo(port);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), fd_.get());
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), "127.0.0.1");
    const bool connected = SSL_connect(ssl_.get()) == 1;
    ERR_clear_error();
    return connected;
  }

  bool Send(std::string_view bytes) {
    return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) ==
           static_cast<int>(bytes.size());
  }

  std::string ReadUntil(std::string_view mark) {
    std::string out;
    char buffer[16384];
    while (mark.empty() || out.find(mark) == std::string::npos) {
      const int size = SSL_read(ssl_.get(), buffer, sizeof buffer);
      if (size <= 0) break;
      out.append(buffer, static_cast<std::size_t>(size));
    }
    ERR_clear_error();
    return out;
  }

  std::string Exchange(std::uint16_t port, std::string_view bytes) {
    if (!Connect(port)) return "CONNECT FAILED";
    Send(bytes);
    return ReadUntil("");
  }

 private:
  struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  std::unique_ptr<SSL_CTX, FreeContext> context_;
  FileDescriptor fd_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
};

}  // namespace landwaiter::http::testing
