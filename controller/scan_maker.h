// Makes sure that there is an ImageScan for a digest: exactly one, because its name follows from
// the digest, and whoever comes second finds AlreadyExists, which is as good.
#pragma once

#include <string>
#include <vector>

#include "controller/records.h"
#include "lib/base/clock.h"
#include "lib/kube/api.h"
#include "lib/kube/informer.h"
#include "model/image_reference.h"

namespace landwaiter::controller {

enum class Asker { kAdmission, kPod, kPerson, kWatch };

struct ScanDemand {
  Digest digest;
  ImageReference reference;  // as asked for; its registry and repository are pulled from
  std::string ns = {};       // on whose account; "" for none
  std::vector<resources::SecretRef> secrets = {};  // that are for this image
  Asker asker = Asker::kPod;
  std::string watch = {};  // "namespace/name" of the RegistryWatch that is to be named on it, or ""
};

/// The object as it is created.
resources::ImageScan NewScan(const ScanDemand& demand);
/// Of one object; a ninth secret of the same private image would serve no one that eight do not.
inline constexpr std::size_t kMaxSpecSecrets = 8;
/// What an object that exists lacks, as a merge patch; null where it lacks nothing. Once it is
/// scanned only secrets are added: a later look would fail where those of the first have been
/// replaced by others.
nlohmann::json PatchFor(const resources::ImageScan& existing, const ScanDemand& demand,
                        TimePoint now);

/// The annotation by which any replica asks the leader anew; null where it has just been asked.
nlohmann::json AskAgainPatch(const resources::ImageScan& existing, TimePoint now);

/// Thread-safe.
class ScanMaker {
 public:
  ScanMaker(kube::Api& api, const kube::Informer<ScanRecord>& scans, const Clock& clock)
      : api_(api), scans_(scans), clock_(clock) {}

  /// The name of the ImageScan. Errors: Conflict with reason NameCollision where a person made an
  /// object of that name about something else, the API server's.
  Result<std::string> Ensure(const ScanDemand& demand, const Cancellation& cancel);
  /// Tells the leader that somebody waits for this object; at most once in half a minute.
  Status AskAgain(const resources::ImageScan& existing, const Cancellation& cancel);

 private:
  Result<std::string> Join(resources::ImageScan existing, const ScanDemand& demand,
                           const Cancellation& cancel);

  kube::Api& api_;
  const kube::Informer<ScanRecord>& scans_;
  const Clock& clock_;
};

}  // namespace landwaiter::controller
