// YAML by yaml-cpp's event reader (no node graph, so that an alias can be refused the moment it is
// seen). Plain scalars are typed as YAML 1.2's core schema does and as the Kubernetes API wants
// them; those on which YAML 1.1 readers, kubectl among them, differ are errors, never guesses.
// Not handled: tags other than !!str, merge keys, keys that are not scalars.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "lib/base/text.h"
#include "policy/policy.h"
#include "policy/text_input.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

struct Stop {
  Error error;
};

std::string Line(const YAML::Mark& mark) { return "line " + std::to_string(mark.line + 1); }

[[noreturn]] void Refuse(const YAML::Mark& mark, std::string_view what) {
  throw Stop{InvalidArgument(Line(mark) + ": " + std::string(what))};
}

bool AllDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// What a YAML 1.1 reader takes for a boolean and a YAML 1.2 reader for text.
bool IsOldBoolean(std::string_view text) {
  constexpr std::string_view kWords[] = {"y", "n", "yes", "no", "on", "off"};
  const std::string lower = text::ToLower(text);
  return text.size() <= 3 &&
         std::find(std::begin(kWords), std::end(kWords), lower) != std::end(kWords);
}

/// 0123 (octal or decimal), 1_000, 0x1F, 0o17, 0b1: numbers to some readers, text to others.
bool IsOddNumber(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  if (text.size() < 2 || text.front() < '0' || text.front() > '9') return false;
  const auto only = [&](std::string_view rest, std::string_view allowed) {
    return !rest.empty() && rest.find_first_not_of(allowed) == std::string_view::npos;
  };
  if (text.starts_with("0x")) return only(text.substr(2), "0123456789abcdefABCDEF_");
  if (text.starts_with("0o")) return only(text.substr(2), "01234567_");
  if (text.starts_with("0b")) return only(text.substr(2), "01_");
  if (text.front() == '0' && AllDigits(text)) return true;
  return text.find('_') != std::string_view::npos && only(text, "0123456789_.");
}

/// A decimal number of YAML's core schema; null where it is none.
json Number(std::string_view text) {
  std::string_view digits = text;
  if (!digits.empty() && (digits.front() == '-' || digits.front() == '+')) digits.remove_prefix(1);
  if (digits.empty() || text.size() > 40) return nullptr;
  const char* const first = text.data() + (text.front() == '+' ? 1 : 0);
  const char* const last = text.data() + text.size();
  if (AllDigits(digits)) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(first, last, value);
    if (error == std::errc() && end == last) return value;
  }
  const bool starts = (digits.front() >= '0' && digits.front() <= '9') ||
                      (digits.front() == '.' && digits.size() > 1);
  if (!starts || digits.find_first_not_of("0123456789.eE+-") != std::string_view::npos) {
    return nullptr;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(first, last, value);
  if (error == std::errc() && end == last) return value;
  return nullptr;
}

json PlainScalar(const YAML::Mark& mark, const std::string& text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  const std::string shown = "'" + text::Printable(text::Truncate(text, 40)) + "'";
  if (IsOldBoolean(text)) {
    Refuse(mark, shown +
                     " is true or false to some readers of YAML and text to others: write "
                     "true or false, or put it in quotes");
  }
  if (IsOddNumber(text)) {
    Refuse(mark, shown +
                     " is read as different numbers by different readers of YAML: write it in "
                     "plain decimal digits, or put it in quotes");
  }
  json number = Number(text);
  if (!number.is_null()) return number;
  return text;
}

/// Builds JSON values from events; throws Stop on what is refused.
class Builder final : public YAML::EventHandler {
 public:
  const std::vector<json>& documents() const { return documents_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    // Where a text goes on with what nothing can begin with (","), yaml-cpp gives an empty document
    // from there without end.
    if (mark.pos <= last_start_) Refuse(mark, "nothing can begin like that");
    last_start_ = mark.pos;
    stack_.clear();
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Add(mark, anchor, nullptr);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    Refuse(mark, "an alias ('*name') is refused, write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (tag == "?" || tag.empty()) return Add(mark, anchor, PlainScalar(mark, value));
    if (tag != "!" && tag != "tag:yaml.org,2002:str") RefuseTag(mark, tag);
    Add(mark, anchor, value);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, json::array());
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, json::object());
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Level {
    json value;
    std::string key;
    bool has_key = false;
  };

  [[noreturn]] static void RefuseTag(const YAML::Mark& mark, const std::string& tag) {
    Refuse(mark, "the tag '" + text::Printable(text::Truncate(tag, 60)) + "' is refused");
  }

  void Open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, json empty) {
    if (anchor != YAML::NullAnchor) Refuse(mark, "an anchor ('&name') is refused");
    if (tag != "?" && !tag.empty()) RefuseTag(mark, tag);
    if (!stack_.empty() && stack_.back().value.is_object() && !stack_.back().has_key) {
      Refuse(mark, "a key must be text");
    }
    if (stack_.size() >= kMaxPolicyDepth) {
      throw Stop{ResourceExhausted(Line(mark) + ": policy is nested deeper than " +
                                   std::to_string(kMaxPolicyDepth) + " levels")};
    }
    stack_.push_back({std::move(empty), {}, false});
  }

  void Close() {
    json value = std::move(stack_.back().value);
    stack_.pop_back();
    Put(std::move(value));
  }

  void Add(const YAML::Mark& mark, YAML::anchor_t anchor, json value) {
    if (anchor != YAML::NullAnchor) Refuse(mark, "an anchor ('&name') is refused");
    if (!stack_.empty() && stack_.back().value.is_object() && !stack_.back().has_key) {
      if (!value.is_string()) Refuse(mark, "a key must be text, put it in quotes");
      Level& level = stack_.back();
      level.key = value.get<std::string>();
      if (level.value.contains(level.key)) {
        Refuse(mark, "the field '" + text::Printable(text::Truncate(level.key, 80)) +
                         "' stands twice in one object");
      }
      level.has_key = true;
      return;
    }
    Put(std::move(value));
  }

  void Put(json value) {
    if (stack_.empty()) {
      if (!value.is_null()) documents_.push_back(std::move(value));
      return;
    }
    Level& level = stack_.back();
    if (level.value.is_array()) {
      level.value.push_back(std::move(value));
    } else {
      level.value[level.key] = std::move(value);
      level.has_key = false;
    }
  }

  std::vector<Level> stack_;
  std::vector<json> documents_;
  int last_start_ = -1;  // in bytes from the text's begin
};

}  // namespace

Result<std::vector<json>> ReadYaml(std::string_view text) {
  if (text.size() > kMaxYamlBytes) {
    return ResourceExhausted("policy file has " + std::to_string(text.size()) + " bytes, at most " +
                             std::to_string(kMaxYamlBytes) + " are read");
  }
  Builder builder;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop& stop) {
    return stop.error;
  } catch (const YAML::Exception& error) {
    return InvalidArgument("line " + std::to_string(error.mark.line + 1) +
                           ": not YAML: " + text::Printable(text::Truncate(error.msg, 160)));
  }
  return builder.documents();
}

}  // namespace landwaiter::policy
