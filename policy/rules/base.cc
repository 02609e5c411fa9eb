// The `base` rule: what an image is built on, recognised by its layers (model/base_image.h,
// docs/adr/0027). Labels and annotations that name a base are its builder's word and decide
// nothing. An entry of the rule that nobody could recognise decides nothing either: the rule is
// Unknown where that entry might have turned it.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/text.h"
#include "policy/image_pattern.h"
#include "policy/kinds.h"
#include "policy/rules/base_rule.h"
#include "policy/schema_rules.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

constexpr std::string_view kCountOrIgnore[] = {"Count", "Ignore"};
constexpr std::size_t kMaxBases = 64;

/// A digest, alone or behind the name that it was taken from, or a pattern over names.
struct Entry {
  std::string text;
  std::optional<Digest> digest = {};  // where it is set the name says nothing
};

struct BaseRule : RuleBody {
  std::vector<Entry> denied;
  std::optional<std::vector<Entry>> allowed;
  bool unknown_counts = false;
};

Entry ReadEntry(const std::string& text) {
  const auto at = text.rfind('@');
  const auto digest = Digest::Parse(at == std::string::npos ? text : text.substr(at + 1));
  return digest ? Entry{text, *digest} : Entry{text};
}

Status CheckEntry(std::string_view text) {
  if (Digest::Parse(text)) return Ok();
  return CheckImagePattern(text);
}

constexpr Field kBaseFields[] = {
    {.name = "allowed",
     .type = FieldType::kTexts,
     .help = "Fires when the image is built on none of these, and is none of them: digests, or "
             "patterns over the names under which RegistryWatches (or landwaiter scan --base) have "
             "them, as match.images. Cannot be decided while nothing is known by an entry.",
     .max_items = kMaxBases,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckEntry},
    {.name = "denied",
     .type = FieldType::kTexts,
     .help = "Fires when the image is built on one of these, or is one: the same.",
     .max_items = kMaxBases,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckEntry},
    {.name = "unknown",
     .type = FieldType::kText,
     .help = "Count: fires when nothing that a RegistryWatch holds is below the image, and neither "
             "is anything that the rule names. Ignore where this is left out; allowed is not met "
             "by what is unknown either way.",
     .values = kCountOrIgnore},
};
constexpr ObjectSchema kBase = {.fields = kBaseFields, .min_fields = 1};

bool NameIs(const Entry& entry, std::string_view name) {
  if (entry.digest || name.empty()) return false;
  const auto reference = ImageReference::Parse(name);
  return reference && ImagePatternMatches(entry.text, *reference, WhenOpen::kDiffers);
}

bool Means(const Entry& entry, const BaseImage& base) {
  if (entry.digest) return *entry.digest == base.digest || *entry.digest == base.image;
  return NameIs(entry, base.name);
}

const BaseImage* FirstMeant(const std::vector<Entry>& entries,
                            const std::vector<BaseImage>& bases) {
  const auto found = std::find_if(bases.begin(), bases.end(), [&](const BaseImage& base) {
    return std::any_of(entries.begin(), entries.end(),
                       [&](const Entry& entry) { return Means(entry, base); });
  });
  return found == bases.end() ? nullptr : &*found;
}

/// Entries by which nothing is known: an image that is built on what they mean looks like any.
std::vector<std::string> Unrecognisable(const std::vector<Entry>& entries, const BaseBook& book) {
  std::vector<std::string> out;
  for (const Entry& entry : entries) {
    const bool known =
        entry.digest ? book.KnowsDigest(*entry.digest)
                     : book.KnowsName([&](std::string_view name) { return NameIs(entry, name); });
    if (!known) out.push_back(Shown(entry.text));
  }
  return out;
}

std::string Some(const std::vector<std::string>& list) {
  constexpr std::size_t kMost = 3;
  std::string some;
  for (std::size_t i = 0; i < list.size() && i < kMost; ++i) some += (i > 0 ? ", " : "") + list[i];
  if (list.size() > kMost) some += " and " + std::to_string(list.size() - kMost) + " more";
  return some;
}

std::string Named(const BaseImage& base) {
  return base.name.empty() ? base.digest.ToString() : Shown(base.name);
}

void Violate(RuleOutcome& outcome, std::string_view subject, std::string message) {
  Violation violation;
  violation.kind = "base";
  violation.subject = subject;
  violation.id = ViolationId(violation.kind, subject);
  violation.message = std::move(message);
  outcome.violations.push_back(std::move(violation));
}

void NotRecognised(const char* field, const std::vector<std::string>& entries,
                   RuleOutcome& outcome) {
  outcome.unknown.push_back(std::string(field) + ": no image is known by " + Some(entries) +
                            ", so what is built on it cannot be told");
}

void CheckDenied(const BaseRule& wanted, const std::vector<BaseImage>& under, const Digest& self,
                 const BaseBook& book, RuleOutcome& outcome) {
  if (const BaseImage* denied = FirstMeant(wanted.denied, under)) {
    const std::string name = Named(*denied);
    Violate(outcome, "denied " + name,
            (denied->digest == self ? "is " : "is built on ") + name +
                ", which is denied as a base image");
    return;
  }
  const auto open = Unrecognisable(wanted.denied, book);
  if (!open.empty()) NotRecognised("denied", open, outcome);
}

void CheckAllowed(const std::vector<Entry>& allowed, const BaseImage* known, const BaseBook& book,
                  RuleOutcome& outcome) {
  const auto open = Unrecognisable(allowed, book);
  if (!open.empty()) return NotRecognised("allowed", open, outcome);
  std::vector<std::string> entries;
  entries.reserve(allowed.size());
  for (const Entry& entry : allowed) entries.push_back(Shown(entry.text));
  Violate(outcome, "base image",
          (known != nullptr ? "is built on " + Named(*known) + ", which is not"
                            : std::string("is not built on one")) +
              " among the base images allowed (" + Some(entries) + ")");
}

std::shared_ptr<const RuleBody> Read(const json& value, const std::string& path,
                                     Complaints& complaints) {
  BaseRule read;
  for (const std::string& text : Texts(value, "denied")) read.denied.push_back(ReadEntry(text));
  if (value.contains("allowed")) {
    auto& allowed = read.allowed.emplace();
    for (const std::string& text : Texts(value, "allowed")) allowed.push_back(ReadEntry(text));
  }
  read.unknown_counts = value.value("unknown", "Ignore") == "Count";
  if (read.denied.empty() && !read.allowed && !read.unknown_counts) {
    complaints.Add(path, "asks nothing: write at least one of allowed, denied and unknown: Count");
  }
  return std::make_shared<const BaseRule>(std::move(read));
}

RuleOutcome Evaluate(const Rule& rule, const Facts& facts) {
  const auto& wanted = As<BaseRule>(rule);
  RuleOutcome outcome;
  outcome.unknown = CoverageGaps(*facts.platform, Need::kConfig);
  if (facts.bases == nullptr) outcome.unknown.emplace_back(kNoBases);
  if (!outcome.unknown.empty()) return outcome;
  const Inventory& image = *facts.platform->inventory;
  const auto under = facts.bases->Under(image);
  if (!wanted.denied.empty()) {
    CheckDenied(wanted, under, image.manifest_digest, *facts.bases, outcome);
  }
  const BaseImage* known = KnownBaseOf(under, image);
  const BaseImage* allowed = wanted.allowed ? FirstMeant(*wanted.allowed, under) : nullptr;
  if (wanted.allowed && allowed == nullptr) {
    CheckAllowed(*wanted.allowed, known, *facts.bases, outcome);
  }
  const bool named =
      known != nullptr || allowed != nullptr || FirstMeant(wanted.denied, under) != nullptr;
  if (wanted.unknown_counts && !named) {
    Violate(outcome, "unknown base image", "its base image is not known");
  }
  return outcome;
}

void Asks(const RuleBody& /*body*/, std::set<Fact>& facts) { facts.insert(Fact::kBases); }

}  // namespace

const BaseImage* KnownBaseOf(const std::vector<BaseImage>& under, const Inventory& image) {
  const auto found = std::find_if(under.begin(), under.end(), [&](const BaseImage& base) {
    return !base.name.empty() && base.digest != image.manifest_digest;
  });
  return found == under.end() ? nullptr : &*found;
}

extern constinit const RuleKind kBaseKind = {
    .name = "base",
    .help =
        "Demands on what the image is built on, which is told by its layers; each broken one "
        "is a violation.",
    .schema = &kBase,
    .read = Read,
    .evaluate = Evaluate,
    .asks = Asks,
};

}  // namespace landwaiter::policy
