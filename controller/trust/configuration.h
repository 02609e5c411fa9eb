// A webhook configuration as it stands in the API server: whether it is armed, and how it is told
// to be or not to be. Pure; armer.h and the commands do the calls.
#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace landwaiter::controller {

struct WebhookTemplate;

inline constexpr std::string_view kArmingManager = "landwaiter-arming";
/// Its presence on a configuration keeps every controller from arming it; the value is for people.
inline constexpr char kDisarmedAnnotation[] = "landwaiter.io/disarmed";

bool HasWebhooks(const nlohmann::json& object);
bool IsMarkedDisarmed(const nlohmann::json& object);
/// Every field of `wanted` stands in the object's webhooks of the same names; what the API server
/// or others have added besides does not matter.
bool IsArmedWith(const nlohmann::json& object, const nlohmann::json& wanted);

/// The namespace that the webhook runs in: when it goes, so does what it owns.
struct NamespaceOwner {
  std::string name;
  std::string uid;
};

/// For server-side apply, on the very state that was read.
nlohmann::json ArmingBody(const WebhookTemplate& configuration, const nlohmann::json& object,
                          const nlohmann::json& webhooks, const NamespaceOwner& owner);
/// Merge patches on the very state that was read.
nlohmann::json EmptyingPatch(const nlohmann::json& object);
nlohmann::json MarkingPatch(const nlohmann::json& object, const std::string& time);
nlohmann::json UnmarkingPatch(const nlohmann::json& object);

enum class ArmingAction { kNone, kApply, kEmpty };

struct ArmingFacts {
  bool marked_disarmed = false;
  bool armed = false;      // has webhooks
  bool as_wanted = false;  // those that it should have
  bool answers = false;    // the webhook, to a call as the API server makes it
  std::chrono::milliseconds silent_for{0};
};

/// `when_down`: nullopt keeps the webhooks, else they go when it has been silent for so long.
ArmingAction DecideArming(const ArmingFacts& facts,
                          std::optional<std::chrono::milliseconds> when_down);

}  // namespace landwaiter::controller
