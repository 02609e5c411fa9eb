// AdmissionReview, admission.k8s.io/v1 (Kubernetes, "Dynamic Admission Control", request and
// response): reading with bounds, writing the answer. Not handled: other versions (the webhook's
// configuration asks for v1 only).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "resources/pod_images.h"

namespace landwaiter::webhook {

/// A legal pod of 1.5 MB (etcd's bound) came as a review of 9 MB on CREATE and 18 MB on UPDATE: the
/// API server writes '<' as six bytes, and sends the old object too.
inline constexpr std::size_t kMaxReviewBytes = std::size_t{20} << 20;
/// The deepest legal Pod has fewer than 20 levels; API machinery itself allows far more.
inline constexpr std::size_t kMaxReviewDepth = 64;
/// So that the document of a review stays under 100 MB beside its text. Pods of 1.5 MB that
/// name their variables (40 bytes and three values each) come, object and old object together, to
/// some 230,000; one of two-byte values alone would be ten million.
inline constexpr std::size_t kMaxReviewValues = 500'000;

enum class Subject {
  kNothing,   // nothing that names an image to judge
  kPod,       // judged
  kWorkload,  // warned about: its pods are judged when they come
};

struct ReviewRequest {
  std::string uid;
  std::string operation;  // CREATE, UPDATE, DELETE, CONNECT
  std::string group;
  std::string kind;
  std::string subresource;
  std::string ns;
  std::string name;  // may be empty with generateName
  std::string username;
  std::vector<std::string> groups;
  bool dry_run = false;

  Subject subject = Subject::kNothing;
  bool deleting = false;  // the object itself carries a deletionTimestamp; its images are not read
  /// Why the object's images could not be read, with the path; "" where they were.
  std::string unreadable;
  /// Of the new object; of the pod template for workloads.
  resources::PodImages object;
  /// Images of the old object: those an UPDATE does not judge again. None where it is unreadable.
  std::vector<std::string> old_references;

  bool takes_gate_off = false;  // UPDATE: the old pod waited behind kScanGate, the new one does not

  /// A pod that the kubelet runs whatever the API server says: the mirror annotation, and made by
  /// a node. A tenant may set the annotation too; that alone exempts from nothing.
  bool IsMirrorPodOfANode() const;
};

/// What went wrong, and the uid as soon as it could be read, so that the answer can echo it.
struct ReviewProblem {
  Error error;
  std::string uid;
};

struct ReviewReading {
  std::optional<ReviewRequest> request;
  ReviewProblem problem;  // meaningful without a request
};

/// A sound review of an object that is not is a request that says so (`unreadable`): whether it is
/// denied is for the policies. Never throws; no recursion on the input's depth.
ReviewReading ReadReview(std::string_view body);

struct ReviewAnswer {
  std::string uid;
  bool allowed = true;
  int code = 0;              // with a denial: 403, or 400 for an object that cannot be read
  std::string reason = {};   // "Forbidden", "BadRequest"
  std::string message = {};  // under 2 KiB
  std::vector<std::string> warnings = {};
  std::map<std::string, std::string> audit_annotations = {};
  std::string patch = {};  // RFC 6902, as text; "": none. Of the mutating webhook alone
};

/// One AdmissionReview, keys in alphabetical order.
std::string WriteReview(const ReviewAnswer& answer);

}  // namespace landwaiter::webhook
