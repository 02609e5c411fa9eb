// A load generator: N POSTs of one body over K kept TLS connections, one request in flight on each.
// Prints one line of JSON: requests, answers that are not 200 or lack a wanted text, seconds, rate,
// and p50, p99 and the longest latency in milliseconds.
//   webhook_bench URL BODY_FILE CA_FILE [--connections 64] [--requests 20000] [--expect TEXT]
#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Time = std::chrono::steady_clock;

struct Load {
  std::string host, port, target, body, expect;
  std::size_t requests = 20000;
  std::size_t started = 0;
  std::size_t bad = 0;
  std::vector<double> milliseconds;
};

class Worker : public std::enable_shared_from_this<Worker> {
 public:
  Worker(asio::io_context& io, asio::ssl::context& context, Load& load)
      : stream_(io, context), load_(load) {
    request_ = {http::verb::post, load.target, 11};
    request_.set(http::field::host, load.host);
    request_.set(http::field::content_type, "application/json");
    request_.body() = load.body;
    request_.prepare_payload();
  }

  /// Blocking, before the clock starts.
  void Connect(const tcp::resolver::results_type& endpoints) {
    asio::connect(stream_.next_layer(), endpoints);
    stream_.next_layer().set_option(tcp::no_delay(true));
    stream_.handshake(asio::ssl::stream_base::client);
  }

  void Next() {
    if (load_.started == load_.requests) return;
    ++load_.started;
    begin_ = Time::now();
    http::async_write(stream_, request_,
                      [self = shared_from_this()](const error_code& error, std::size_t) {
                        if (error) return self->Fail(error);
                        self->Read();
                      });
  }

 private:
  void Read() {
    response_ = {};
    http::async_read(stream_, buffer_, response_,
                     [self = shared_from_this()](const error_code& error, std::size_t) {
                       if (error) return self->Fail(error);
                       self->Done();
                     });
  }

  void Done() {
    const std::chrono::duration<double, std::milli> took = Time::now() - begin_;
    load_.milliseconds.push_back(took.count());
    if (response_.result_int() != 200 || response_.body().find(load_.expect) == std::string::npos) {
      ++load_.bad;
    }
    Next();
  }

  void Fail(const error_code& error) {
    ++load_.bad;
    std::fprintf(stderr, "webhook_bench: %s\n", error.message().c_str());
  }

  beast::ssl_stream<tcp::socket> stream_;
  Load& load_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> response_;
  Time::time_point begin_;
};

bool SplitUrl(const std::string& url, Load& load) {
  const std::string scheme = "https://";
  if (!url.starts_with(scheme)) return false;
  const std::size_t slash = url.find('/', scheme.size());
  const std::string authority = url.substr(scheme.size(), slash - scheme.size());
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string::npos) return false;
  load.host = authority.substr(0, colon);
  load.port = authority.substr(colon + 1);
  load.target = slash == std::string::npos ? "/" : url.substr(slash);
  return true;
}

void Run(Load& load, const std::string& ca_file, int connections) {
  asio::io_context io;
  asio::ssl::context context(asio::ssl::context::tls_client);
  context.load_verify_file(ca_file);
  context.set_verify_mode(asio::ssl::verify_peer);
  const auto endpoints = tcp::resolver(io).resolve(load.host, load.port);
  std::vector<std::shared_ptr<Worker>> workers;
  for (int i = 0; i < connections; ++i) {
    workers.push_back(std::make_shared<Worker>(io, context, load));
    workers.back()->Connect(endpoints);
  }
  load.milliseconds.reserve(load.requests);
  const auto begin = Time::now();
  for (auto& worker : workers) worker->Next();
  io.run();
  const std::chrono::duration<double> took = Time::now() - begin;
  auto& times = load.milliseconds;
  std::sort(times.begin(), times.end());
  if (times.empty()) times.push_back(0);
  const auto at = [&times](double part) {
    return times[static_cast<std::size_t>(part * static_cast<double>(times.size() - 1))];
  };
  std::printf(
      "{\"requests\":%zu,\"bad\":%zu,\"seconds\":%.3f,\"rate\":%.1f,\"p50_ms\":%.3f,"
      "\"p99_ms\":%.3f,\"max_ms\":%.3f}\n",
      times.size(), load.bad, took.count(), static_cast<double>(times.size()) / took.count(),
      at(0.5), at(0.99), times.back());
}

}  // namespace

int main(int argc, char** argv) {
  Load load;
  std::string url, body_file, ca_file;
  int connections = 64;
  CLI::App app{"Measures POSTs over kept TLS connections."};
  app.add_option("url", url, "https://HOST:PORT/PATH")->required();
  app.add_option("body", body_file, "File with the body")->required();
  app.add_option("ca", ca_file, "PEM of the authority")->required();
  app.add_option("--connections", connections, "Connections");
  app.add_option("--requests", load.requests, "Requests in all");
  app.add_option("--expect", load.expect, "Text that each answer holds");
  CLI11_PARSE(app, argc, argv);
  if (!SplitUrl(url, load)) {
    std::fprintf(stderr, "webhook_bench: url: expected https://HOST:PORT/PATH\n");
    return 2;
  }
  std::ifstream file(body_file, std::ios::binary);
  load.body.assign(std::istreambuf_iterator<char>(file), {});
  try {
    Run(load, ca_file, connections);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "webhook_bench: %s\n", error.what());
    return 1;
  }
  return load.bad == 0 ? 0 : 1;
}
