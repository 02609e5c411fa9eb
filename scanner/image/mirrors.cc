#include "scanner/image/mirrors.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/http/url.h"
#include "scanner/image/hosts_toml.h"

namespace landwaiter::image {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxCertificateBytes = 1u << 20;  // a bundle of all public ones has 220 KiB
constexpr std::size_t kMaxRegistryName = 255;           // of a folder's name
// Where Debian, Fedora and Alpine keep the authorities that libcurl trusts by itself.
constexpr std::array<const char*, 3> kSystemAuthorities = {
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};

bool IsSame(const std::string& registry, const std::string& host) {
  return registry == host || (registry == "docker.io" && host == "registry-1.docker.io");
}

/// "registry.example:5000" as folders of it are called, the first that is there counts.
std::vector<std::string> FolderNames(const std::string& registry) {
  std::vector<std::string> names;
  const auto colon = registry.rfind(':');
  if (colon != std::string::npos && colon > 0) {
    names.push_back(registry.substr(0, colon) + "_" + registry.substr(colon + 1) + "_");
  }
  names.push_back(registry);
  names.emplace_back("_default");
  return names;
}

std::string Below(const std::string& folder, const std::string& path) {
  return (fs::path(folder) / path).string();  // an absolute path stays
}

/// Hosts of references are made of these alone; what is not could leave the folder.
bool IsRegistryName(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.size() <= kMaxRegistryName &&
         name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
}

Result<std::string> Authorities(const HostConfig& config, const http::ClientOptions& client,
                                const std::string& folder) {
  std::string pem;
  if (!client.ca_file.empty()) {
    auto own = ReadFile(client.ca_file, kMaxCertificateBytes);
    if (!own) return std::move(own).error();
    pem = *std::move(own);
  } else {
    for (const char* path : kSystemAuthorities) {
      auto system = ReadFile(path, kMaxCertificateBytes);
      if (!system) continue;
      pem = *std::move(system);
      break;
    }
  }
  for (const std::string& file : config.ca) {
    auto one = ReadFile(Below(folder, file), kMaxCertificateBytes);
    if (!one) return std::move(one).error();
    pem += "\n" + *one;
  }
  return pem;
}

std::string Prefix(std::string_view target) {
  while (!target.empty() && target.back() == '/') target.remove_suffix(1);
  if (target == "/v2" || target.ends_with("/v2")) target.remove_suffix(3);
  if (target.starts_with("/v2/")) target.remove_prefix(3);
  while (!target.empty() && target.front() == '/') target.remove_prefix(1);
  return std::string(target);
}

}  // namespace

Result<std::shared_ptr<http::Client>> Mirrors::ClientFor(const HostConfig& config,
                                                         const std::string& folder) {
  if (config.ca.empty() && config.client.empty() && !config.skip_verify) {
    return std::shared_ptr<http::Client>();
  }
  http::ClientOptions options = client_;
  if (config.skip_verify) {
    options.insecure = true;
    log::Warn("a registry's certificate is not checked", {{"host", config.root}});
  }
  if (!config.ca.empty()) {
    auto pem = Authorities(config, client_, folder);
    if (!pem) return std::move(pem).error().Context("ca");
    options.ca_file.clear();
    options.ca_pem = *std::move(pem);
  }
  if (!config.client.empty()) {
    // OpenSSL holds one of each kind of key, and a server takes one: the first counts.
    const auto& [certificate, key] = config.client.front();
    options.client_cert_file = Below(folder, certificate);
    options.client_key_file = Below(folder, key.empty() ? certificate : key);
  }
  auto client = http::Client::Create(std::move(options));
  if (!client) return std::move(client).error();
  return std::shared_ptr<http::Client>(*std::move(client));
}

Result<std::shared_ptr<const ImageHosts>> Mirrors::Load(const std::string& folder,
                                                        const std::string& registry) {
  auto text = ReadFile(Below(folder, "hosts.toml"), kMaxHostsFileBytes);
  if (!text && text.error().code == Code::kNotFound) return std::shared_ptr<const ImageHosts>();
  if (!text) return std::move(text).error();
  auto configs = ParseHostsToml(*text);
  if (!configs) return std::move(configs).error();
  // Authorities are read into the client: one that was renewed counts as a change.
  for (const HostConfig& config : *configs) {
    for (const std::string& file : config.ca) {
      if (const auto one = ReadFile(Below(folder, file), kMaxCertificateBytes)) *text += *one;
    }
  }
  const std::string known = folder + "\n" + registry;
  auto kept = read_.With([&](auto& read) -> std::shared_ptr<const ImageHosts> {
    const auto found = read.find(known);
    return found != read.end() && found->second.text == *text ? found->second.hosts : nullptr;
  });
  if (kept) return kept;
  auto hosts = std::make_shared<ImageHosts>();
  for (const HostConfig& config : *configs) {
    auto client = ClientFor(config, folder);
    if (!client) return std::move(client).error();
    ImageHost host{.root = config.root,
                   .key = {},
                   .prefix = {},
                   .pull = config.pull,
                   .resolve = config.resolve,
                   .headers = config.headers,
                   .connect_timeout = config.connect_timeout,
                   .client = *std::move(client)};
    if (!config.root.empty()) {
      const auto url = http::Url::Parse(config.root);
      if (!url) return url.error();
      const bool usual = url->port == (url->scheme == "https" ? 443 : 80);
      const std::string name = usual ? url->host : url->HostPort();
      if (!IsSame(registry, name)) host.key = name;
      host.prefix = Prefix(url->target);
    } else {
      // Nothing was said of the registry itself but how to connect: it may be asked for all.
      host.pull = host.resolve = true;
    }
    hosts->push_back(std::move(host));
  }
  read_.With([&](auto& read) {
    // Registries under _default are as many as tenants name.
    if (read.size() >= 1024) read.clear();
    read[known] = {*std::move(text), hosts};
  });
  return std::shared_ptr<const ImageHosts>(hosts);
}

Status Mirrors::Check() {
  std::error_code failure;
  fs::directory_iterator entries(folder_, failure);
  if (failure) return NotFound(folder_ + ": " + failure.message());
  for (const auto& entry : entries) {
    // ".." names are how a ConfigMap's mount keeps its versions.
    if (entry.path().filename().string().starts_with("..")) continue;
    if (!entry.is_directory(failure)) continue;
    auto loaded = Load(entry.path().string(), entry.path().filename().string());
    if (!loaded) {
      return std::move(loaded).error().Context(Below(entry.path().string(), "hosts.toml"));
    }
  }
  return Ok();
}

Result<std::shared_ptr<const ImageHosts>> Mirrors::For(const std::string& registry) {
  if (!IsRegistryName(registry)) return std::shared_ptr<const ImageHosts>();
  for (const std::string& name : FolderNames(registry)) {
    const std::string folder = Below(folder_, name);
    std::error_code failure;
    if (!fs::is_directory(folder, failure)) continue;
    auto loaded = Load(folder, registry);
    if (!loaded) {
      return std::move(loaded)
          .error()
          .Context(Below(folder, "hosts.toml"))
          .WithReason(scan_reason::kRegistryUnavailable);
    }
    return loaded;
  }
  return std::shared_ptr<const ImageHosts>();
}

ImageReference AtHost(const ImageReference& image, const ImageHost& host) {
  ImageReference at = image;
  if (!host.key.empty()) at.registry = host.key;
  if (!host.prefix.empty()) at.repository = host.prefix + "/" + image.repository;
  return at;
}

std::vector<RegistryCredential> CredentialsFor(const std::vector<KeyringEntry>& entries,
                                               const ImageReference& image,
                                               const ImageHosts* hosts) {
  std::vector<RegistryCredential> all = CredentialsFor(entries, image);
  if (hosts == nullptr) return all;
  std::vector<std::string> done;
  for (const ImageHost& host : *hosts) {
    if (host.key.empty() || std::find(done.begin(), done.end(), host.key) != done.end()) continue;
    done.push_back(host.key);
    for (RegistryCredential& one : CredentialsFor(entries, AtHost(image, host))) {
      one.host = host.key;
      all.push_back(std::move(one));
    }
  }
  return all;
}

}  // namespace landwaiter::image
