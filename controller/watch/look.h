// One look at what a RegistryWatch names: repositories, their tags, and what each tag means now.
// Only questions are asked here, by HEAD where a digest is wanted; nothing is pulled and nothing
// written.
//
// A registry may be hostile, or slow: names, tags, images and time are bounded, what ends a look
// early is said, and what could not be asked keeps the meaning that it had at the look before.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "controller/credentials.h"
#include "controller/resolver.h"
#include "controller/watch/watch_index.h"
#include "resources/registry_watch.h"
#include "scanner/image/registry.h"

namespace landwaiter::controller {

/// How a registry is asked what it has; image::Registry in production.
struct RegistryLists {
  std::function<Result<image::NameList>(const ImageReference& repository,
                                        const std::vector<RegistryCredential>&,
                                        const image::ListBounds&, const Cancellation&)>
      tags;
  std::function<Result<image::NameList>(const std::string& registry,
                                        const std::vector<RegistryCredential>&,
                                        const image::ListBounds&, const Cancellation&)>
      repositories;
  std::function<std::chrono::milliseconds(const ImageReference&,
                                          const std::vector<RegistryCredential>&)>
      pause_left;
};

struct LookBounds {
  image::ListBounds lists = {};
  std::size_t repositories = 200;         // that a pattern stands for, together
  std::size_t tags_of_repository = 1000;  // those that come first in ChooseTags
  std::size_t tags = 4000;                // all together
  std::chrono::milliseconds time = std::chrono::minutes(5);
  /// Between two questions: a watch is never in a hurry, and its registry is everybody's.
  std::chrono::milliseconds spacing{50};
};

/// What kept a look from being whole.
struct Shortfall {
  std::string reason;  // as the conditions of RegistryWatch have it
  std::string message;
};

struct Sighting {
  ImageReference reference;  // with its tag
  Digest digest;
  std::vector<resources::SecretRef> secrets = {};  // it was asked for with
};

struct Look {
  std::size_t repositories = 0;   // listed
  std::size_t tags = 0;           // asked for, or kept from the look before
  std::vector<Sighting> images;   // each digest once, in the order in which they were met
  WatchedTags watched;            // what the tags mean, those kept from the look before among them
  std::vector<Shortfall> faults;  // the registry's doing, the first first
  std::vector<Shortfall> left_out;     // bounds that were met
  bool answered = false;               // something was listed
  bool unmade = false;                 // the API server took not all of it: soon again
  std::chrono::milliseconds pause{0};  // what the registry asked for
};

class Looker {
 public:
  Looker(ResolveFunction resolve, RegistryLists lists, CredentialReader& credentials,
         LookBounds bounds = {})
      : resolve_(std::move(resolve)),
        lists_(std::move(lists)),
        credentials_(credentials),
        bounds_(bounds) {}

  /// `before`: what the tags meant at the last look. Errors: Cancelled; those of the API server
  /// where secrets cannot be read.
  Result<Look> LookAt(const resources::RegistryWatch& watch, const WatchedTags& before,
                      const Cancellation& cancel);

 private:
  struct Repository;
  struct Round;

  Status FindRepositories(Round& round);
  Status ListTags(Round& round, Repository& repository);
  void ResolveTags(Round& round);
  /// False where the look is over.
  bool ResolveTag(Round& round, Repository& repository, const std::string& tag);
  /// False where nothing more is to be asked of the registry.
  bool GoesOn(Round& round, const std::string& what, const Error& error,
              const ImageReference& asked, const std::vector<RegistryCredential>& credentials);
  void Keep(Round& round);

  const ResolveFunction resolve_;
  const RegistryLists lists_;
  CredentialReader& credentials_;
  const LookBounds bounds_;
};

/// The word that a condition of RegistryWatch has for an error of the registry.
std::string WatchReason(const Error& error);

}  // namespace landwaiter::controller
