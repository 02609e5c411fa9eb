#include "policy/exceptions.h"

#include <algorithm>

#include "lib/base/text.h"
#include "policy/evaluate.h"
#include "policy/facts.h"
#include "policy/image_pattern.h"

namespace landwaiter::policy {
namespace {

/// A reference that leaves a pattern's tag open does not match: an exception excuses what it names.
bool ImagesMatch(const PolicyException& exception, const std::vector<ImageReference>& references) {
  if (exception.images.empty()) return true;
  if (references.empty()) return false;
  return std::all_of(references.begin(), references.end(), [&](const ImageReference& reference) {
    return std::any_of(exception.images.begin(), exception.images.end(),
                       [&](const std::string& pattern) {
                         return ImagePatternMatches(pattern, reference, WhenOpen::kDiffers);
                       });
  });
}

bool NamespacesMatch(const PolicyException& exception, const std::vector<std::string>& namespaces) {
  if (exception.ns.empty()) return true;
  return !namespaces.empty() &&
         std::all_of(namespaces.begin(), namespaces.end(),
                     [&](const std::string& ns) { return ns == exception.ns; });
}

bool NamesRule(const PolicyException& exception, std::string_view rule) {
  return exception.rules.empty() ||
         std::find(exception.rules.begin(), exception.rules.end(), rule) != exception.rules.end();
}

bool NamesFinding(const PolicyException& exception, const Finding& finding) {
  if (exception.ids.empty()) return true;
  const auto is_named = [&](const std::string& id) {
    return std::any_of(exception.ids.begin(), exception.ids.end(),
                       [&](const std::string& named) { return text::EqualsIgnoreCase(named, id); });
  };
  return is_named(finding.id) ||
         std::any_of(finding.aliases.begin(), finding.aliases.end(), is_named);
}

bool NamesPackage(const PolicyException& exception, std::string_view name, std::string_view source,
                  std::string_view type) {
  return exception.packages.empty() ||
         std::any_of(exception.packages.begin(), exception.packages.end(),
                     [&](const std::string& pattern) {
                       return PackageNameMatches(pattern, name, type) ||
                              (!source.empty() && PackageNameMatches(pattern, source, type));
                     });
}

bool NamesPath(const PolicyException& exception, std::string_view path) {
  return exception.paths.empty() ||
         std::any_of(exception.paths.begin(), exception.paths.end(),
                     [&](const std::string& pattern) { return text::GlobMatch(pattern, path); });
}

/// What a bound keeps from being excused: worse ones, and those of which nobody knows how bad.
bool IsWithinBound(const PolicyException& exception, const Finding& finding) {
  return !exception.severity_at_most || (finding.severity != Severity::kUnknown &&
                                         finding.severity <= *exception.severity_at_most);
}

}  // namespace

std::vector<std::size_t> ExceptionsFor(const ScanPolicy& policy,
                                       const std::vector<ImageReference>& references,
                                       const std::vector<std::string>& namespaces) {
  std::vector<std::size_t> applicable;
  for (std::size_t i = 0; i < policy.exceptions.size(); ++i) {
    const PolicyException& exception = policy.exceptions[i];
    if (NamespacesMatch(exception, namespaces) && ImagesMatch(exception, references)) {
      applicable.push_back(i);
    }
  }
  return applicable;
}

ExceptionBook::ExceptionBook(const ScanPolicy& policy, const std::vector<std::size_t>& applicable,
                             TimePoint now, Mode mode)
    : mode_(mode) {
  for (const std::size_t index : applicable) {
    const PolicyException& exception = policy.exceptions[index];
    entries_.push_back(
        {&exception, index, now >= exception.until, IsEnding(exception, now), false});
  }
}

template <class Fits>
bool ExceptionBook::Excuses(std::string_view rule, Fits fits) {
  bool excused = false;
  for (Entry& entry : entries_) {
    if (!NamesRule(*entry.exception, rule) || !fits(*entry.exception)) continue;
    entry.met = true;
    if (!entry.expired) excused = true;
  }
  return excused && mode_ == Mode::kExcuse;
}

bool ExceptionBook::ExcusesRule(std::string_view rule) {
  return Excuses(rule, [](const PolicyException& exception) {
    return exception.ids.empty() && exception.packages.empty() && exception.paths.empty() &&
           !exception.rules.empty();
  });
}

bool ExceptionBook::ExcusesFinding(std::string_view rule, const Finding& finding) {
  return Excuses(rule, [&](const PolicyException& exception) {
    const bool names_something =
        !exception.ids.empty() || !exception.packages.empty() || !exception.paths.empty();
    return names_something && IsWithinBound(exception, finding) &&
           NamesFinding(exception, finding) && NamesPath(exception, finding.path) &&
           NamesPackage(exception, finding.package, finding.source_package, finding.package_type);
  });
}

bool ExceptionBook::ExcusesPackage(std::string_view rule, std::string_view package,
                                   std::string_view type, std::string_view path) {
  return Excuses(rule, [&](const PolicyException& exception) {
    return exception.ids.empty() && !exception.packages.empty() && NamesPath(exception, path) &&
           NamesPackage(exception, package, {}, type);
  });
}

bool ExceptionBook::ExcusesPath(std::string_view rule, std::string_view path) {
  return Excuses(rule, [&](const PolicyException& exception) {
    return exception.ids.empty() && exception.packages.empty() && !exception.paths.empty() &&
           NamesPath(exception, path);
  });
}

std::vector<std::string> ExceptionBook::Used() const {
  std::vector<std::string> used;
  for (const Entry& entry : entries_) {
    if (entry.met && !entry.expired) used.push_back(DescribeException(*entry.exception));
  }
  return used;
}

std::vector<std::size_t> ExceptionBook::UsedIndexes() const {
  std::vector<std::size_t> used;
  for (const Entry& entry : entries_) {
    if (entry.met && !entry.expired) used.push_back(entry.index);
  }
  return used;
}

std::vector<std::string> ExceptionBook::Ending() const {
  std::vector<std::string> ending;
  for (const Entry& entry : entries_) {
    if (!entry.met || !entry.ending) continue;
    ending.push_back(DescribeException(*entry.exception) + (entry.expired ? " (has ended)" : ""));
  }
  return ending;
}

bool IsEnding(const PolicyException& exception, TimePoint now) {
  return now >= exception.until - kAnnounceExpiry && now < exception.until + kAnnounceExpiry;
}

std::string DescribeException(const PolicyException& exception) {
  constexpr std::size_t kMaxNames = 3;
  std::vector<std::string> names;
  std::size_t all = 0;
  for (const auto* list :
       {&exception.ids, &exception.packages, &exception.paths, &exception.rules}) {
    // Of one from a namespace the rules are those that the policy lets it be about.
    if (list == &exception.rules && !exception.ns.empty() && all > 0) continue;
    for (const std::string& name : *list) {
      if (++all <= kMaxNames) names.push_back(Shown(name));
    }
  }
  std::string text = text::Join(names, ", ");
  if (all > kMaxNames) text += " and " + std::to_string(all - kMaxNames) + " more";
  text += " until " + Shown(exception.until_text) + ": " + Shown(exception.reason);
  if (!exception.approved_by.empty()) text += " (approved by " + Shown(exception.approved_by) + ")";
  if (exception.ns.empty()) return text;
  return "ScanException " +
         Shown(exception.key.substr(0, exception.key.find('/', exception.ns.size() + 1))) + ": " +
         text;
}

}  // namespace landwaiter::policy
