#include "controller/records.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "controller/names.h"
#include "lib/base/json.h"
#include "lib/kube/api.h"
#include "lib/kube/informer.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

const json& Member(const json& object, const char* key) {
  static const json kNone = json::object();
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : kNone;
}

std::string TextAt(const json& object, const char* key) {
  const json& value = Member(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::uint64_t CountAt(const json& object, const char* key) {
  const json& value = Member(object, key);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

/// Index of the owner reference that says controller: true; others own the pod for garbage
/// collection only.
std::optional<std::size_t> ControllingOwner(const json& pod) {
  const json& owners = Member(Member(pod, "metadata"), "ownerReferences");
  if (!owners.is_array()) return std::nullopt;
  for (std::size_t i = 0; i < owners.size(); ++i) {
    const json& controller = Member(owners[i], "controller");
    if (controller.is_boolean() && controller.get<bool>()) return i;
  }
  return std::nullopt;
}

/// Of shared values, by their addresses.
std::uint64_t HashOf(const PodShape& shape) {
  std::size_t hash = 0;
  const auto add = [&hash](const void* part) {
    hash = hash * 0x9e3779b97f4a7c15u + std::hash<const void*>{}(part);
  };
  add(shape.ns.get());
  add(shape.service_account.get());
  add(shape.owner.get());
  hash += (shape.runs ? 1 : 0) + (shape.waits ? 2 : 0);
  for (const auto& secret : shape.pull_secrets) add(secret.get());
  for (const auto& use : shape.images) {
    add(use.reference.get());
    add(use.image_id.get());
  }
  return hash;
}

}  // namespace

SharedText PodProjector::Text(const std::string& text) {
  return texts_.Get(std::hash<std::string>{}(text), text);
}

std::shared_ptr<const PodShape> PodProjector::Shape(const resources::PodImages& images,
                                                    const resources::OwnerRef* owner) {
  PodShape shape;
  shape.ns = Text(images.ns);
  shape.service_account = Text(images.service_account);
  for (const auto& secret : images.pull_secrets) shape.pull_secrets.push_back(Text(secret));
  for (const auto& image : images.images) {
    ImageUse use{Text(image.reference), nullptr};
    const auto id = images.image_ids.find(image.container);
    if (id != images.image_ids.end() && image.kind != resources::ContainerKind::kImageVolume) {
      use.image_id = Text(id->second);
    }
    shape.images.push_back(std::move(use));
  }
  if (owner != nullptr) {
    shape.owner = owners_.Get(std::hash<std::string>{}(owner->uid + owner->name), *owner);
  }
  shape.runs = !images.finished;
  shape.waits = images.scan_gate.has_value();
  return shapes_.Get(HashOf(shape), shape);
}

Result<PodRecord> PodProjector::operator()(const json& pod) {
  auto images = resources::PodImagesFromPod(pod);
  if (!images) return std::move(images).error();
  const auto at = ControllingOwner(pod);
  const bool owned = at && *at < images->owners.size();
  PodRecord record;
  record.shape = Shape(*images, owned ? &images->owners[*at] : nullptr);
  const auto created = ParseTime(TextAt(Member(pod, "metadata"), "creationTimestamp"));
  if (created) record.created = *created;
  PodSelf self{images->uid, std::nullopt};
  if (images->scan_gate && !images->deleting) {
    self.gate = GateRecord{*images->scan_gate, kube::ResourceVersionOf(pod)};
  }
  if (!owned || self.gate) record.self = std::make_shared<const PodSelf>(std::move(self));
  return record;
}

std::uint64_t HashOfStatus(const resources::ImageScanStatus& status) {
  return kube::HashOf(DumpJson(resources::StatusToJson(status)));
}

Result<ScanRecord> ProjectScanWithViolations(const json& object) {
  auto scan = resources::ImageScanFromJson(object);
  if (!scan) return std::move(scan).error();
  ScanRecord record;
  record.scan = std::move(*scan);
  record.status_hash = HashOfStatus(record.scan.status);
  const auto label = record.scan.labels.find(kManagedByLabel);
  record.managed = label != record.scan.labels.end() && label->second == kManagedBy;
  auto& status = record.scan.status;
  status.top_findings.clear();
  status.top_findings.shrink_to_fit();
  for (auto& platform : status.platforms) platform.coverage.clear();
  return record;
}

Result<ScanRecord> ProjectScan(const json& object) {
  auto record = ProjectScanWithViolations(object);
  if (!record) return record;
  for (auto& policy : record->scan.status.policies) {
    policy.violations.clear();
    policy.unknown.clear();
    policy.exceptions.clear();
    for (auto& excused : policy.excused) {
      excused.violations.clear();
      excused.unknown.clear();
      excused.exceptions.clear();
    }
  }
  return record;
}

namespace {

RunningFails RunningFailsOf(const json& status) {
  RunningFails out;
  const json& running = Member(status, "runningFails");
  out.images = CountAt(running, "images");
  out.pods = CountAt(running, "pods");
  const json& workloads = Member(running, "workloads");
  if (!workloads.is_array()) return out;
  for (const json& one : workloads) {
    if (out.workloads.size() == kMaxFailingWorkloads) break;
    out.workloads.push_back({TextAt(one, "namespace"), TextAt(one, "kind"), TextAt(one, "name"),
                             TextAt(one, "image"), TextAt(one, "scan"), CountAt(one, "pods")});
  }
  return out;
}

}  // namespace

Result<PolicyRecord> ProjectPolicy(const json& object) {
  auto lenient = policy::ParsePolicyJsonLeniently(DumpJson(object));
  if (!lenient) return std::move(lenient).error();
  PolicyRecord record;
  record.policy = std::move(lenient->policy);
  record.errors = std::move(lenient->errors);
  record.uid = TextAt(Member(object, "metadata"), "uid");
  const auto created = ParseTime(TextAt(Member(object, "metadata"), "creationTimestamp"));
  if (created) record.created = *created;
  record.resource_version = kube::ResourceVersionOf(object);
  const json& status = Member(object, "status");
  const json& generation = Member(status, "observedGeneration");
  if (generation.is_number_integer()) {
    record.observed_generation = generation.get<std::int64_t>();
  }
  const json& images = Member(status, "images");
  record.counts = {CountAt(images, "pass"), CountAt(images, "warn"), CountAt(images, "fail"),
                   CountAt(images, "pending")};
  record.running = RunningFailsOf(status);
  record.conditions = resources::ConditionsFromJson(Member(status, "conditions"));
  return record;
}

Result<ExceptionRecord> ProjectException(const json& object) {
  // The API server gives each a time of creation; one without has lasted as long as can be.
  auto exception = policy::ScanExceptionFromJson(DumpJson(object), TimePoint());
  if (!exception) return std::move(exception).error();
  ExceptionRecord record;
  record.exception = *std::move(exception);
  record.resource_version = kube::ResourceVersionOf(object);
  const json& status = Member(object, "status");
  const json& generation = Member(status, "observedGeneration");
  if (generation.is_number_integer()) {
    record.status.observed_generation = generation.get<std::int64_t>();
  }
  record.status.excuses = CountAt(status, "excuses");
  const auto texts = [&](const char* field) {
    std::vector<std::string> out;
    const json& list = Member(status, field);
    for (const json& item : list) {
      if (item.is_string()) out.push_back(item.get<std::string>());
    }
    return out;
  };
  record.status.policies = texts("policies");
  record.status.images = texts("images");
  record.status.conditions = resources::ConditionsFromJson(Member(status, "conditions"));
  return record;
}

Result<NamespaceRecord> ProjectNamespace(const json& object) {
  NamespaceRecord record;
  const json& labels = Member(Member(object, "metadata"), "labels");
  if (!labels.is_object()) return record;
  for (const auto& [key, value] : labels.items()) {
    if (value.is_string()) record.labels[key] = value.get<std::string>();
  }
  return record;
}

Result<Platform> ProjectNode(const json& object) {
  const json& info = Member(Member(object, "status"), "nodeInfo");
  const json& labels = Member(Member(object, "metadata"), "labels");
  std::string os = TextAt(info, "operatingSystem");
  std::string architecture = TextAt(info, "architecture");
  if (os.empty()) os = TextAt(labels, "kubernetes.io/os");
  if (architecture.empty()) architecture = TextAt(labels, "kubernetes.io/arch");
  return Platform::Parse(os + "/" + architecture);
}

}  // namespace landwaiter::controller
