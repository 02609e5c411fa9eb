// Pure decisions before anything is asked of a registry: which images a pod runs or asks for, what
// kind of ImageScan an object is, which platforms are wanted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controller/records.h"
#include "lib/base/digest.h"
#include "model/image_reference.h"

namespace landwaiter::controller {

/// One image that a pod names.
struct WantedImage {
  ImageReference reference;        // as the pod asks for it
  std::optional<Digest> asked;     // the digest in the reference
  std::optional<Digest> running;   // what the node says it runs, pullable by this digest
  std::optional<Digest> local_id;  // a bare configuration digest: can be compared, not pulled
};

struct PodPlan {
  std::vector<WantedImage> images;   // each pair of reference and running digest once
  std::vector<std::string> invalid;  // references that cannot be read, with the reason
};

/// Nothing for a pod that has finished.
PodPlan PlanPod(const PodRecord& pod);

/// status.containerStatuses[].imageID as the runtimes write it: "repo@sha256:…" (containerd,
/// CRI-O), "docker-pullable://repo@sha256:…", "docker://sha256:…", "sha256:…" (a configuration
/// digest).
struct RunningImage {
  std::optional<Digest> digest;
  std::optional<Digest> local_id;
};
RunningImage ParseImageId(std::string_view image_id);

enum class ScanRole {
  kCanonical,  // name follows from the digest in spec.image
  kRequest,    // a person's question under a name of their own
  kCollision,  // a person's, under a digest's name (the schema refuses it): never a verdict
  kInvalid,    // spec.image cannot be read
};

struct ScanIdentity {
  ScanRole role = ScanRole::kInvalid;
  ImageReference image;
  std::string problem;  // kInvalid and kCollision: for the condition's message
};
ScanIdentity Identify(const resources::ImageScan& scan);

/// The digest that a canonical object is about; nullopt for all others.
std::optional<Digest> CanonicalDigest(const resources::ImageScan& scan);

/// Without repetition, sorted; linux on the host's architecture where the cluster has no nodes. At
/// most as many as a status holds; those beyond go to `left_out`.
std::vector<Platform> WantedPlatforms(const std::vector<Platform>& nodes,
                                      std::vector<Platform>* left_out = nullptr);

/// The scan did not begin: every scanner is busy, ends or cannot be reached. That says nothing of
/// the image, so it counts as no failure of it.
bool NoScannerTookIt(const Error& error);

/// How soon a failed scan is tried again; nullopt: not before something changes.
struct RetryAdvice {
  std::optional<std::chrono::milliseconds> after;
};
/// `failures` counts this one (of its kind, see NoScannerTookIt). By reason: what a registry or
/// scanner may mend by itself is tried again with a pause that doubles; what the image's bytes say
/// is final.
RetryAdvice AdviseRetry(const Error& error, std::uint32_t failures);

}  // namespace landwaiter::controller
