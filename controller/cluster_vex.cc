#include "controller/cluster_vex.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/text.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

constexpr kube::Resource kConfigMaps{"", "v1", "configmaps", "ConfigMap", true};

kube::ReflectorOptions Labelled(const std::string& ns) {
  kube::ReflectorOptions options;
  options.resource = kConfigMaps;
  options.ns = ns;
  options.label_selector = std::string(kVexLabel) + "=true";
  return options;
}

/// By digests alone: the names in an ImageScan are what those say who may create pods or
/// ImageScans, and a statement about one team's repository must not excuse another's bytes.
matching::VexImage ImageOf(const StoredImage& image, const Inventory& platform) {
  return {{image.inventory.digest, platform.manifest_digest, platform.image_id}, {}};
}

}  // namespace

Result<VexRecord> ProjectVex(const json& config_map) {
  VexRecord record;
  static const json::json_pointer kUid("/metadata/uid");
  if (config_map.contains(kUid) && config_map[kUid].is_string()) {
    record.uid = config_map[kUid].get<std::string>();
  }
  const std::string name = kube::KeyOf(config_map).name;
  const auto data = config_map.find("data");
  if (data == config_map.end() || !data->is_object()) {
    record.errors.push_back("data is empty: each key is to hold one VEX document");
    return record;
  }
  for (const auto& [key, value] : data->items()) {
    if (!value.is_string()) continue;
    std::string source = "ConfigMap ";
    source.append(name).append(", ").append(key);
    auto document = matching::ParseVex(value.get_ref<const std::string&>(), source);
    if (document) {
      record.documents.push_back(*std::move(document));
    } else {
      record.errors.push_back(text::Printable(key) + ": " + document.error().message);
    }
  }
  return record;
}

ClusterVex::ClusterVex(kube::Api& api, const std::string& ns, kube::EventRecorder& events,
                       std::function<bool()> leads, std::function<void()> changed)
    : events_(events),
      leads_(std::move(leads)),
      changed_(std::move(changed)),
      informer_(api, Labelled(ns), ProjectVex) {
  informer_.AddHandler([this](const auto& change) { OnChange(change); });
}

void ClusterVex::OnChange(const Informer::Change& change) {
  {
    const std::lock_guard lock(mutex_);
    book_.reset();
  }
  if (change.after) {
    for (const std::string& error : change.after->errors) {
      log::Warn("VEX document cannot be read",
                {{"configmap", change.key.ToString()}, {"error", error}});
    }
    if (!change.after->errors.empty() && leads_()) {
      events_.Record({"v1", "ConfigMap", change.key.ns, change.key.name, change.after->uid},
                     kube::EventType::kWarning, "InvalidVex",
                     text::Join(change.after->errors, "; "));
    }
  }
  changed_();
}

std::shared_ptr<const matching::VexBook> ClusterVex::Book() const {
  const std::lock_guard lock(mutex_);
  if (book_ != nullptr) return book_;
  auto book = std::make_shared<matching::VexBook>();
  auto records = informer_.List();
  // Of statements of one time the last that is added counts: the same whatever the order of events.
  std::sort(records.begin(), records.end(),
            [](const auto& a, const auto& b) { return a.first.ToString() < b.first.ToString(); });
  for (const auto& [key, record] : records) {
    for (const matching::VexDocument& document : record->documents) book->Add(document);
  }
  book_ = std::move(book);
  return book_;
}

std::uint64_t ClusterVex::Apply(StoredImage& image) const {
  if (!image.match) return 0;
  const auto book = Book();
  if (book->empty()) return 0;
  std::uint64_t suppressed = 0;
  const auto& platforms = image.inventory.platforms;
  for (std::size_t i = 0; i < image.match->platforms.size() && i < platforms.size(); ++i) {
    suppressed +=
        matching::ApplyVex(*book, ImageOf(image, platforms[i]), image.match->platforms[i].findings)
            .size();
  }
  return suppressed;
}

}  // namespace landwaiter::controller
