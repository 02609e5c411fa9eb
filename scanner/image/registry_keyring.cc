#include "scanner/image/registry_keyring.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/json.h"
#include "lib/base/text.h"

namespace landwaiter::image {
namespace {

constexpr std::size_t kMaxKey = 2048;
constexpr std::size_t kMaxCredential = 64u << 10;  // as model/scan_request.cc bounds it
constexpr std::size_t kMaxKeyringDepth = 32;

std::string_view StripSlashes(std::string_view text) {
  while (!text.empty() && text.front() == '/') text.remove_prefix(1);
  while (!text.empty() && text.back() == '/') text.remove_suffix(1);
  return text;
}

std::string_view StripScheme(std::string_view key) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (key.substr(0, scheme.size()) == scheme) return key.substr(scheme.size());
  }
  return key;
}

/// "v1/", "v2/" as the keys of Docker's own registry were once written.
std::string_view StripVersion(std::string_view path) {
  for (const std::string_view version : {"v1", "v2"}) {
    if (path == version) return {};
    if (path.substr(0, 3) == std::string(version) + "/") return path.substr(3);
  }
  return path;
}

bool IsDockerHub(std::string_view host) {
  return host == "docker.io" || host == "index.docker.io" || host == "registry-1.docker.io" ||
         host == "registry.hub.docker.com";
}

/// The name before the port, the port ("" for none). IPv6 literals keep their brackets.
std::pair<std::string_view, std::string_view> SplitPort(std::string_view host) {
  const auto colon = host.rfind(':');
  const auto bracket = host.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) {
    return {host, {}};
  }
  return {host.substr(0, colon), host.substr(colon + 1)};
}

bool HostMatches(std::string_view pattern, std::string_view host) {
  const auto [pattern_name, pattern_port] = SplitPort(pattern);
  const auto [name, port] = SplitPort(host);
  if (pattern_port != port) return false;
  const auto pattern_parts = text::Split(pattern_name, '.');
  const auto parts = text::Split(name, '.');
  if (pattern_parts.size() != parts.size()) return false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    // '/' is no character of a host, so that GlobMatch's '*' is the keyring's.
    if (!text::GlobMatch(pattern_parts[i], parts[i])) return false;
  }
  return true;
}

bool HasGlob(std::string_view host) { return host.find_first_of("*?") != std::string_view::npos; }

/// base64("user:password"); nullopt for anything else.
std::optional<std::pair<std::string, std::string>> DecodeAuth(std::string_view encoded) {
  auto plain = text::Base64Decode(encoded);
  if (!plain) return std::nullopt;
  // Older docker clients padded it with NULs.
  while (!plain->empty() && plain->back() == '\0') plain->pop_back();
  const auto colon = plain->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return std::pair{plain->substr(0, colon), plain->substr(colon + 1)};
}

Result<RegistryCredential> ReadCredential(JsonFields& fields, const std::string& key) {
  std::string auth, password, token;
  RegistryCredential credential;
  fields.String("auth", auth, kMaxCredential);
  fields.String("username", credential.username, kMaxCredential);
  fields.String("password", password, kMaxCredential);
  fields.String("identitytoken", token, kMaxCredential);
  if (auto done = fields.Done(); !done) return std::move(done).error();
  if (!auth.empty()) {
    auto pair = DecodeAuth(auth);
    if (!pair) {
      return InvalidArgument("auths['" + key + "'].auth: must be base64 of user:password");
    }
    credential.username = std::move(pair->first);
    password = std::move(pair->second);
  }
  credential.password = Secret(std::move(password));
  credential.identity_token = Secret(std::move(token));
  return credential;
}

Result<std::vector<KeyringEntry>> ReadAuths(const nlohmann::json& auths) {
  std::vector<KeyringEntry> entries;
  if (!auths.is_object()) return InvalidArgument("auths: must be an object");
  if (auths.size() > kMaxKeyringEntries) {
    return ResourceExhausted("auths: more than " + std::to_string(kMaxKeyringEntries) + " entries");
  }
  for (const auto& [key, value] : auths.items()) {
    const std::string shown = text::Printable(text::Truncate(key, 200));
    auto entry = ParseKeyringKey(key);
    if (!entry) return std::move(entry).error();
    JsonFields fields(value, "auths['" + shown + "']");
    auto credential = ReadCredential(fields, shown);
    if (!credential) return std::move(credential).error();
    if (credential->empty()) continue;
    entry->credential = std::move(*credential);
    entries.push_back(std::move(*entry));
  }
  return entries;
}

Result<nlohmann::json> ParseKeyring(std::string_view json) {
  auto parsed = ParseJson(json, {kMaxKeyringBytes, kMaxKeyringDepth});
  if (!parsed) return std::move(parsed).error();
  if (!parsed->is_object()) return InvalidArgument("must be a JSON object");
  return parsed;
}

bool Same(const RegistryCredential& a, const RegistryCredential& b) {
  return a.username == b.username && a.password.Reveal() == b.password.Reveal() &&
         a.identity_token.Reveal() == b.identity_token.Reveal();
}

}  // namespace

Result<KeyringEntry> ParseKeyringKey(std::string_view key) {
  const std::string_view rest = StripScheme(text::Trim(key));
  const auto slash = rest.find('/');
  const std::string_view host = rest.substr(0, slash);
  const bool clean = std::none_of(rest.begin(), rest.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == '@';
  });
  if (host.empty() || !clean || key.size() > kMaxKey) {
    return InvalidArgument("auths['" + text::Printable(text::Truncate(key, 200)) +
                           "']: the key must be host[:port][/path]");
  }
  KeyringEntry entry;
  entry.host = text::ToLower(host);
  if (slash != std::string_view::npos) {
    entry.path = StripSlashes(StripVersion(StripSlashes(rest.substr(slash))));
  }
  if (IsDockerHub(entry.host)) entry.host = "docker.io";
  return entry;
}

Result<std::vector<KeyringEntry>> ParseDockerConfigJson(std::string_view json) {
  auto parsed = ParseKeyring(json);
  if (!parsed) return std::move(parsed).error();
  const auto auths = parsed->find("auths");
  if (auths == parsed->end() || auths->is_null()) return std::vector<KeyringEntry>();
  return ReadAuths(*auths);
}

Result<std::vector<KeyringEntry>> ParseDockerCfg(std::string_view json) {
  auto parsed = ParseKeyring(json);
  if (!parsed) return std::move(parsed).error();
  return ReadAuths(*parsed);
}

bool Matches(const KeyringEntry& entry, const ImageReference& image) {
  return HostMatches(entry.host, image.registry) && image.repository.starts_with(entry.path);
}

std::vector<RegistryCredential> CredentialsFor(const std::vector<KeyringEntry>& entries,
                                               const ImageReference& image) {
  std::vector<const KeyringEntry*> matching;
  for (const KeyringEntry& entry : entries) {
    if (Matches(entry, image)) matching.push_back(&entry);
  }
  std::stable_sort(matching.begin(), matching.end(),
                   [](const KeyringEntry* a, const KeyringEntry* b) {
                     if (a->path.size() != b->path.size()) return a->path.size() > b->path.size();
                     return !HasGlob(a->host) && HasGlob(b->host);
                   });
  std::vector<RegistryCredential> credentials;
  for (const KeyringEntry* entry : matching) {
    const bool known = std::any_of(credentials.begin(), credentials.end(),
                                   [&](const auto& c) { return Same(c, entry->credential); });
    if (!known) credentials.push_back(entry->credential);
  }
  return credentials;
}

}  // namespace landwaiter::image
