#include "webhook/memory.h"

#include <utility>

namespace landwaiter::webhook {

std::string CredentialSet::Key() const {
  std::string key = ns + "/" + service_account;
  for (const std::string& secret : pull_secrets) key += "/" + secret;
  return key;
}

std::string ScanKey(const std::string& scan_name) { return "scan " + scan_name; }
std::string NamespaceKey(const std::string& name) { return "namespace " + name; }
std::string EnsureKey(const CredentialSet& credentials, const std::string& reference) {
  return "ensure " + credentials.Key() + " " + reference;
}

void Memory::PutPolicy(std::shared_ptr<const policy::ScanPolicy> policy) {
  const std::unique_lock lock(mutex_);
  const std::string name = policy->name;
  written_[name] = std::move(policy);
  stale_ = true;
}

void Memory::RemovePolicy(const std::string& name) {
  const std::unique_lock lock(mutex_);
  written_.erase(name);
  stale_ = true;
}

void Memory::PutException(const std::string& key,
                          std::shared_ptr<const policy::ScanException> exception) {
  const std::unique_lock lock(mutex_);
  exceptions_[key] = std::move(exception);
  stale_ = true;
}

void Memory::RemoveException(const std::string& key) {
  const std::unique_lock lock(mutex_);
  exceptions_.erase(key);
  stale_ = true;
}

void Memory::PutScan(std::shared_ptr<const resources::ImageScan> scan) {
  const std::string name = scan->name;
  {
    const std::unique_lock lock(mutex_);
    scans_[name] = std::move(scan);
  }
  Wake(ScanKey(name));
}

void Memory::RemoveScan(const std::string& name) {
  {
    const std::unique_lock lock(mutex_);
    scans_.erase(name);
  }
  Wake(ScanKey(name));
}

void Memory::PutNamespace(const std::string& name, std::shared_ptr<const Labels> labels) {
  {
    const std::unique_lock lock(mutex_);
    namespaces_[name] = std::move(labels);
  }
  Wake(NamespaceKey(name));
}

void Memory::RemoveNamespace(const std::string& name) {
  const std::unique_lock lock(mutex_);
  namespaces_.erase(name);
}

void Memory::PutEnsured(const std::string& ensure_key, Ensured ensured) {
  {
    const std::lock_guard lock(ensured_mutex_);
    if (ensured_.size() >= kMaxEnsured && !ensured_.contains(ensure_key)) {
      const SteadyTime oldest = ensured.at - kResolutionLifetime;
      std::erase_if(ensured_, [&](const auto& row) { return row.second.at < oldest; });
      // Still full: a flood of references. All of them can be asked for again.
      if (ensured_.size() >= kMaxEnsured) ensured_.clear();
    }
    ensured_[ensure_key] = std::move(ensured);
  }
  Wake(ensure_key);
}

std::shared_ptr<const PolicyList> Memory::Policies() const {
  {
    const std::shared_lock lock(mutex_);
    if (!stale_) return policies_;
  }
  const std::unique_lock lock(mutex_);
  if (!std::exchange(stale_, false)) return policies_;
  std::vector<policy::ScanException> exceptions;
  for (const auto& [key, exception] : exceptions_) exceptions.push_back(*exception);
  auto list = std::make_shared<PolicyList>();
  for (const auto& [name, policy] : written_) {
    const bool as_written = exceptions.empty() || !policy->allow_exceptions;
    list->push_back(as_written ? policy
                               : std::make_shared<const policy::ScanPolicy>(
                                     policy::WithScanExceptions(*policy, exceptions)));
  }
  policies_ = std::move(list);
  return policies_;
}

std::shared_ptr<const resources::ImageScan> Memory::Scan(const std::string& name) const {
  const std::shared_lock lock(mutex_);
  const auto found = scans_.find(name);
  return found == scans_.end() ? nullptr : found->second;
}

std::shared_ptr<const Labels> Memory::NamespaceLabels(const std::string& name) const {
  const std::shared_lock lock(mutex_);
  const auto found = namespaces_.find(name);
  return found == namespaces_.end() ? nullptr : found->second;
}

std::optional<Ensured> Memory::LastEnsured(const std::string& ensure_key) const {
  const std::lock_guard lock(ensured_mutex_);
  const auto found = ensured_.find(ensure_key);
  if (found == ensured_.end()) return std::nullopt;
  return found->second;
}

std::size_t Memory::ScanCount() const {
  const std::shared_lock lock(mutex_);
  return scans_.size();
}

}  // namespace landwaiter::webhook
