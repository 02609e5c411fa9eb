// Pods and reviews for the webhook's tests, by builders with modifiers.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/admission/builders.h"

namespace landwaiter::webhook::testing {

using namespace admission::testing;

/// A Pod of one container an image, named c0, c1, …
inline json APod(const std::vector<std::string>& images) {
  json containers = json::array();
  for (const auto& image : images) {
    containers.push_back({{"name", "c" + std::to_string(containers.size())}, {"image", image}});
  }
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", {{"name", "web"}, {"namespace", "shop"}}},
          {"spec", {{"containers", containers}, {"serviceAccountName", "default"}}}};
}

class AReview {
 public:
  explicit AReview(json object = APod({kImage})) {
    review_ = {
        {"apiVersion", "admission.k8s.io/v1"},
        {"kind", "AdmissionReview"},
        {"request",
         {{"uid", "uid-1"},
          {"operation", "CREATE"},
          {"kind", {{"group", ""}, {"version", "v1"}, {"kind", "Pod"}}},
          {"resource", {{"group", ""}, {"version", "v1"}, {"resource", "pods"}}},
          {"namespace", "shop"},
          {"userInfo", {{"username", "alice"}, {"groups", json::array({"system:authenticated"})}}},
          {"object", std::move(object)},
          {"oldObject", nullptr},
          {"dryRun", false}}}};
  }
  AReview& With(const std::string& field, json value) {
    review_["request"][field] = std::move(value);
    return *this;
  }
  AReview& Update(json old_object) {
    return With("operation", "UPDATE").With("oldObject", std::move(old_object));
  }
  AReview& Kind(const std::string& group, const std::string& kind) {
    return With("kind", {{"group", group}, {"version", "v1"}, {"kind", kind}});
  }
  AReview& By(const std::string& user, const std::vector<std::string>& groups) {
    return With("userInfo", {{"username", user}, {"groups", groups}});
  }
  json& Json() { return review_; }
  std::string Text() const { return review_.dump(); }

 private:
  json review_;
};

}  // namespace landwaiter::webhook::testing
