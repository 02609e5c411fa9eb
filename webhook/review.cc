#include "webhook/review.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "lib/base/json.h"
#include "lib/base/text.h"

namespace landwaiter::webhook {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxGroups = 10'000;

struct WorkloadKind {
  std::string_view group;
  std::string_view kind;
};
constexpr std::array<WorkloadKind, 7> kWorkloads = {{{"apps", "Deployment"},
                                                     {"apps", "ReplicaSet"},
                                                     {"apps", "StatefulSet"},
                                                     {"apps", "DaemonSet"},
                                                     {"batch", "Job"},
                                                     {"batch", "CronJob"},
                                                     {"", "ReplicationController"}}};

/// What is to be looked at: by kind, subresource and operation.
Subject SubjectOf(const ReviewRequest& request) {
  if (request.operation != "CREATE" && request.operation != "UPDATE") return Subject::kNothing;
  if (request.group.empty() && request.kind == "Pod") {
    const bool judged = request.subresource.empty() || request.subresource == "ephemeralcontainers";
    return judged ? Subject::kPod : Subject::kNothing;
  }
  const bool workload = std::any_of(kWorkloads.begin(), kWorkloads.end(), [&](const auto& row) {
    return row.group == request.group && row.kind == request.kind;
  });
  return workload && request.subresource.empty() ? Subject::kWorkload : Subject::kNothing;
}

Result<resources::PodImages> ImagesOf(const ReviewRequest& request, const json& object) {
  if (request.subject == Subject::kWorkload) {
    return resources::PodImagesFromWorkload(request.kind, object);
  }
  if (!object.contains("spec")) return InvalidArgument("Pod.spec is missing");
  return resources::PodImagesFromPod(object);
}

/// Whatever else the object holds: one that cannot be read must still be able to go.
bool IsBeingDeleted(const json& object) {
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return false;
  const auto time = metadata->find("deletionTimestamp");
  if (time == metadata->end() || !time->is_string()) return false;
  return !time->get_ref<const std::string&>().empty();
}

/// Images that an UPDATE does not judge again. An old object that cannot be read has none: then
/// everything of the new one is judged.
std::vector<std::string> OldReferences(const json& request_json, const ReviewRequest& request) {
  const auto object = request_json.find("oldObject");
  if (request.operation != "UPDATE" || object == request_json.end() || !object->is_object()) {
    return {};
  }
  auto images = ImagesOf(request, *object);
  if (!images) return {};
  std::vector<std::string> out;
  for (auto& image : images->images) out.push_back(std::move(image.reference));
  return out;
}

/// Whatever else the object holds.
bool HasScanGate(const json& object) {
  static const json::json_pointer kGates("/spec/schedulingGates");
  if (!object.is_object() || !object.contains(kGates)) return false;
  const json& gates = object.at(kGates);
  return gates.is_array() && std::any_of(gates.begin(), gates.end(), [](const json& gate) {
           if (!gate.is_object()) return false;
           const auto name = gate.find("name");
           return name != gate.end() && name->is_string() &&
                  name->get_ref<const std::string&>() == resources::kScanGate;
         });
}

bool TakesGateOff(const json& request_json, const ReviewRequest& request, const json& object) {
  const auto old = request_json.find("oldObject");
  return request.operation == "UPDATE" && request.subject == Subject::kPod &&
         old != request_json.end() && HasScanGate(*old) && !HasScanGate(object);
}

void ReadObjects(const json& request_json, ReviewRequest& request) {
  request.subject = SubjectOf(request);
  if (request.subject == Subject::kNothing) return;
  const auto object = request_json.find("object");
  if (object == request_json.end() || !object->is_object()) {
    request.unreadable = "request.object is missing";
    return;
  }
  request.deleting = IsBeingDeleted(*object);
  if (request.deleting) return;
  request.takes_gate_off = TakesGateOff(request_json, request, *object);
  auto images = ImagesOf(request, *object);
  if (!images) {
    request.unreadable = std::move(images).error().Context("request.object").message;
    return;
  }
  request.object = *std::move(images);
  request.old_references = OldReferences(request_json, request);
}

Status ReadRequest(JsonFields& fields, ReviewRequest& request) {
  fields.String("uid", request.uid);
  fields.String("operation", request.operation);
  fields.String("subResource", request.subresource);
  fields.String("namespace", request.ns);
  fields.String("name", request.name);
  fields.Bool("dryRun", request.dry_run);
  fields.Object("kind", [&](JsonFields& kind) {
    kind.String("group", request.group);
    kind.String("kind", request.kind);
    return kind.Done();
  });
  fields.Object("userInfo", [&](JsonFields& user) {
    user.String("username", request.username);
    user.Strings("groups", request.groups, kMaxGroups);
    return user.Done();
  });
  return fields.Done();
}

/// The uid alone, for the echo, whatever else is wrong.
std::string UidOf(const json& review) {
  if (!review.is_object()) return {};
  const auto request = review.find("request");
  if (request == review.end() || !request->is_object()) return {};
  const auto uid = request->find("uid");
  return uid != request->end() && uid->is_string() ? uid->get<std::string>() : std::string();
}

Status CheckEnvelope(const json& review) {
  if (!review.is_object()) return InvalidArgument("body: expected an AdmissionReview object");
  std::string api_version;
  std::string kind;
  JsonFields fields(review, "AdmissionReview");
  fields.String("apiVersion", api_version);
  fields.String("kind", kind);
  if (Status done = fields.Done(); !done) return done;
  if (kind != "AdmissionReview") {
    return InvalidArgument("kind: expected AdmissionReview, got \"" + kind + "\"");
  }
  if (api_version != "admission.k8s.io/v1") {
    return InvalidArgument("apiVersion: expected admission.k8s.io/v1, got \"" + api_version +
                           "\"; list v1 in the webhook's admissionReviewVersions");
  }
  const auto request = review.find("request");
  if (request == review.end() || !request->is_object()) {
    return InvalidArgument("request is missing");
  }
  return Ok();
}

ReviewReading ReadParsed(const json& review) {
  ReviewReading reading;
  reading.problem.uid = UidOf(review);
  if (Status envelope = CheckEnvelope(review); !envelope) {
    reading.problem.error = envelope.error();
    return reading;
  }
  ReviewRequest request;
  const json& request_json = review["request"];
  JsonFields fields(request_json, "request");
  if (Status read = ReadRequest(fields, request); !read) {
    reading.problem.error = read.error();
    return reading;
  }
  if (request.uid.empty()) {
    reading.problem.error = InvalidArgument("request.uid is missing");
    return reading;
  }
  ReadObjects(request_json, request);
  reading.request = std::move(request);
  return reading;
}

}  // namespace

bool ReviewRequest::IsMirrorPodOfANode() const {
  return object.mirror && username.starts_with("system:node:") &&
         std::find(groups.begin(), groups.end(), "system:nodes") != groups.end();
}

ReviewReading ReadReview(std::string_view body) {
  ReviewReading reading;
  try {
    auto review = ParseJson(body, {.max_bytes = kMaxReviewBytes,
                                   .max_depth = kMaxReviewDepth,
                                   .max_values = kMaxReviewValues});
    if (review) return ReadParsed(*review);
    reading.problem.error = std::move(review).error().Context("body");
  } catch (const json::exception& error) {
    reading.problem.error = InvalidArgument(std::string("body: ") + error.what());
  }
  return reading;
}

std::string WriteReview(const ReviewAnswer& answer) {
  json response = {{"uid", answer.uid}, {"allowed", answer.allowed}};
  if (!answer.allowed) {
    response["status"] = {
        {"code", answer.code}, {"reason", answer.reason}, {"message", answer.message}};
  }
  if (!answer.warnings.empty()) response["warnings"] = answer.warnings;
  if (!answer.audit_annotations.empty()) {
    response["auditAnnotations"] = answer.audit_annotations;
  }
  // A patchType without a patch is an error.
  if (!answer.patch.empty()) {
    response["patchType"] = "JSONPatch";
    response["patch"] = text::Base64Encode(answer.patch);
  }
  return DumpJson({{"apiVersion", "admission.k8s.io/v1"},
                   {"kind", "AdmissionReview"},
                   {"response", std::move(response)}});
}

}  // namespace landwaiter::webhook
