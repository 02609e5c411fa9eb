#include "scanner/image/daemon.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "lib/base/text.h"
#include "lib/http/client.h"
#include "lib/http/url.h"
#include "model/scan_request.h"
#include "scanner/image/failure.h"

namespace landwaiter::image {
namespace {

// Inspecting tells the configuration and all layers' digests: some KiB.
constexpr std::size_t kMaxInspectBytes = 4u << 20;
constexpr std::size_t kMaxTold = 300;
// An engine packs layers anew before the first byte of an export comes.
constexpr std::chrono::milliseconds kLongestSilence = std::chrono::minutes(5);

std::string_view NameOf(Engine engine) { return engine == Engine::kDocker ? "docker" : "podman"; }

std::string Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool IsSocket(const std::string& path) {
  struct stat facts {};
  return stat(path.c_str(), &facts) == 0 && S_ISSOCK(facts.st_mode);
}

std::vector<std::string> UsualSockets(Engine engine) {
  std::vector<std::string> paths;
  const std::string runtime = Environment("XDG_RUNTIME_DIR");
  const std::string home = Environment("HOME");
  if (engine == Engine::kDocker) {
    if (!runtime.empty()) paths.push_back(runtime + "/docker.sock");
    paths.emplace_back("/var/run/docker.sock");
    if (!home.empty()) paths.push_back(home + "/.docker/run/docker.sock");
  } else {
    if (!runtime.empty()) paths.push_back(runtime + "/podman/podman.sock");
    paths.emplace_back("/run/podman/podman.sock");
  }
  return paths;
}

// "unix:///run/x.sock", "tcp://host:2375", "http://…", "https://…".
Result<DaemonAddress> ParseAddress(const char* variable, const std::string& text) {
  const auto colon = text.find("://");
  const std::string scheme = colon == std::string::npos ? "" : text.substr(0, colon);
  const std::string rest = colon == std::string::npos ? text : text.substr(colon + 3);
  if (scheme == "unix" && !rest.empty()) return DaemonAddress{.socket = rest};
  const bool tls = !Environment("DOCKER_TLS_VERIFY").empty() || scheme == "https";
  if ((scheme == "tcp" || scheme == "http" || scheme == "https") && !rest.empty()) {
    DaemonAddress address;
    address.url = (tls ? "https://" : "http://") + rest;
    while (address.url.ends_with('/')) address.url.pop_back();
    if (tls) address.certificates = Environment("DOCKER_CERT_PATH");
    if (tls && address.certificates.empty())
      address.certificates = Environment("HOME") + "/.docker";
    return address;
  }
  return InvalidArgument(std::string(variable) + "=" + text +
                         ": only unix://PATH and tcp://HOST:PORT are spoken to");
}

class Daemon {
 public:
  Daemon(Engine engine, std::string base, std::unique_ptr<http::Client> client,
         const Cancellation& cancel)
      : engine_(engine), base_(std::move(base)), client_(std::move(client)), cancel_(cancel) {}

  static Result<Daemon> Connect(Engine engine, const DaemonAddress& address,
                                const Cancellation& cancel);
  Result<std::string> IdOf(std::string_view name);
  Status Export(const std::string& id, int scratch, std::uint64_t max_bytes);

 private:
  http::Request Get(const std::string& target) const;
  Error Refused(const http::Response& response, std::string_view name) const;
  Error Failed(Error error) const;

  Engine engine_;
  std::string base_;
  std::unique_ptr<http::Client> client_;
  const Cancellation& cancel_;
};

Result<Daemon> Daemon::Connect(Engine engine, const DaemonAddress& address,
                               const Cancellation& cancel) {
  http::ClientOptions options;
  options.user_agent = "landwaiter/" LANDWAITER_VERSION;
  options.unix_socket = address.socket;
  if (!address.certificates.empty()) {
    options.ca_file = address.certificates + "/ca.pem";
    options.client_cert_file = address.certificates + "/cert.pem";
    options.client_key_file = address.certificates + "/key.pem";
  }
  if (!address.socket.empty() && access(address.socket.c_str(), W_OK) != 0) {
    const Code code = errno == ENOENT ? Code::kNotFound : Code::kPermissionDenied;
    return Error{code, std::string(NameOf(engine)) + ": socket " + address.socket + ": " +
                           std::strerror(errno)};
  }
  auto client = http::Client::Create(std::move(options));
  if (!client) return std::move(client).error().Context(std::string(NameOf(engine)));
  return Daemon(engine, address.socket.empty() ? address.url : "http://localhost",
                *std::move(client), cancel);
}

http::Request Daemon::Get(const std::string& target) const {
  http::Request request;
  request.url = base_ + target;
  request.stall_timeout = kLongestSilence;
  return request;
}

Error Daemon::Failed(Error error) const {
  if (error.reason.empty() && error.code == Code::kUnavailable) {
    error.reason = scan_reason::kRegistryUnavailable;
  }
  return std::move(error).Context(std::string(NameOf(engine_)));
}

// The engine's own words: {"message": "No such image: app:1"}; podman also has "cause".
Error Daemon::Refused(const http::Response& response, std::string_view name) const {
  const auto body = nlohmann::json::parse(response.body, nullptr, false);
  std::string words = "HTTP status " + std::to_string(response.status);
  if (body.is_object() && body.contains("message") && body["message"].is_string()) {
    words = text::Printable(text::Truncate(body["message"].get<std::string>(), kMaxTold));
  }
  const bool absent = response.status == 404;
  return Failure(absent ? Code::kNotFound : Code::kUnavailable,
                 absent ? scan_reason::kNotFound : scan_reason::kRegistryUnavailable,
                 std::string(NameOf(engine_)) + ": image " + text::Printable(name) + ": " + words);
}

// Everything that has a meaning in a path or a query is written as %XX, but for '/': the engines
// take a name's slashes as they are.
std::string PathOf(std::string_view name) {
  std::string path;
  for (const std::string_view part : text::Split(name, '/')) {
    if (!path.empty()) path += '/';
    path += http::PercentEncode(part);
  }
  return path;
}

Result<std::string> Daemon::IdOf(std::string_view name) {
  http::Request request = Get("/images/" + PathOf(name) + "/json");
  request.max_body_bytes = kMaxInspectBytes;
  auto response = client_->Send(request, cancel_);
  if (!response) return Failed(std::move(response).error());
  if (response->status != 200) return Refused(*response, name);
  const auto body = nlohmann::json::parse(response->body, nullptr, false);
  if (!body.is_object() || !body.contains("Id") || !body["Id"].is_string()) {
    return Failure(Code::kUnavailable, scan_reason::kRegistryUnavailable,
                   std::string(NameOf(engine_)) + ": the answer about image " +
                       text::Printable(name) + " has no Id");
  }
  return body["Id"].get<std::string>();
}

// Writes all of it. Errors: ResourceExhausted where the file system is full.
Status WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      return Failure(Code::kResourceExhausted, scan_reason::kScannerFailed,
                     std::string("the scratch space for the image: ") + std::strerror(errno));
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return Ok();
}

Status Daemon::Export(const std::string& id, int scratch, std::uint64_t max_bytes) {
  http::Request request = Get("/images/" + PathOf(id) + "/get");
  request.max_body_bytes = max_bytes;
  Status written = Ok();
  http::Response refused;
  const auto done = client_->Stream(
      request, cancel_,
      [&](const http::Response& head) {
        refused.status = head.status;
        return true;
      },
      [&](std::string_view bytes) {
        if (refused.status != 200) {
          refused.body +=
              bytes.substr(0, kMaxInspectBytes - std::min(kMaxInspectBytes, refused.body.size()));
          return true;
        }
        written = WriteAll(scratch, bytes);
        return static_cast<bool>(written);
      });
  if (!written) return written;
  if (!done) return Failed(done.error());
  if (refused.status != 200) return Refused(refused, id);
  return Ok();
}

}  // namespace

Result<DaemonAddress> FindDaemon(Engine engine) {
  const char* const variable = engine == Engine::kDocker ? "DOCKER_HOST" : "CONTAINER_HOST";
  if (const std::string told = Environment(variable); !told.empty()) {
    return ParseAddress(variable, told);
  }
  const std::vector<std::string> usual = UsualSockets(engine);
  const auto found = std::find_if(usual.begin(), usual.end(), IsSocket);
  if (found != usual.end()) return DaemonAddress{.socket = *found};
  std::string tried;
  for (const std::string& path : usual) tried += (tried.empty() ? "" : ", ") + path;
  return NotFound(std::string(NameOf(engine)) + ": no socket at " + tried + ", and " + variable +
                  " is not set");
}

Status ExportImage(Engine engine, const DaemonAddress& address, std::string_view name, int scratch,
                   std::uint64_t max_bytes, const Cancellation& cancel) {
  auto daemon = Daemon::Connect(engine, address, cancel);
  if (!daemon) return std::move(daemon).error();
  auto id = daemon->IdOf(name);
  if (!id) return std::move(id).error();
  return daemon->Export(*id, scratch, max_bytes);
}

}  // namespace landwaiter::image
