// What the controller's informers keep of each object: enough to decide by, small enough for
// 150,000 pods and 20,000 images (operations.md, "Scale").
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "controller/interner.h"
#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "model/platform.h"
#include "policy/policy.h"
#include "policy/scan_exception.h"
#include "resources/image_scan.h"
#include "resources/pod_images.h"

namespace landwaiter::controller {

using SharedText = std::shared_ptr<const std::string>;

/// One container or image volume.
struct ImageUse {
  SharedText reference;  // as written
  SharedText image_id;   // status.…[].imageID, null where there is none
  friend bool operator==(const ImageUse&, const ImageUse&) = default;
};

/// Of a pod that waits behind the scan gate.
struct GateRecord {
  std::size_t index = 0;  // of the gate in spec.schedulingGates
  std::string resource_version;
};

/// What pods of one template have in common, kept once however many there are.
struct PodShape {
  SharedText ns;
  SharedText service_account;
  std::vector<SharedText> pull_secrets;
  std::vector<ImageUse> images;
  std::shared_ptr<const resources::OwnerRef> owner;  // the controlling one; null for a bare pod
  bool runs = true;                                  // not finished
  bool waits = false;  // has the scan gate, also while it is being deleted: it has run nothing
  friend bool operator==(const PodShape&,
                         const PodShape&) = default;  // of shared values: by address
};

/// Of a pod that is spoken of by itself: a bare one, or one with the scan gate.
struct PodSelf {
  std::string uid;
  std::optional<GateRecord> gate;  // nullopt: no scan gate, or the pod is being deleted
};

/// 40 bytes, since there are so many.
struct PodRecord {
  std::shared_ptr<const PodShape> shape;
  std::shared_ptr<const PodSelf> self;  // null: its owner is spoken of
  TimePoint created{};

  bool Runs() const { return shape->runs; }
  bool Waits() const { return shape->waits; }
  const GateRecord* Gate() const { return self && self->gate ? &*self->gate : nullptr; }
  std::string Uid() const { return self ? self->uid : std::string(); }
};

/// Makes PodRecords; one for all pods, so that they share their texts. Thread-safe.
class PodProjector {
 public:
  Result<PodRecord> operator()(const nlohmann::json& pod);

 private:
  SharedText Text(const std::string& text);
  /// `owner`: the controlling one, or null.
  std::shared_ptr<const PodShape> Shape(const resources::PodImages& images,
                                        const resources::OwnerRef* owner);

  Interner<std::string> texts_;
  Interner<resources::OwnerRef> owners_;
  Interner<PodShape> shapes_;
};

/// An ImageScan without the parts of its status that only people read; `status_hash` is of the
/// whole status, so that an equal one is not written again.
struct ScanRecord {
  resources::ImageScan scan;
  std::uint64_t status_hash = 0;
  bool managed = false;
};
Result<ScanRecord> ProjectScan(const nlohmann::json& object);
/// With the violations of each judgement, for reports of them: some 300 bytes a rule that is
/// broken.
Result<ScanRecord> ProjectScanWithViolations(const nlohmann::json& object);
std::uint64_t HashOfStatus(const resources::ImageScanStatus& status);

struct PolicyCounts {
  std::uint64_t pass = 0;
  std::uint64_t warn = 0;
  std::uint64_t fail = 0;
  std::uint64_t pending = 0;
  friend bool operator==(const PolicyCounts&, const PolicyCounts&) = default;
};

/// What runs an image that fails: a pod's controller, or a bare pod.
struct FailingWorkload {
  std::string ns;
  std::string kind;
  std::string name;
  std::string image;  // as people call it: shop/cart:1.4
  std::string scan;   // the ImageScan's name
  std::uint64_t pods = 0;
  friend bool operator==(const FailingWorkload&, const FailingWorkload&) = default;
};
inline constexpr std::size_t kMaxFailingWorkloads = 20;

/// What runs now and fails under a policy.
struct RunningFails {
  std::uint64_t images = 0;
  std::uint64_t pods = 0;
  std::vector<FailingWorkload> workloads;  // the first kMaxFailingWorkloads by namespace and name
  friend bool operator==(const RunningFails&, const RunningFails&) = default;
};

struct PolicyRecord {
  policy::ScanPolicy policy;
  std::vector<std::string> errors;  // why parts of the spec could not be read
  std::string uid;
  TimePoint created{};  // the epoch where that is not known
  std::string resource_version;
  // As the API server has it:
  std::int64_t observed_generation = 0;
  PolicyCounts counts;
  RunningFails running;
  std::vector<resources::Condition> conditions;
};
Result<PolicyRecord> ProjectPolicy(const nlohmann::json& object);

struct ExceptionStatus {
  std::int64_t observed_generation = 0;
  std::vector<std::string> policies = {};  // that take it
  std::vector<std::string> images = {};    // that it excuses now, by name; at most 20
  std::uint64_t excuses = 0;               // how many
  std::vector<resources::Condition> conditions = {};
  friend bool operator==(const ExceptionStatus&, const ExceptionStatus&) = default;
};

struct ExceptionRecord {
  policy::ScanException exception;
  std::string resource_version;
  ExceptionStatus status;  // as the API server has it
};
Result<ExceptionRecord> ProjectException(const nlohmann::json& object);

struct NamespaceRecord {
  std::map<std::string, std::string> labels;
};
Result<NamespaceRecord> ProjectNamespace(const nlohmann::json& object);

/// status.nodeInfo, else the labels kubernetes.io/os and /arch. Errors: InvalidArgument.
Result<Platform> ProjectNode(const nlohmann::json& object);

}  // namespace landwaiter::controller
