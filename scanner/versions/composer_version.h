// A version as Composer reads it (composer/semver, VersionParser). Inside this room only.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace landwaiter::versions {

/// What may stand behind the numbers: "-beta2", "RC.1", "-dev", ".x-dev".
struct ComposerModifier {
  std::string stability;    // "alpha", "beta", "RC", "patch", "stable", "" for none
  std::string_view number;  // "2", "1.3", without a leading separator
  bool dev = false;

  bool Empty() const { return stability.empty() && !dev; }
};

/// "v1.2-beta2" in parts, as the constraints "~", "^" and "-" read it.
struct ComposerParts {
  std::array<std::string_view, 4> numbers = {};  // "" for those not written
  std::size_t count = 0;
  ComposerModifier modifier;
  bool wildcard_dev = false;  // "1.x-dev"
};

/// "v" and one number to four; taken off `rest`. False where there is none.
bool TakeComposerNumbers(std::string_view& rest, ComposerParts& parts);
/// False where the text is no such version; build metadata may follow.
bool ReadComposerParts(std::string_view text, ComposerParts& parts);
/// Whether `text` is what may stand behind a version's hyphen, and nothing more.
bool ReadComposerModifier(std::string_view text, ComposerModifier& modifier);
/// VersionParser::normalize: "1.0beta2" -> "1.0.0.0-beta2", "2010-01-02" -> "2010.01.02",
/// "1.x-dev" -> "1.9999999.9999999.9999999-dev", "master" -> "dev-master". nullopt for no version.
std::optional<std::string> NormalizeComposer(std::string_view text);
/// "stable", "RC", "beta", "alpha" or "dev" behind an '@'; taken off `text`, the '@' too. "" where
/// there is none.
std::string TakeStabilityFlag(std::string_view& text);

}  // namespace landwaiter::versions
