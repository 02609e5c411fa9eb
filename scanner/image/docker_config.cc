#include "scanner/image/docker_config.h"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>

#include "lib/base/file.h"
#include "lib/base/json.h"
#include "scanner/image/credential_helper.h"

namespace landwaiter::image {
namespace {

constexpr std::size_t kMaxConfigDepth = 32;  // plugins keep settings of their own in the file

std::string FolderOf(const std::string& folder) {
  if (!folder.empty()) return folder;
  if (const char* set = std::getenv("DOCKER_CONFIG"); set != nullptr && *set != '\0') return set;
  const char* home = std::getenv("HOME");
  return home == nullptr ? "" : std::string(home) + "/.docker";
}

/// The name that a helper knows a registry by.
std::string ServerName(const ImageReference& image) {
  return image.registry == "docker.io" ? "https://index.docker.io/v1/" : image.registry;
}

}  // namespace

Result<DockerConfig> ParseDockerConfig(std::string_view json, const std::string& origin) {
  auto parsed = ParseJson(json, {kMaxKeyringBytes, kMaxConfigDepth});
  if (!parsed) return std::move(parsed).error().Context(origin);
  DockerConfig config;
  auto auths = ParseDockerConfigJson(json);
  if (!auths) return std::move(auths).error().Context(origin);
  config.auths = std::move(*auths);
  std::map<std::string, std::string> helpers;
  JsonFields fields(*parsed, "");
  fields.String("credsStore", config.store, 256);
  fields.StringMap("credHelpers", helpers, kMaxKeyringEntries, 2048);
  if (auto done = fields.Done(); !done) return std::move(done).error().Context(origin);
  for (const auto& [key, helper] : helpers) {
    auto entry = ParseKeyringKey(key);
    if (!entry) return std::move(entry).error().Context(origin + ": credHelpers");
    config.helpers[entry->host] = helper;
  }
  return config;
}

Result<DockerConfig> LoadDockerConfig(const std::string& folder) {
  const std::string where = FolderOf(folder);
  if (where.empty()) return DockerConfig();
  const std::string path = where + "/config.json";
  auto bytes = ReadFile(path, kMaxKeyringBytes);
  if (!bytes) {
    if (bytes.error().code == Code::kNotFound) return DockerConfig();
    return std::move(bytes).error();
  }
  return ParseDockerConfig(*bytes, path);
}

Result<std::vector<RegistryCredential>> CredentialsFor(const DockerConfig& config,
                                                       const ImageReference& image,
                                                       const Cancellation& cancel) {
  std::vector<RegistryCredential> credentials;
  const auto own = config.helpers.find(image.registry);
  const std::string& helper = own == config.helpers.end() ? config.store : own->second;
  if (!helper.empty()) {
    auto credential = AskHelper(helper, ServerName(image), cancel);
    if (!credential) return std::move(credential).error();
    if (*credential) credentials.push_back(std::move(**credential));
  }
  for (RegistryCredential& credential : CredentialsFor(config.auths, image)) {
    credentials.push_back(std::move(credential));
  }
  return credentials;
}

}  // namespace landwaiter::image
