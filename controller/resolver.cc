#include "controller/resolver.h"

namespace landwaiter::controller {
namespace {

/// One-way, so that the table holds no password.
std::string Fingerprint(const std::vector<RegistryCredential>& credentials) {
  Sha256 hash;
  for (const auto& credential : credentials) {
    for (const std::string* part : {&credential.username, &credential.password.Reveal(),
                                    &credential.identity_token.Reveal(), &credential.host}) {
      hash.Update(std::to_string(part->size()) + ":");
      hash.Update(*part);
    }
  }
  return hash.Finish().ToString();
}

std::string KeyOf(const ImageReference& image, const std::vector<RegistryCredential>& credentials) {
  return image.ToString() + "\n" + Fingerprint(credentials);
}

}  // namespace

void Resolver::Forget(const ImageReference& image,
                      const std::vector<RegistryCredential>& credentials) {
  const std::lock_guard lock(mutex_);
  entries_.erase(KeyOf(image, credentials));
}

std::optional<Result<Digest>> Resolver::Remembered(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return std::nullopt;
  if (found->second.until <= std::chrono::steady_clock::now()) {
    entries_.erase(found);
    return std::nullopt;
  }
  if (found->second.digest) return Result<Digest>(*found->second.digest);
  return Result<Digest>(found->second.error);
}

void Resolver::Remember(const std::string& key, const Result<Digest>& answer) {
  // A registry that gave no answer within the resolver's own limit is remembered too: it would hold
  // a thread for as long again.
  if (!answer && answer.error().code == Code::kCancelled) return;
  const auto now = std::chrono::steady_clock::now();
  while (entries_.size() >= options_.max_entries && !by_age_.empty()) {
    entries_.erase(by_age_.front());
    by_age_.pop_front();
  }
  const auto [it, added] = entries_.insert_or_assign(
      key, answer ? Entry{*answer, {}, now + options_.keep}
                  : Entry{std::nullopt, answer.error(), now + options_.keep_failure});
  if (added) by_age_.push_back(key);
  while (by_age_.size() > 2 * options_.max_entries) by_age_.pop_front();
}

Result<Digest> Resolver::Resolve(const ImageReference& image,
                                 const std::vector<RegistryCredential>& credentials,
                                 const Cancellation& cancel) {
  const std::string key = KeyOf(image, credentials);
  {
    std::unique_lock lock(mutex_);
    while (true) {
      if (auto remembered = Remembered(key)) return std::move(*remembered);
      if (asked_.insert(key).second) break;
      const bool answered = changed_.wait_for(lock, cancel.stop, cancel.Left(),
                                              [&] { return !asked_.contains(key); });
      if (!answered) {
        return Error{cancel.Stopped() ? Code::kCancelled : Code::kDeadlineExceeded,
                     image.ToString() + ": not resolved in time"};
      }
    }
  }
  // The question outlives an impatient caller's deadline a little, so that the next one finds the
  // answer: its own limit counts.
  const Cancellation own = Cancellation{cancel.stop}.Within(options_.timeout);
  Result<Digest> answer = resolve_(image, credentials, own);
  {
    const std::lock_guard lock(mutex_);
    asked_.erase(key);
    Remember(key, answer);
  }
  changed_.notify_all();
  return answer;
}

std::size_t Resolver::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace landwaiter::controller
