// A small HTTP/1.1 server on 127.0.0.1 for tests, blocking, a thread per connection, that can do
// what a well-behaved one cannot: break off, say nothing, never end. Plain HTTP only.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace landwaiter::testing {

struct SeenRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  // lower-case names
  std::string body;
  std::string Header(const std::string& name) const {
    const auto it = headers.find(name);
    return it == headers.end() ? "" : it->second;
  }
};

class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}
  /// False once the peer is gone.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  bool Reply(int status, const std::vector<std::pair<std::string, std::string>>& headers,
             std::string_view body) {
    std::string head = "HTTP/1.1 " + std::to_string(status) + " X\r\n";
    for (const auto& [name, value] : headers) head += name + ": " + value + "\r\n";
    if (status == 204) return Send(head + "\r\n");
    head += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    return Send(head) && Send(body);
  }
  /// Blocks until the peer closes or the server is stopped.
  void WaitForClose() {
    char byte;
    while (recv(fd_, &byte, 1, 0) > 0) {
    }
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

class LoopbackServer {
 public:
  /// Returns true to keep the connection. Called on the connection's thread.
  using Handler = std::function<bool(const SeenRequest&, Connection&)>;

  explicit LoopbackServer(Handler handler) : handler_(std::move(handler)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        listen(listener_, 64) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      std::abort();
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~LoopbackServer() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    {
      const std::lock_guard lock(mutex_);
      for (const int fd : open_) shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
  }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  int port() const { return port_; }
  std::string Host() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string Url(const std::string& target) const { return "http://" + Host() + target; }
  std::vector<SeenRequest> Seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  std::size_t Connections() {
    const std::lock_guard lock(mutex_);
    return threads_.size();
  }

 private:
  void Accept() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      const std::lock_guard lock(mutex_);
      open_.push_back(fd);
      threads_.emplace_back([this, fd] { Serve(fd); });
    }
  }
  void Serve(int fd) {
    Connection connection(fd);
    std::string buffer;
    SeenRequest request;
    while (ReadRequest(fd, buffer, request)) {
      {
        const std::lock_guard lock(mutex_);
        seen_.push_back(request);
      }
      if (!handler_(request, connection)) break;
    }
    const std::lock_guard lock(mutex_);
    open_.remove(fd);
    close(fd);
  }
  static bool Fill(int fd, std::string& buffer) {
    char chunk[4096];
    const ssize_t got = recv(fd, chunk, sizeof chunk, 0);
    if (got <= 0) return false;
    buffer.append(chunk, static_cast<std::size_t>(got));
    return true;
  }
  static bool ReadRequest(int fd, std::string& buffer, SeenRequest& request) {
    std::size_t end;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
      if (!Fill(fd, buffer)) return false;
      if (buffer.front() == '\x16') return false;  // TLS
    }
    const std::string head = buffer.substr(0, end + 2);
    buffer.erase(0, end + 4);
    request = SeenRequest();
    const auto line_end = head.find("\r\n");
    const auto space = head.find(' ');
    request.method = head.substr(0, space);
    request.target = head.substr(space + 1, head.rfind(' ', line_end) - space - 1);
    for (std::size_t at = line_end + 2; at < head.size();) {
      const auto stop = head.find("\r\n", at);
      const auto colon = head.find(':', at);
      std::string name = head.substr(at, colon - at);
      std::transform(name.begin(), name.end(), name.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      const auto value = head.find_first_not_of(' ', colon + 1);
      request.headers[name] = head.substr(value, stop - value);
      at = stop + 2;
    }
    const std::size_t length = std::strtoul(request.Header("content-length").c_str(), nullptr, 10);
    while (buffer.size() < length) {
      if (!Fill(fd, buffer)) return false;
    }
    request.body = buffer.substr(0, length);
    buffer.erase(0, length);
    return true;
  }

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::mutex mutex_;
  std::list<int> open_;
  std::list<std::thread> threads_;
  std::vector<SeenRequest> seen_;
  std::thread acceptor_;
};

}  // namespace landwaiter::testing
