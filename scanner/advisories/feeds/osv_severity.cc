#include "scanner/advisories/feeds/osv_severity.h"

#include "lib/base/text.h"
#include "scanner/advisories/cvss.h"

namespace landwaiter::advisories {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxSeverities = 100;
constexpr std::size_t kMaxTypeBytes = 64;

int Rank(const StatedSeverity& stated) {
  if (stated.source.empty()) return 0;
  if (stated.source == "CVSS_V2") return 1;
  if (stated.source == "CVSS_V3") return 2;
  return stated.source == "CVSS_V4" ? 3 : 4;
}

}  // namespace

Severity SeverityOfWord(std::string_view word) {
  while (word.ends_with('*')) word.remove_suffix(1);
  if (text::EqualsIgnoreCase(word, "unimportant")) return Severity::kNegligible;
  return ParseSeverity(word).value_or(Severity::kUnknown);
}

Result<StatedSeverity> ReadSeverityArray(const dom::object& object, const FieldPath& path) {
  const auto array = OptionalArray(object, "severity", path, kMaxSeverities);
  if (!array) return array.error();
  StatedSeverity best;
  if (!array->has_value()) return best;
  const FieldPath list = path.Child("severity");
  std::size_t index = 0;
  for (const dom::element element : **array) {
    const FieldPath item = list.Item(index++);
    dom::object entry;
    if (element.get_object().get(entry) != simdjson::SUCCESS) {
      return WrongType(item, element, "an object");
    }
    const auto type = RequiredText(entry, "type", item, kMaxTypeBytes);
    if (!type) return type.error();
    const auto score = RequiredText(entry, "score", item, kMaxVectorBytes);
    if (!score) return score.error();
    StatedSeverity stated;
    if (type->starts_with("CVSS_")) {
      const auto computed = ScoreCvss(*score);
      if (!computed) {
        return InvalidArgument("field " + item.Child("score").ToString() + ": " +
                               computed.error().message);
      }
      stated.source = "CVSS_V" + std::to_string(computed->version);
      stated.severity = SeverityOfScore(computed->score);
      stated.score = computed->score;
      stated.vector = *score;
    } else if (SeverityOfWord(*score) != Severity::kUnknown) {
      stated.source = "OSV severity " + std::string(*type);
      stated.severity = SeverityOfWord(*score);
    }
    if (Rank(stated) > Rank(best)) best = Prefer(std::move(stated), best);
  }
  return best;
}

StatedSeverity ReadVendorWord(const dom::object& specific, std::string_view where) {
  for (const std::string_view name : {"severity", "urgency", "ubuntu_priority"}) {
    const auto word = LooseText(specific, name);
    if (!word) continue;
    const Severity severity = SeverityOfWord(*word);
    if (severity == Severity::kUnknown) continue;
    return {severity, "OSV " + std::string(where) + "." + std::string(name), {}, {}};
  }
  return {};
}

StatedSeverity Prefer(StatedSeverity word, const StatedSeverity& cvss) {
  if (word.severity == Severity::kUnknown) return cvss;
  if (!word.score) {
    word.score = cvss.score;
    word.vector = cvss.vector;
  }
  return word;
}

bool IsEndOfLife(const dom::object& specific) {
  return LooseText(specific, "urgency") == std::optional<std::string_view>("end-of-life");
}

}  // namespace landwaiter::advisories
