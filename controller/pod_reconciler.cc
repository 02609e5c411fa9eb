#include "controller/pod_reconciler.h"

#include <algorithm>

#include "lib/base/log.h"

namespace landwaiter::controller {
namespace {
// A reference that does not resolve is asked for again at this pace; the resolver itself remembers
// failures for half a minute.
constexpr std::chrono::minutes kLookAgain{1};

void ForEachAlias(const resources::ImageScan& scan,
                  const std::function<void(const std::string&)>& fn) {
  for (const auto& platform : scan.status.platforms) {
    if (!platform.manifest_digest.empty()) fn(platform.manifest_digest);
    if (!platform.image_id.empty()) fn(platform.image_id);
  }
}

}  // namespace

void AliasIndex::Change(const kube::Informer<ScanRecord>::Change& change) {
  const auto digest_of = [](const std::shared_ptr<const ScanRecord>& record) {
    return record ? CanonicalDigest(record->scan) : std::nullopt;
  };
  const auto before = digest_of(change.before);
  const auto after = digest_of(change.after);
  aliases_.With([&](auto& aliases) {
    if (before) {
      ForEachAlias(change.before->scan, [&](const std::string& alias) {
        const auto found = aliases.find(alias);
        if (found != aliases.end() && found->second == *before) aliases.erase(found);
      });
    }
    if (after) {
      ForEachAlias(change.after->scan, [&](const std::string& alias) {
        if (alias != after->ToString()) aliases[alias] = *after;
      });
    }
  });
}

std::optional<Digest> AliasIndex::Canonical(const Digest& digest) const {
  return aliases_.With([&](const auto& aliases) -> std::optional<Digest> {
    const auto found = aliases.find(digest.ToString());
    if (found == aliases.end()) return std::nullopt;
    return found->second;
  });
}

Outcome PodReconciler::Reconcile(const std::string& key, const Cancellation& cancel) {
  const auto pod = parts_.pods.Get(kube::ObjectKey::Parse(key));
  if (parts_.held != nullptr && (!pod || !pod->Gate() || !pod->Runs())) {
    parts_.held->Forget(key);
  }
  if (!pod || !pod->Runs()) {
    for (const auto& scan : parts_.usage.Set(key, {}, {})) parts_.on_usage(scan);
    return {Ok()};
  }
  Work work{key, *pod};
  const PodPlan plan = PlanPod(*pod);
  Status status = Ok();
  for (const WantedImage& image : plan.images) {
    if (Status one = Image(work, image, cancel); !one) status = std::move(one);
  }
  // What is known counts at once; what failed comes again and is added then.
  const std::vector<PodUse> uses = work.uses;
  const bool counted = parts_.usage.Complete();
  for (const auto& scan : parts_.usage.Set(key, pod->created, std::move(work.uses))) {
    parts_.on_usage(scan);
    const bool uses_it =
        std::any_of(uses.begin(), uses.end(), [&](const PodUse& use) { return use.scan == scan; });
    const auto record = counted && uses_it ? parts_.scans.Get(scan) : nullptr;
    if (record) parts_.on_started(key, *record);
  }
  Outcome outcome{std::move(status)};
  if (outcome.status && work.incomplete) outcome.again_after = kLookAgain;
  return Held(work, std::move(outcome), cancel);
}

Outcome PodReconciler::Held(const Work& work, Outcome reconciled, const Cancellation& cancel) {
  if (parts_.held == nullptr || !work.pod.Gate()) return reconciled;
  // Also where something went wrong: the time that a pod may wait ends all the same.
  Outcome held = parts_.held->Look(work.key, work.pod, work.resolved, cancel);
  if (!reconciled.status) return reconciled;
  if (!held.status || !reconciled.again_after) return held;
  if (!held.again_after || *reconciled.again_after < *held.again_after) return reconciled;
  return held;
}

Result<ImageCredentials> PodReconciler::Credentials(Work& work, const ImageReference& image,
                                                    const Cancellation& cancel) {
  if (!work.secrets_read) {
    std::vector<std::string> named;
    for (const auto& secret : work.pod.shape->pull_secrets) named.push_back(*secret);
    auto secrets = parts_.credentials.SecretsOfPod(*work.pod.shape->ns,
                                                   *work.pod.shape->service_account, named, cancel);
    if (!secrets) return std::move(secrets).error();
    work.secrets = std::move(*secrets);
    work.secrets_read = true;
  }
  return parts_.credentials.For(image, work.secrets, cancel);
}

Status PodReconciler::Image(Work& work, const WantedImage& image, const Cancellation& cancel) {
  // What is known already costs no request but the one that makes the object.
  const auto known = [&](const Digest& digest) {
    const auto record = parts_.scans.Get(resources::ScanName(digest));
    return record && CanonicalDigest(record->scan) == digest && !record->scan.deleting;
  };
  // A pod with a gate has run nothing: a status that says otherwise is somebody's story.
  const bool held = work.pod.Waits();
  std::optional<Digest> running = held ? std::nullopt : image.running;
  if (running && !known(*running)) {
    // An index may list anybody's manifest: it covers only what has no ImageScan of its own.
    if (const auto canonical = parts_.aliases.Canonical(*running)) running = canonical;
  } else if (!running && !held && image.local_id) {
    running = parts_.aliases.Canonical(*image.local_id);
  }
  const bool settled = running && known(*running) && (!image.asked || *image.asked == *running);
  if (settled && !LacksSecrets(work.pod, *running)) {
    work.uses.push_back({resources::ScanName(*running), image.reference.ToString()});
    work.resolved[image.reference.ToString()] = {*running, {}};
    return Ok();
  }
  auto credentials = Credentials(work, image.reference, cancel);
  if (!credentials) return std::move(credentials).error();
  if (running) {
    if (Status status = Use(work, image, *running, *credentials, cancel); !status) return status;
    if (!image.asked || *image.asked == *running) return Ok();
  }
  if (image.asked && known(*image.asked)) {
    return Use(work, image, *image.asked, *credentials, cancel);
  }
  auto digest = parts_.resolver.Resolve(image.reference, credentials->credentials, cancel);
  if (!digest) {
    if (digest.error().code == Code::kCancelled) return std::move(digest).error();
    const Error& error = digest.error();
    work.resolved[image.reference.ToString()].failure = admission::EnsureFailure{
        error.reason.empty() ? std::string(CodeName(error.code)) : error.reason, error.message,
        IsRetryable(error.code)};
    work.incomplete = true;
    TellOwner(work, image.reference, digest.error());
    return Ok();
  }
  return Use(work, image, *digest, *credentials, cancel);
}

bool PodReconciler::LacksSecrets(const PodRecord& pod, const Digest& digest) const {
  const auto record = parts_.scans.Get(resources::ScanName(digest));
  if (!record) return false;
  const auto& held = record->scan.spec.pull_secrets;
  if (held.size() >= kMaxSpecSecrets) return false;
  return std::any_of(
      pod.shape->pull_secrets.begin(), pod.shape->pull_secrets.end(), [&](const auto& name) {
        return std::find(held.begin(), held.end(), resources::SecretRef{*pod.shape->ns, *name}) ==
               held.end();
      });
}

Status PodReconciler::Use(Work& work, const WantedImage& image, const Digest& digest,
                          const ImageCredentials& credentials, const Cancellation& cancel) {
  auto name = parts_.maker.Ensure({.digest = digest,
                                   .reference = image.reference,
                                   .ns = *work.pod.shape->ns,
                                   .secrets = credentials.secrets,
                                   .asker = work.pod.Gate() ? Asker::kAdmission : Asker::kPod},
                                  cancel);
  if (!name) {
    if (name.error().reason != scan_reason::kNameCollision) return std::move(name).error();
    log::Error("two digests have one name", {{"error", name.error()}});
    return Ok();
  }
  work.uses.push_back({std::move(*name), image.reference.ToString()});
  work.resolved[image.reference.ToString()] = {digest, {}};
  return Ok();
}

void PodReconciler::TellOwner(const Work& work, const ImageReference& image, const Error& error) {
  const kube::ObjectKey key = kube::ObjectKey::Parse(work.key);
  kube::EventTarget target{"v1", "Pod", key.ns, key.name, work.pod.Uid()};
  if (work.pod.shape->owner) {
    target = {work.pod.shape->owner->api_version, work.pod.shape->owner->kind, key.ns,
              work.pod.shape->owner->name, work.pod.shape->owner->uid};
  }
  parts_.events.Record(target, kube::EventType::kWarning,
                       error.reason.empty() ? "ImageNotResolved" : error.reason,
                       "image " + image.ToString() + " cannot be scanned: " + error.message);
}

}  // namespace landwaiter::controller
