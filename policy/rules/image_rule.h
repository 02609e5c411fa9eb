// What an `image` rule asks. Inside this folder only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/facts.h"
#include "policy/formats.h"
#include "policy/policy.h"

namespace landwaiter::policy {

/// A glob over a name and one over its value: of a label, or of an environment variable.
struct NameAndValue {
  std::string name;
  std::string value = "**";
};

enum class InstructionOp { kExists, kMissing, kMatches, kDiffers };

struct InstructionDemand {
  std::string name;  // of kInstructions
  InstructionOp op = InstructionOp::kExists;
  std::string value;  // glob, of kMatches and kDiffers
};

/// Each field is a demand of its own: each broken one is a violation.
struct ImageRule : RuleBody {
  bool runs_as_root = false;
  std::vector<std::string> denied_users;  // names or uids
  std::vector<PortRange> denied_ports;
  std::optional<std::vector<PortRange>> allowed_ports;  // empty list: none may be exposed
  std::vector<NameAndValue> required_labels;            // name is no glob
  std::vector<NameAndValue> denied_env;
  std::vector<std::string> denied_volumes;  // globs
  std::vector<InstructionDemand> instructions;
  bool healthcheck_required = false;
  std::optional<std::chrono::milliseconds> max_age;
  bool missing_age_counts = true;
  std::optional<std::uint64_t> max_size_bytes;
  std::optional<std::uint64_t> max_layers;
  std::optional<std::uint64_t> max_layers_from_unknown_base;
  std::vector<std::string> platforms;  // globs over os/architecture[/variant]
};

/// A violation of this kind.
void ViolateImage(RuleOutcome& outcome, std::string_view subject, std::string message);

/// The demands on the configuration's parts; on the history; on the image as a whole. `facts`: of a
/// platform whose configuration was read.
void CheckRoot(const ImageConfig& config, RuleOutcome& outcome);
/// A denied name against a numeric user, or the other way, is open unless the uid decides it.
void CheckDeniedUsers(const std::vector<std::string>& denied, const ImageConfig& config,
                      RuleOutcome& outcome);
void CheckPorts(const ImageRule& wanted, const ImageConfig& config, RuleOutcome& outcome);
void CheckLabels(const ImageRule& wanted, const ImageConfig& config, RuleOutcome& outcome);
void CheckEnvironment(const ImageRule& wanted, const ImageConfig& config, RuleOutcome& outcome);
void CheckInstructions(const ImageRule& wanted, const Inventory& image, RuleOutcome& outcome);
void CheckWhole(const ImageRule& wanted, const Facts& facts, RuleOutcome& outcome);

}  // namespace landwaiter::policy
