#include "controller/credentials.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/text.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kKeepFor{30};
constexpr std::size_t kMaxKept = 4096;

/// Data of a Secret, decoded; "" where absent. Never logged.
std::string DataOf(const json& secret, const char* key) {
  const auto data = secret.find("data");
  if (data == secret.end() || !data->is_object()) return {};
  const auto value = data->find(key);
  if (value == data->end() || !value->is_string()) return {};
  return text::Base64Decode(value->get_ref<const std::string&>()).value_or("");
}

std::string TypeOf(const json& secret) {
  const auto type = secret.find("type");
  return type != secret.end() && type->is_string() ? type->get<std::string>() : std::string();
}

/// Of the two types that the kubelet takes, each with its own key; what a Secret of another type
/// holds is none of ours.
Result<std::vector<image::KeyringEntry>> Keyring(const json& secret) {
  const std::string type = TypeOf(secret);
  if (type == "kubernetes.io/dockerconfigjson") {
    const std::string config = DataOf(secret, ".dockerconfigjson");
    if (config.empty()) return InvalidArgument("has no .dockerconfigjson");
    return image::ParseDockerConfigJson(config);
  }
  if (type == "kubernetes.io/dockercfg") {
    const std::string config = DataOf(secret, ".dockercfg");
    if (config.empty()) return InvalidArgument("has no .dockercfg");
    return image::ParseDockerCfg(config);
  }
  return InvalidArgument("is of type '" + text::Printable(text::Truncate(type, 80)) +
                         "', expected kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg");
}

std::vector<std::string> SecretNames(const json& account) {
  std::vector<std::string> out;
  const auto list = account.find("imagePullSecrets");
  if (list == account.end() || !list->is_array()) return out;
  for (const auto& item : *list) {
    const auto name = item.is_object() ? item.find("name") : item.end();
    if (item.is_object() && name != item.end() && name->is_string()) {
      out.push_back(name->get<std::string>());
    }
  }
  return out;
}

/// The server has spoken: asking again soon gives the same.
bool IsAnswer(const Error& error) {
  return error.code == Code::kNotFound || error.code == Code::kPermissionDenied;
}

template <class Map>
void Trim(Map& kept) {
  if (kept.size() < kMaxKept) return;
  const auto now = std::chrono::steady_clock::now();
  std::erase_if(kept, [&](const auto& entry) { return entry.second.until <= now; });
  if (kept.size() >= kMaxKept) kept.clear();
}

}  // namespace

Result<std::vector<resources::SecretRef>> CredentialReader::SecretsOfPod(
    const std::string& ns, const std::string& service_account,
    const std::vector<std::string>& named, const Cancellation& cancel) {
  std::vector<resources::SecretRef> out;
  bool told = false;
  const auto add = [&](const std::string& name) {
    resources::SecretRef secret{ns, name};
    if (name.empty() || std::find(out.begin(), out.end(), secret) != out.end()) return;
    if (out.size() < kMaxPullSecrets) return out.push_back(std::move(secret));
    if (std::exchange(told, true)) return;
    log::Warn("pull secrets left out",
              {{"first", text::Printable(ns + "/" + name)}, {"most", kMaxPullSecrets}});
  };
  for (const auto& name : named) add(name);
  const std::string account = service_account.empty() ? "default" : service_account;
  const std::string key = ns + "/" + account;
  {
    const std::lock_guard lock(mutex_);
    const auto kept = accounts_.find(key);
    if (kept != accounts_.end() && kept->second.until > std::chrono::steady_clock::now()) {
      for (const auto& name : kept->second.value) add(name);
      return out;
    }
  }
  auto object = api_.Get(kube::kServiceAccounts, {ns, account}, cancel);
  if (!object && !IsAnswer(object.error())) return std::move(object).error();
  std::vector<std::string> names;
  if (object) names = SecretNames(*object);
  for (const auto& name : names) add(name);
  const std::lock_guard lock(mutex_);
  Trim(accounts_);
  accounts_[key] = {std::move(names), std::chrono::steady_clock::now() + kKeepFor};
  return out;
}

Result<CredentialReader::Entries> CredentialReader::Read(const resources::SecretRef& secret,
                                                         const Cancellation& cancel) {
  const std::string key = secret.ns + "/" + secret.name;
  {
    const std::lock_guard lock(mutex_);
    const auto kept = keyrings_.find(key);
    if (kept != keyrings_.end() && kept->second.until > std::chrono::steady_clock::now()) {
      return kept->second.value;
    }
  }
  auto object = api_.Get(kube::kSecrets, {secret.ns, secret.name}, cancel);
  if (!object && !IsAnswer(object.error())) return std::move(object).error();
  auto entries = std::make_shared<std::vector<image::KeyringEntry>>();
  if (object) {
    auto keyring = Keyring(*object);
    if (keyring) {
      *entries = std::move(*keyring);
    } else {
      log::Info("pull secret skipped", {{"secret", key}, {"error", keyring.error()}});
    }
  }
  const std::lock_guard lock(mutex_);
  Trim(keyrings_);
  keyrings_[key] = {entries, std::chrono::steady_clock::now() + kKeepFor};
  return Entries(entries);
}

void CredentialReader::AddCloudLogins(const ImageReference& image, const image::ImageHosts* hosts,
                                      std::vector<RegistryCredential>& credentials,
                                      const Cancellation& cancel) {
  if (cloud_ == nullptr) return;
  const auto add = [&](const ImageReference& at, const std::string& host) {
    auto login = cloud_->For(at, cancel);
    if (!login) {
      // The pull is tried without, and says that it was refused.
      log::Warn("no login at a cloud's registry",
                {{"registry", at.registry}, {"error", login.error()}});
    } else if (*login) {
      (*login)->host = host;
      credentials.push_back(**std::move(login));
    }
  };
  add(image, "");
  if (hosts == nullptr) return;
  for (const image::ImageHost& host : *hosts) {
    if (!host.key.empty()) add(image::AtHost(image, host), host.key);
  }
}

Result<ImageCredentials> CredentialReader::For(const ImageReference& image,
                                               const std::vector<resources::SecretRef>& secrets,
                                               const Cancellation& cancel, CloudLogins clouds) {
  ImageCredentials out;
  std::vector<image::KeyringEntry> all;
  std::shared_ptr<const image::ImageHosts> hosts;
  if (mirrors_ != nullptr) {
    // A file that cannot be read fails the question to the registry, which says so.
    if (auto found = mirrors_->For(image.registry)) hosts = *std::move(found);
  }
  for (const auto& secret : secrets) {
    auto entries = Read(secret, cancel);
    if (!entries) return std::move(entries).error();
    if (image::CredentialsFor(**entries, image, hosts.get()).empty()) continue;
    out.secrets.push_back(secret);
    all.insert(all.end(), (*entries)->begin(), (*entries)->end());
  }
  out.credentials = image::CredentialsFor(all, image, hosts.get());
  if (clouds == CloudLogins::kIfConfigured) {
    AddCloudLogins(image, hosts.get(), out.credentials, cancel);
  }
  return out;
}

}  // namespace landwaiter::controller
