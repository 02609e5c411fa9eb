#include "controller/watch/look.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>

#include "controller/watch/tag_choice.h"
#include "lib/base/text.h"

namespace landwaiter::controller {
namespace {

constexpr std::size_t kMaxFaults = 8;

/// Waits, or is stopped.
void Pause(std::chrono::milliseconds time, const Cancellation& cancel) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, cancel.stop, std::min(time, cancel.Left()), [] { return false; });
}

/// What the other questions would be answered with, too.
bool IsOfTheWholeRegistry(const Error& error) {
  return error.reason == scan_reason::kRateLimited ||
         error.reason == scan_reason::kRegistryUnavailable ||
         error.reason == scan_reason::kAddressRefused;
}

bool HasNoCatalogue(const Error& error) {
  return error.code == Code::kUnsupported || error.reason == scan_reason::kNotFound;
}

}  // namespace

std::string WatchReason(const Error& error) {
  if (error.reason == scan_reason::kPullUnauthorized) return "Unauthorized";
  return error.reason.empty() ? std::string(CodeName(error.code)) : error.reason;
}

struct Looker::Repository {
  ImageReference name;
  ImageCredentials login = {};
  std::vector<std::string> tags = {};
  bool listed = false;
  bool gone = false;   // the registry has it not
  bool ended = false;  // its tags are refused
};

struct Looker::Round {
  const resources::RegistryWatch& watch;
  const WatchedTags& before;
  const Cancellation cancel;  // within the time of a look
  std::vector<resources::SecretRef> secrets = {};
  std::vector<Repository> repositories = {};
  std::set<std::string> asked = {};  // references whose meaning was learnt, or that are gone
  std::set<Digest> digests = {};
  bool over = false;  // nothing more is asked of the registry
  bool whole = true;  // the catalogue was read, or is not needed
  Look look = {};

  void Fault(std::string reason, const std::string& message) {
    if (look.faults.size() < kMaxFaults) {
      look.faults.push_back({std::move(reason), text::Printable(message)});
    }
  }
  void LeftOut(const std::string& reason, std::string message) {
    const bool told = std::any_of(look.left_out.begin(), look.left_out.end(),
                                  [&](const Shortfall& other) { return other.reason == reason; });
    if (!told) look.left_out.push_back({reason, std::move(message)});
  }
};

bool Looker::GoesOn(Round& round, const std::string& what, const Error& error,
                    const ImageReference& asked,
                    const std::vector<RegistryCredential>& credentials) {
  if (round.cancel.Expired() && !round.cancel.Stopped()) {
    round.LeftOut("OutOfTime", "the registry is too slow for a look of " +
                                   std::to_string(bounds_.time.count() / 1000) +
                                   " s; the rest stays as it was");
    round.over = true;
    return false;
  }
  if (error.reason == scan_reason::kRateLimited) {
    round.look.pause = lists_.pause_left(asked, credentials);
  }
  const std::string prefix = error.message.find(what) == std::string::npos ? what + ": " : "";
  round.Fault(WatchReason(error), prefix + error.message);
  if (IsOfTheWholeRegistry(error)) round.over = true;
  return !round.over;
}

Status Looker::FindRepositories(Round& round) {
  const auto& spec = round.watch.spec;
  std::set<std::string> names;
  std::vector<std::string> patterns;
  for (const std::string& repository : spec.repositories) {
    if (resources::IsRepositoryPattern(repository)) {
      patterns.push_back(repository);
    } else {
      names.insert(repository);
    }
  }
  if (!patterns.empty()) {
    ImageReference registry;
    registry.registry = spec.registry;
    // Not by a cloud's own login: what the installation may see is not this namespace's to know.
    auto login = credentials_.For(registry, round.secrets, round.cancel, CloudLogins::kNone);
    if (!login) return std::move(login).error();
    auto listed =
        lists_.repositories(spec.registry, login->credentials, bounds_.lists, round.cancel);
    if (!listed) {
      round.whole = false;
      Error error = std::move(listed).error();
      if (HasNoCatalogue(error)) {
        error.reason = "CatalogUnsupported";
        error.message += "; write the names of its repositories in place of patterns";
      }
      GoesOn(round, "repositories of " + spec.registry, error, registry, login->credentials);
    } else {
      round.look.answered = true;
      if (listed->cut) {
        round.LeftOut("TooManyRepositories", "the registry names more than " +
                                                 std::to_string(bounds_.lists.max_names) +
                                                 " repositories, or lists them without end");
      }
      std::size_t matched = 0;
      for (const std::string& name : listed->names) {
        const bool wanted =
            std::any_of(patterns.begin(), patterns.end(),
                        [&](const std::string& pattern) { return text::GlobMatch(pattern, name); });
        if (!wanted || names.contains(name)) continue;
        if (++matched > bounds_.repositories) {
          round.LeftOut("TooManyRepositories", "the patterns are about more than " +
                                                   std::to_string(bounds_.repositories) +
                                                   " repositories; the others are left out");
          break;
        }
        names.insert(name);
      }
    }
  }
  for (const std::string& name : names) {
    auto reference = ImageReference::Parse(spec.registry + "/" + name);
    if (reference) round.repositories.push_back({*std::move(reference)});
  }
  return Ok();
}

Status Looker::ListTags(Round& round, Repository& repository) {
  auto login = credentials_.For(repository.name, round.secrets, round.cancel);
  if (!login) return std::move(login).error();
  repository.login = *std::move(login);
  auto listed =
      lists_.tags(repository.name, repository.login.credentials, bounds_.lists, round.cancel);
  if (!listed) {
    repository.gone = listed.error().reason == scan_reason::kNotFound;
    GoesOn(round, "tags of " + repository.name.Name(), listed.error(), repository.name,
           repository.login.credentials);
    return Ok();
  }
  round.look.answered = true;
  repository.listed = true;
  ++round.look.repositories;
  repository.tags = ChooseTags(listed->names, round.watch.spec.tags);
  const bool many = repository.tags.size() > bounds_.tags_of_repository;
  if (many) repository.tags.resize(bounds_.tags_of_repository);
  if (many || listed->cut) {
    round.LeftOut("TooManyTags",
                  repository.name.Name() + " has more than " +
                      std::to_string(many ? bounds_.tags_of_repository : bounds_.lists.max_names) +
                      " tags that are asked for, or lists them without end; narrow spec.tags");
  }
  return Ok();
}

bool Looker::ResolveTag(Round& round, Repository& repository, const std::string& tag) {
  if (round.digests.size() >= round.watch.spec.max_images) {
    round.LeftOut("TooManyImages", "the tags mean more than " +
                                       std::to_string(round.watch.spec.max_images) +
                                       " images (spec.maxImages); the others are left out");
    return false;
  }
  if (round.asked.size() >= bounds_.tags) {
    round.LeftOut("TooManyTags", "more than " + std::to_string(bounds_.tags) +
                                     " tags are asked for; narrow spec.repositories or spec.tags");
    return false;
  }
  ImageReference reference = repository.name;
  reference.tag = tag;
  reference.tag_defaulted = false;
  Pause(bounds_.spacing, round.cancel);
  const auto digest = resolve_(reference, repository.login.credentials, round.cancel);
  if (digest) {
    round.asked.insert(reference.ToString());
    round.look.watched.emplace(reference.ToString(), *digest);
    if (round.digests.insert(*digest).second) {
      round.look.images.push_back({reference, *digest, repository.login.secrets});
    }
    return true;
  }
  if (digest.error().reason == scan_reason::kNotFound) {
    // Deleted since, or listed by a registry that has it not.
    round.asked.insert(reference.ToString());
    return true;
  }
  repository.ended = digest.error().reason == scan_reason::kPullUnauthorized;
  return GoesOn(round, reference.ToString(), digest.error(), reference,
                repository.login.credentials);
}

void Looker::ResolveTags(Round& round) {
  // The first of each repository, then the second: none takes all the room.
  std::size_t longest = 0;
  for (const Repository& one : round.repositories) longest = std::max(longest, one.tags.size());
  for (std::size_t i = 0; i < longest && !round.over; ++i) {
    for (Repository& repository : round.repositories) {
      if (i >= repository.tags.size() || repository.ended) continue;
      if (round.cancel.Stopped()) return;
      if (!ResolveTag(round, repository, repository.tags[i])) return;
    }
  }
}

/// What was not asked means what it did.
void Looker::Keep(Round& round) {
  for (const auto& [text, digest] : round.before) {
    if (round.asked.contains(text)) continue;
    const auto reference = ImageReference::Parse(text);
    if (!reference || reference->registry != round.watch.spec.registry) continue;
    const auto repository =
        std::find_if(round.repositories.begin(), round.repositories.end(),
                     [&](const Repository& one) { return one.name.Name() == reference->Name(); });
    const bool named = repository != round.repositories.end();
    // Not wanted any more: by the spec, or because the registry has neither it nor its repository.
    if (named ? repository->gone : round.whole) continue;
    if (named && repository->listed &&
        std::find(repository->tags.begin(), repository->tags.end(), reference->tag) ==
            repository->tags.end()) {
      continue;
    }
    const bool known = round.digests.contains(digest);
    if (!known && round.digests.size() >= round.watch.spec.max_images) continue;
    round.digests.insert(digest);
    round.look.watched.emplace(text, digest);
  }
  round.look.tags = round.look.watched.size();
}

Result<Look> Looker::LookAt(const resources::RegistryWatch& watch, const WatchedTags& before,
                            const Cancellation& cancel) {
  Round round{watch, before, cancel.Within(bounds_.time)};
  for (const std::string& name : watch.spec.pull_secrets) {
    round.secrets.push_back({watch.ns, name});
  }
  Status status = FindRepositories(round);
  for (Repository& repository : round.repositories) {
    if (!status || round.over || cancel.Stopped()) break;
    status = ListTags(round, repository);
  }
  if (status && !round.over) ResolveTags(round);
  if (cancel.Stopped()) return Error{Code::kCancelled, "the look was stopped"};
  if (!status) return std::move(status).error();
  Keep(round);
  return std::move(round.look);
}

}  // namespace landwaiter::controller
