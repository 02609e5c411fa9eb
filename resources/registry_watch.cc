#include "resources/registry_watch.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "model/image_reference.h"

namespace landwaiter::resources {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxText = 512;

void ReadTags(JsonFields& fields, TagRule& tags) {
  fields.Object("tags", [&](JsonFields& inner) {
    inner.Strings("include", tags.include, kMaxWatchTagPatterns, kMaxText);
    inner.Strings("exclude", tags.exclude, kMaxWatchTagPatterns, kMaxText);
    inner.Uint("newest", tags.newest);
    return inner.Done();
  });
}

/// The reference that `repository` is asked by must be of this registry and no other.
std::string ProblemOf(const RegistryWatchSpec& spec, const std::string& repository) {
  if (IsRepositoryPattern(repository)) return "";
  const auto reference = ImageReference::Parse(spec.registry + "/" + repository);
  if (!reference) return "repositories: " + reference.error().message;
  if (reference->registry != spec.registry || !reference->tag_defaulted) {
    return "repositories: '" + text::Printable(text::Truncate(repository, 80)) +
           "' is no name of a repository: no registry before it, no tag behind it";
  }
  return "";
}

std::string ProblemOf(const RegistryWatchSpec& spec) {
  const auto registry = ImageReference::Parse(spec.registry + "/a");
  if (!registry || registry->registry != spec.registry) {
    return "registry: '" + text::Printable(text::Truncate(spec.registry, 80)) +
           "' is no registry: write host or host:port, docker.io for Docker Hub";
  }
  if (spec.repositories.empty()) return "repositories: at least one is needed";
  for (const std::string& repository : spec.repositories) {
    if (std::string problem = ProblemOf(spec, repository); !problem.empty()) return problem;
  }
  if (spec.interval < kLeastWatchInterval || spec.interval > kMostWatchInterval) {
    return "interval: must be 1m to 30d";
  }
  if (spec.max_images < 1 || spec.max_images > kMaxWatchImages) {
    return "maxImages: must be 1 to " + std::to_string(kMaxWatchImages);
  }
  return "";
}

void ReadSpec(JsonFields& fields, RegistryWatch& watch) {
  RegistryWatchSpec& spec = watch.spec;
  fields.String("registry", spec.registry, kMaxText);
  spec.registry = text::ToLower(spec.registry);
  if (spec.registry == "index.docker.io") spec.registry = "docker.io";
  fields.Strings("repositories", spec.repositories, kMaxWatchRepositories, kMaxText);
  ReadTags(fields, spec.tags);
  fields.Strings("pullSecrets", spec.pull_secrets, kMaxWatchPullSecrets, kMaxText);
  fields.Uint("maxImages", spec.max_images);
  fields.Bool("suspend", spec.suspend);
  std::string interval, check_after;
  fields.String("interval", interval, kMaxText);
  fields.String("checkAfter", check_after, kMaxText);
  watch.problem = "";
  if (!interval.empty()) {
    const auto read = ParseDuration(interval);
    if (read) spec.interval = *read;
    if (!read) watch.problem = "interval: " + read.error().message;
  }
  if (const auto time = ParseTime(check_after)) spec.check_after = *time;
  if (watch.problem.empty()) watch.problem = ProblemOf(spec);
}

void ReadStatus(JsonFields& fields, RegistryWatchStatus& status) {
  fields.Int("observedGeneration", status.observed_generation);
  fields.String("lastCheckedAt", status.last_checked_at);
  fields.String("nextCheckAt", status.next_check_at);
  fields.Uint("repositories", status.repositories);
  fields.Uint("tags", status.tags);
  fields.Uint("images", status.images);
  fields.Objects("newestImages", 1024, [&](JsonFields& item) {
    NewestImage image;
    item.String("image", image.image);
    item.String("digest", image.digest);
    item.String("noticedAt", image.noticed_at);
    status.newest.push_back(std::move(image));
    return item.Done();
  });
}

json OrNull(const std::string& text) { return text.empty() ? json(nullptr) : json(text); }

}  // namespace

bool IsRepositoryPattern(const std::string& repository) {
  return repository.find_first_of("*?") != std::string::npos;
}

Result<RegistryWatch> RegistryWatchFromJson(const json& object) {
  JsonFields fields(object, "");
  RegistryWatch watch;
  std::string kind, deleted;
  fields.String("kind", kind);
  fields.Object("metadata", [&](JsonFields& metadata) {
    metadata.String("namespace", watch.ns);
    metadata.String("name", watch.name);
    metadata.String("uid", watch.uid);
    metadata.Int("generation", watch.generation);
    metadata.String("deletionTimestamp", deleted);
    return metadata.Done();
  });
  watch.deleting = !deleted.empty();
  watch.problem = ProblemOf(watch.spec);
  fields.Object("spec", [&](JsonFields& spec) {
    ReadSpec(spec, watch);
    return spec.Done();
  });
  fields.Object("status", [&](JsonFields& status) {
    ReadStatus(status, watch.status);
    return status.Done();
  });
  if (Status done = fields.Done(); !done) return std::move(done).error();
  if (!kind.empty() && kind != "RegistryWatch") {
    return InvalidArgument("kind is '" + text::Printable(kind) + "', expected RegistryWatch");
  }
  const auto status = object.find("status");
  if (status != object.end() && status->is_object() && status->contains("conditions")) {
    watch.status.conditions = ConditionsFromJson((*status)["conditions"]);
  }
  return watch;
}

json RegistryWatchStatusToJson(const RegistryWatchStatus& status) {
  json newest = json::array();
  for (const NewestImage& image : status.newest) {
    if (newest.size() == kMaxNewestImages) break;
    newest.push_back({{"image", text::Truncate(text::Printable(image.image), kMaxText)},
                      {"digest", image.digest},
                      {"noticedAt", image.noticed_at}});
  }
  return {{"observedGeneration", status.observed_generation},
          {"lastCheckedAt", OrNull(status.last_checked_at)},
          {"nextCheckAt", OrNull(status.next_check_at)},
          {"repositories", status.repositories},
          {"tags", status.tags},
          {"images", status.images},
          {"newestImages", std::move(newest)},
          {"conditions", ConditionsToJson(status.conditions)}};
}

}  // namespace landwaiter::resources
