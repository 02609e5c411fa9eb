#include "controller/runtime/falco_keeper.h"

#include <nlohmann/json.hpp>

#include "controller/names.h"
#include "lib/base/json.h"
#include "lib/base/log.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

/// A ConfigMap that somebody deleted or edited is made whole again after this long at the latest.
constexpr std::chrono::minutes kRepair{10};
/// Its own: it takes over what others wrote into it.
constexpr char kFalcoFieldManager[] = "landwaiter-falco";
constexpr char kReasonIncomplete[] = "FalcoRulesIncomplete";
constexpr char kReasonComplete[] = "FalcoRulesComplete";

}  // namespace

std::string FalcoConfigMapName(const std::string& name, std::size_t part) {
  return part == 0 ? name : name + "-" + std::to_string(part + 1);
}

json FalcoConfigMap(const std::string& ns, const std::string& name,
                    const std::vector<report::FalcoFile>& files) {
  json data = json::object();
  for (const auto& file : files) data[file.name] = file.text;
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata",
           {{"namespace", ns}, {"name", name}, {"labels", {{kManagedByLabel, kManagedBy}}}}},
          {"data", std::move(data)}};
}

FalcoKeeper::FalcoKeeper(Parts parts) : parts_(std::move(parts)) {
  if (parts_.metrics == nullptr) return;
  constexpr char kName[] = "landwaiter_falco_images";
  constexpr char kHelp[] = "Images in the rules for Falco; left out: those that found no room.";
  failing_ = &parts_.metrics->AddGauge(kName, kHelp, {{"listed", "failing"}});
  known_ = &parts_.metrics->AddGauge(kName, kHelp, {{"listed", "known"}});
  left_out_ = &parts_.metrics->AddGauge(kName, kHelp, {{"listed", "left_out"}});
  written_ = &parts_.metrics->AddCounter("landwaiter_falco_writes_total",
                                         "ConfigMaps of rules for Falco that were written.");
}

report::FalcoInput FalcoKeeper::Gather() const {
  Scans scans;
  for (auto& [key, record] : parts_.scans.List()) scans.push_back(std::move(record));
  NamespaceLabels namespaces;
  parts_.namespaces.ForEach([&](const std::string& name, const NamespaceRecord& record) {
    namespaces[name] = record.labels;
  });
  return FalcoFacts(parts_.policies(), scans, namespaces, parts_.clock.Now());
}

Outcome FalcoKeeper::Reconcile(const Cancellation& cancel) {
  if (forget_.exchange(false)) {
    kept_.clear();
    first_uid_.clear();
    told_ = false;
  }
  const auto rules = report::RenderFalcoRules(Gather(), parts_.limits);
  if (!rules) return {rules.error()};
  if (Status applied = Apply(*rules, cancel); !applied) {
    return {std::move(applied).error().Context("rules for Falco not written")};
  }
  TellOfRoom(*rules);
  if (failing_ != nullptr) {
    failing_->Set(static_cast<double>(rules->failing));
    known_->Set(static_cast<double>(rules->known));
    left_out_->Set(static_cast<double>(rules->left_out));
  }
  return {Ok(), std::chrono::milliseconds(kRepair)};
}

Status FalcoKeeper::Apply(const report::FalcoRules& rules, const Cancellation& cancel) {
  // The lists before the rules that name them, and what is no longer named after those.
  for (std::size_t part = rules.parts.size(); part-- > 0;) {
    const std::string name = FalcoConfigMapName(parts_.name, part);
    if (Status done = ApplyPart(name, rules.parts[part], cancel); !done) return done;
  }
  for (std::size_t part = rules.parts.size(); part < report::kMaxFalcoParts; ++part) {
    const std::string name = FalcoConfigMapName(parts_.name, part);
    const auto kept = kept_.find(name);
    if (kept != kept_.end() && kept->second.empty()) continue;
    Status gone = parts_.api.Delete(kConfigMaps, {parts_.ns, name}, {}, cancel);
    if (!gone && gone.error().code != Code::kNotFound) return gone;
    kept_[name].clear();
  }
  return Ok();
}

Status FalcoKeeper::ApplyPart(const std::string& name, const std::vector<report::FalcoFile>& files,
                              const Cancellation& cancel) {
  const json object = FalcoConfigMap(parts_.ns, name, files);
  const std::string digest = Sha256::Of(DumpJson(object)).ToString();
  auto& kept = kept_[name];
  if (kept == digest) {
    // Whole as it was written, or written again.
    auto stands = parts_.api.Get(kConfigMaps, {parts_.ns, name}, cancel);
    if (!stands && stands.error().code != Code::kNotFound) return std::move(stands).error();
    if (stands && stands->value("data", json::object()) == object["data"]) return Ok();
  }
  kept.clear();
  auto applied = parts_.api.Patch(
      kConfigMaps, {parts_.ns, name},
      {.type = kube::PatchType::kApply, .field_manager = kFalcoFieldManager, .force = true}, object,
      cancel);
  if (!applied) return std::move(applied).error();
  kept = digest;
  if (written_ != nullptr) written_->Add();
  if (name == parts_.name) {
    const auto metadata = applied->find("metadata");
    if (metadata != applied->end()) first_uid_ = metadata->value("uid", "");
  }
  return Ok();
}

void FalcoKeeper::TellOfRoom(const report::FalcoRules& rules) {
  const bool incomplete = rules.left_out > 0;
  if (incomplete == told_) return;
  told_ = incomplete;
  const kube::EventTarget target{"v1", "ConfigMap", parts_.ns, parts_.name, first_uid_};
  if (!incomplete) {
    parts_.events.Record(target, kube::EventType::kNormal, kReasonComplete,
                         "every image is in the lists again");
    return;
  }
  const std::string message =
      std::to_string(rules.left_out) + " images found no room in " +
      std::to_string(parts_.limits.parts) + " ConfigMaps, " +
      std::to_string(rules.failing_left_out) +
      " of them fail: those that fail worst are listed, and nothing is said of images that were "
      "never scanned";
  log::Warn("rules for Falco are incomplete",
            {{"left_out", rules.left_out}, {"failing_left_out", rules.failing_left_out}});
  parts_.events.Record(target, kube::EventType::kWarning, kReasonIncomplete, message);
}

}  // namespace landwaiter::controller
