#include "controller/ensure_service.h"

#include <algorithm>
#include <exception>

#include "controller/plan.h"
#include "lib/base/log.h"

namespace landwaiter::controller {

EnsureService::EnsureService(Parts parts, EnsureOptions options)
    : parts_(std::move(parts)),
      options_(options),
      waiting_(options.max_waiting, options.PerNamespace()) {
  if (options_.metrics == nullptr) return;
  const char* name = "landwaiter_ensure_references_total";
  const char* help = "References that the webhook asked for, by result.";
  ensured_ = &options_.metrics->AddCounter(name, help, {{"result", "success"}});
  failed_ = &options_.metrics->AddCounter(name, help, {{"result", "error"}});
  refused_ = &options_.metrics->AddCounter(name, help, {{"result", "full"}});
  options_.metrics->AddCallback(
      "landwaiter_new_images_waiting", "New images that wait for their namespace's pace.", [this] {
        return static_cast<double>(new_images_.Waiting([this](const Digest& digest) {
          return parts_.scans.Get(resources::ScanName(digest)) != nullptr;
        }));
      });
}

void EnsureService::Start() {
  for (int i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { Run(stop); });
  }
}

void EnsureService::Stop() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
  waiting_.Clear();  // their responders answer 500, and the API server asks again
}

void EnsureService::Handle(http::ServerRequest&& request, http::Responder responder) {
  auto parsed = resources::EnsureRequestFromJson(request.body);
  if (!parsed) return responder(http::ErrorResponse(parsed.error()));
  auto batch = std::make_shared<Batch>();
  batch->left = parsed->references.size();
  batch->response.images.resize(batch->left);
  batch->request = std::move(*parsed);
  batch->deadline = std::chrono::steady_clock::now() + options_.timeout;
  if (batch->left == 0) {
    return responder({200, resources::ToJson(batch->response)});
  }
  batch->responder = std::move(responder);
  const std::size_t count = batch->left;
  std::vector<Task> tasks;
  for (std::size_t i = 0; i < count; ++i) tasks.push_back({batch, i});
  if (waiting_.TryPush(batch->request.ns, std::move(tasks))) return;
  if (refused_ != nullptr) refused_->Add(count);
  batch->responder(http::ErrorResponse(
      Error{Code::kUnavailable, "too many references are being resolved", "Overloaded"}));
}

void EnsureService::Run(const std::stop_token& stop) {
  while (auto taken = waiting_.Take(stop)) {
    const auto& [ns, task] = *taken;
    const Cancellation cancel{stop, task.batch->deadline};
    Finish(task, Ensure(task.batch->request, task.batch->request.references[task.index], cancel));
    waiting_.Done(ns);
  }
}

void EnsureService::Finish(const Task& task, resources::EnsuredImage image) {
  if (metrics::Counter* counter = image.error_reason.empty() ? ensured_ : failed_) counter->Add();
  bool last = false;
  {
    const std::lock_guard lock(task.batch->mutex);
    task.batch->response.images[task.index] = std::move(image);
    last = --task.batch->left == 0;
  }
  if (last) task.batch->responder({200, resources::ToJson(task.batch->response)});
}

resources::EnsuredImage EnsureService::Ensure(const resources::EnsureRequest& request,
                                              const std::string& reference,
                                              const Cancellation& cancel) {
  Result<resources::EnsuredImage> image = Internal("");
  try {
    image = Try(request, reference, cancel);
  } catch (const std::exception& error) {
    log::Error("ensure threw", {{"error", error.what()}});
    image = Internal("the reference could not be looked at");
  }
  if (image) {
    if (parts_.denied && !request.denied_owner.kind.empty()) {
      parts_.denied(image->scan, request.ns, request.denied_owner);
    }
    return std::move(*image);
  }
  resources::EnsuredImage failed{reference, "", ""};
  const Error& error = image.error();
  failed.error_reason = error.reason.empty() ? std::string(CodeName(error.code)) : error.reason;
  failed.error_message = error.message;
  return failed;
}

std::shared_ptr<const ScanRecord> EnsureService::Scanned(const Digest& digest) const {
  auto record = parts_.scans.Get(resources::ScanName(digest));
  const bool scanned = record && CanonicalDigest(record->scan) == digest &&
                       !record->scan.status.scanned_at.empty() && !record->scan.deleting;
  return scanned ? record : nullptr;
}

Result<resources::EnsuredImage> EnsureService::Try(const resources::EnsureRequest& request,
                                                   const std::string& reference,
                                                   const Cancellation& cancel) {
  auto image = ImageReference::Parse(reference);
  if (!image) return std::move(image).error().WithReason("InvalidReference");
  if (cancel.Expired()) {
    return Error{Code::kDeadlineExceeded, "no time was left to resolve " + image->ToString(),
                 "DeadlineExceeded"};
  }
  if (image->digest) {
    // Scanned already: nothing to resolve, nothing to create, no secret to read.
    if (const auto record = Scanned(*image->digest)) {
      parts_.judge_now(record->scan, cancel);
      return resources::EnsuredImage{reference, image->digest->ToString(), record->scan.name};
    }
  }
  auto secrets = parts_.credentials.SecretsOfPod(request.ns, request.service_account,
                                                 request.pull_secrets, cancel);
  if (!secrets) return std::move(secrets).error();
  auto credentials = parts_.credentials.For(*image, *secrets, cancel);
  if (!credentials) return std::move(credentials).error();
  auto digest = parts_.resolver.Resolve(*image, credentials->credentials, cancel);
  if (!digest) return std::move(digest).error();
  const bool is_new = !parts_.scans.Get(resources::ScanName(*digest));
  if (is_new) {
    if (auto taken = new_images_.Take(request.ns, *digest); !taken) return std::move(taken).error();
  }
  auto name = parts_.maker.Ensure({.digest = *digest,
                                   .reference = *image,
                                   .ns = request.ns,
                                   .secrets = std::move(credentials->secrets),
                                   .asker = Asker::kAdmission},
                                  cancel);
  if (!name) {
    if (is_new) new_images_.GiveBack(request.ns, *digest);
    return std::move(name).error();
  }
  if (const auto record = Scanned(*digest)) parts_.judge_now(record->scan, cancel);
  return resources::EnsuredImage{reference, digest->ToString(), std::move(*name)};
}

}  // namespace landwaiter::controller
