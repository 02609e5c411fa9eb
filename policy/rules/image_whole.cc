// The `image` rule's demands on environment, volumes, history, age and size.
#include <algorithm>

#include "lib/base/text.h"
#include "policy/history.h"
#include "policy/rules/base_rule.h"
#include "policy/rules/image_rule.h"

namespace landwaiter::policy {
namespace {

/// Docker's first release: what says it is older says nothing (reproducible builds write 1970 or
/// 1980). Nor does what is to come, but for a clock that runs ahead.
constexpr std::string_view kFirstImages = "2013-03-13T00:00:00Z";
constexpr std::chrono::hours kClocksDiffer{24};

std::optional<TimePoint> CreatedAt(const ImageConfig& config, TimePoint now) {
  const auto created = ParseTime(config.created);
  if (!created || *created < *ParseTime(kFirstImages) || *created > now + kClocksDiffer) {
    return std::nullopt;
  }
  return *created;
}

void CheckAge(const ImageRule& wanted, const ImageConfig& config, TimePoint now,
              RuleOutcome& outcome) {
  const auto created = CreatedAt(config, now);
  if (!created) {
    if (!wanted.missing_age_counts) return;
    ViolateImage(outcome, "age",
                 "nobody knows how old it is: its time of creation is " +
                     (config.created.empty() ? "missing" : "'" + Shown(config.created) + "'"));
    return;
  }
  const TimePoint from = *created + *wanted.max_age;
  const std::string message = "is older than maxAge: it was created at " + FormatTime(*created);
  if (now >= from) {
    ViolateImage(outcome, "age", message);
  } else {
    outcome.due = ComesDue{from, message};
  }
}

bool Breaks(const InstructionDemand& demand, const Instruction& instruction) {
  switch (demand.op) {
    case InstructionOp::kExists:
      return true;
    case InstructionOp::kMissing:
      return false;
    case InstructionOp::kMatches:
      return text::GlobMatch(demand.value, instruction.value);
    case InstructionOp::kDiffers:
      return !text::GlobMatch(demand.value, instruction.value);
  }
  return false;
}

/// What an ENV or ARG sets may be a secret: a violation names it alone.
std::string ShownArgument(const Instruction& step) {
  if (step.name != "ENV" && step.name != "ARG") return Shown(step.value);
  return Shown(std::string_view(step.value).substr(0, step.value.find_first_of("= ")));
}

/// Why the history does not tell everything; "" where it does.
std::string HistoryGap(const Inventory& image, const std::vector<Instruction>& steps) {
  const auto& history = image.config.history;
  const auto layers = static_cast<std::size_t>(
      std::count_if(history.begin(), history.end(),
                    [](const HistoryEntry& entry) { return !entry.empty_layer; }));
  if (layers < image.layers.size() || history.empty()) {
    return "the history tells of " + std::to_string(layers) + " of " +
           std::to_string(image.layers.size()) + " layers";
  }
  const bool none = std::none_of(steps.begin(), steps.end(),
                                 [](const Instruction& step) { return !step.name.empty(); });
  return none ? "the history is not that of a Dockerfile" : "";
}

void CheckUnknownBase(std::uint64_t most, const Facts& facts, RuleOutcome& outcome) {
  const Inventory& image = *facts.platform->inventory;
  // Few enough, whatever they are.
  if (image.layers.size() <= most) return;
  if (facts.bases == nullptr) {
    outcome.unknown.push_back("maxLayersFromUnknownBase: " + std::string(kNoBases));
    return;
  }
  if (KnownBaseOf(facts.bases->Under(image), image) != nullptr) return;
  ViolateImage(outcome, "layers of an unknown base",
               "has " + std::to_string(image.layers.size()) +
                   " layers and its base image is not known, at most " + std::to_string(most) +
                   " are allowed then");
}

}  // namespace

void CheckEnvironment(const ImageRule& wanted, const ImageConfig& config, RuleOutcome& outcome) {
  for (const std::string& variable : config.env) {
    const std::string_view name = std::string_view(variable).substr(0, variable.find('='));
    const std::string_view value =
        std::string_view(variable).substr(std::min(name.size() + 1, variable.size()));
    const bool denied = std::any_of(
        wanted.denied_env.begin(), wanted.denied_env.end(), [&](const NameAndValue& denied_env) {
          return text::GlobMatch(denied_env.name, name) && text::GlobMatch(denied_env.value, value);
        });
    // Its value may be a secret: that is why it is denied.
    if (denied) {
      ViolateImage(outcome, "env " + Shown(name),
                   "environment variable " + Shown(name) + " is set, which is denied");
    }
  }
  for (const std::string& volume : config.volumes) {
    for (const std::string& pattern : wanted.denied_volumes) {
      if (!text::GlobMatch(pattern, volume)) continue;
      ViolateImage(outcome, "volume " + Shown(volume),
                   "volume " + Shown(volume) + " is declared, denied ('" + Shown(pattern) + "')");
      break;
    }
  }
}

void CheckInstructions(const ImageRule& wanted, const Inventory& image, RuleOutcome& outcome) {
  if (wanted.instructions.empty()) return;
  std::vector<Instruction> steps;
  for (const HistoryEntry& entry : image.config.history) {
    steps.push_back(ParseInstruction(entry.created_by));
  }
  const std::string gap = HistoryGap(image, steps);
  if (!gap.empty()) outcome.unknown.push_back("instructions: " + gap);
  for (const InstructionDemand& demand : wanted.instructions) {
    bool found = false;
    for (const Instruction& step : steps) {
      if (step.name != demand.name) continue;
      found = true;
      if (!Breaks(demand, step)) continue;
      const std::string said = ShownArgument(step);
      ViolateImage(
          outcome, "instruction " + demand.name + " " + said,
          demand.name + " " + said +
              (demand.op == InstructionOp::kDiffers ? ", expected '" + Shown(demand.value) + "'"
                                                    : ", which is denied"));
    }
    // What the history leaves out may have it.
    if (demand.op == InstructionOp::kMissing && !found && gap.empty()) {
      ViolateImage(outcome, "instruction " + demand.name,
                   "no " + demand.name + " is in the image's history");
    }
  }
}

void CheckWhole(const ImageRule& wanted, const Facts& facts, RuleOutcome& outcome) {
  const Inventory& image = *facts.platform->inventory;
  if (wanted.max_age) CheckAge(wanted, image.config, facts.now, outcome);
  if (wanted.max_size_bytes && image.size_bytes > *wanted.max_size_bytes) {
    ViolateImage(outcome, "size",
                 "has " + std::to_string(image.size_bytes) + " bytes (compressed), at most " +
                     std::to_string(*wanted.max_size_bytes) + " are allowed");
  }
  if (wanted.max_layers && image.layers.size() > *wanted.max_layers) {
    ViolateImage(outcome, "layers",
                 "has " + std::to_string(image.layers.size()) + " layers, at most " +
                     std::to_string(*wanted.max_layers) + " are allowed");
  }
  if (wanted.max_layers_from_unknown_base) {
    CheckUnknownBase(*wanted.max_layers_from_unknown_base, facts, outcome);
  }
  const std::string platform = image.platform.ToString();
  const auto allows = [&](const std::string& p) { return text::GlobMatch(p, platform); };
  if (!wanted.platforms.empty() &&
      std::none_of(wanted.platforms.begin(), wanted.platforms.end(), allows)) {
    ViolateImage(outcome, "platform " + Shown(platform),
                 "platform " + Shown(platform) + " is not among those allowed");
  }
}

}  // namespace landwaiter::policy
