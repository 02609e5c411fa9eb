#include "resources/pod_images.h"

#include <nlohmann/json.hpp>

#include "lib/base/json.h"

namespace landwaiter::resources {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxContainers = 10'000;  // etcd's 1.5 MiB holds no more of them
constexpr std::size_t kMaxText = 4096;

struct ListName {
  const char* spec;
  const char* status;
  ContainerKind kind;
};
constexpr ListName kLists[] = {
    {"containers", "containerStatuses", ContainerKind::kContainer},
    {"initContainers", "initContainerStatuses", ContainerKind::kInitContainer},
    {"ephemeralContainers", "ephemeralContainerStatuses", ContainerKind::kEphemeralContainer},
};

/// Where each workload kind keeps its pod template.
struct TemplatePath {
  std::string_view kind;
  const char* pointer;
};
constexpr TemplatePath kTemplates[] = {
    {"Deployment", "/spec/template"},
    {"ReplicaSet", "/spec/template"},
    {"StatefulSet", "/spec/template"},
    {"DaemonSet", "/spec/template"},
    {"Job", "/spec/template"},
    {"CronJob", "/spec/jobTemplate/spec/template"},
    {"ReplicationController", "/spec/template"},
    {"PodTemplate", "/template"},
};

Status ReadMetadata(JsonFields& fields, PodImages& pod) {
  std::string deleted;
  std::map<std::string, std::string> annotations;
  fields.String("namespace", pod.ns);
  fields.String("name", pod.name);
  fields.String("uid", pod.uid);
  fields.String("deletionTimestamp", deleted);
  fields.StringMap("annotations", annotations);
  fields.Objects("ownerReferences", kMaxContainers, [&](JsonFields& item) {
    OwnerRef& owner = pod.owners.emplace_back();
    item.String("apiVersion", owner.api_version);
    item.String("kind", owner.kind);
    item.String("name", owner.name);
    item.String("uid", owner.uid);
    bool controller = false;
    item.Bool("controller", controller);
    if (controller) pod.controller = pod.owners.size() - 1;
    return item.Done();
  });
  pod.deleting = !deleted.empty();
  pod.mirror = annotations.contains("kubernetes.io/config.mirror");
  return fields.Done();
}

Status ReadVolume(JsonFields& volume, std::size_t index, PodImages& pod) {
  std::string name;
  volume.String("name", name, kMaxText);
  volume.Object("image", [&](JsonFields& image) {
    std::string reference;
    image.String("reference", reference, kMaxText);
    if (!reference.empty()) {
      pod.images.push_back({std::move(reference), name, ContainerKind::kImageVolume, index});
    }
    return image.Done();
  });
  return volume.Done();
}

void ReadGates(JsonFields& fields, PodImages& pod) {
  pod.has_gates = fields.Has("schedulingGates");
  std::size_t index = 0;
  fields.Objects("schedulingGates", kMaxContainers, [&](JsonFields& item) {
    std::string name;
    item.String("name", name, kMaxText);
    if (name == kScanGate) pod.scan_gate = index;
    ++index;
    return item.Done();
  });
}

Status ReadSpec(JsonFields& fields, PodImages& pod) {
  fields.String("serviceAccountName", pod.service_account);
  fields.String("nodeName", pod.node_name);
  fields.Objects("imagePullSecrets", kMaxContainers, [&](JsonFields& item) {
    std::string name;
    item.String("name", name);
    if (!name.empty()) pod.pull_secrets.push_back(std::move(name));
    return item.Done();
  });
  ReadGates(fields, pod);
  for (const ListName& list : kLists) {
    std::size_t index = 0;
    fields.Objects(list.spec, kMaxContainers, [&](JsonFields& item) {
      PodImage image;
      image.index = index++;
      item.String("image", image.reference, kMaxText);
      item.String("name", image.container, kMaxText);
      image.kind = list.kind;
      // The API server fills no default image: an empty one is a pod that never starts.
      if (!image.reference.empty()) pod.images.push_back(std::move(image));
      return item.Done();
    });
  }
  std::size_t index = 0;
  fields.Objects("volumes", kMaxContainers,
                 [&](JsonFields& volume) { return ReadVolume(volume, index++, pod); });
  return fields.Done();
}

Status ReadStatus(JsonFields& fields, PodImages& pod) {
  std::string phase;
  fields.String("phase", phase);
  pod.finished = phase == "Succeeded" || phase == "Failed";
  for (const ListName& list : kLists) {
    fields.Objects(list.status, kMaxContainers, [&](JsonFields& item) {
      std::string name, id;
      item.String("name", name, kMaxText);
      item.String("imageID", id, kMaxText);
      if (id.find("sha256:") != std::string::npos) pod.image_ids[name] = id;
      return item.Done();
    });
  }
  return fields.Done();
}

Result<PodImages> Read(const json& object, const std::string& path, PodImages pod) {
  JsonFields fields(object, path);
  fields.Object("spec", [&](JsonFields& spec) { return ReadSpec(spec, pod); });
  fields.Object("status", [&](JsonFields& status) { return ReadStatus(status, pod); });
  if (Status done = fields.Done(); !done) return std::move(done).error();
  if (pod.service_account.empty()) pod.service_account = "default";
  return pod;
}

}  // namespace

std::string_view ContainerKindName(ContainerKind kind) {
  switch (kind) {
    case ContainerKind::kContainer:
      return "container";
    case ContainerKind::kInitContainer:
      return "init container";
    case ContainerKind::kEphemeralContainer:
      return "ephemeral container";
    case ContainerKind::kImageVolume:
      return "image volume";
  }
  return "container";
}

std::string PointerTo(const PodImage& image) {
  const std::string index = std::to_string(image.index);
  for (const ListName& list : kLists) {
    if (list.kind == image.kind) return std::string("/spec/") + list.spec + "/" + index + "/image";
  }
  return "/spec/volumes/" + index + "/image/reference";
}

Result<PodImages> PodImagesFromPod(const json& object) {
  PodImages pod;
  JsonFields fields(object, "Pod");
  fields.Object("metadata", [&](JsonFields& metadata) { return ReadMetadata(metadata, pod); });
  if (Status done = fields.Done(); !done) return std::move(done).error();
  return Read(object, "Pod", std::move(pod));
}

Result<PodImages> PodImagesFromWorkload(std::string_view kind, const json& object) {
  for (const TemplatePath& row : kTemplates) {
    if (row.kind != kind) continue;
    PodImages pod;
    JsonFields fields(object, std::string(kind));
    fields.Object("metadata", [&](JsonFields& metadata) { return ReadMetadata(metadata, pod); });
    if (Status done = fields.Done(); !done) return std::move(done).error();
    const json::json_pointer pointer(row.pointer);
    if (!object.contains(pointer)) {
      return InvalidArgument(std::string(kind) + " has no pod template at " + row.pointer);
    }
    return Read(object.at(pointer), std::string(kind) + row.pointer, std::move(pod));
  }
  return Unsupported("kind '" + std::string(kind) + "' has no pod template that is known");
}

}  // namespace landwaiter::resources
