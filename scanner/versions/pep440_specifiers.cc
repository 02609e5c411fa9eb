// Version specifiers of PEP 440 ("Version specifiers"), pre-releases always admitted, since an
// installed version is asked about: ~= == != <= >= < > ===, comma for "and", ".*" behind == and !=.
//
// A local version counts only where the specifier has one. ">V" leaves out V's post-releases, "<V"
// V's pre-releases, as that section says. What is no PEP 440 version satisfies only "===".
#include "lib/base/text.h"
#include "scanner/versions/orders.h"
#include "scanner/versions/pep440.h"

namespace landwaiter::versions {
namespace {

struct Specifier {
  std::string_view op;
  bool prefix = false;  // ".*"
  Pep440Version version;
  std::string_view text;  // of ===
};

// The whole specifier, or what is wrong with it.
std::string_view ParseSpecifier(std::string_view text, Specifier& out) {
  for (const std::string_view op : {"===", "~=", "==", "!=", "<=", ">=", "<", ">"}) {
    if (!text.starts_with(op)) continue;
    out.op = op;
    break;
  }
  if (out.op.empty()) return "a specifier has no operator";
  out.text = text::Trim(text.substr(out.op.size()));
  if (out.op == "===") {
    return out.text.find_first_of(" \t;)") == out.text.npos ? "" : "=== has more than one word";
  }
  std::string_view version = out.text;
  if (version.ends_with(".*") && (out.op == "==" || out.op == "!=")) {
    out.prefix = true;
    version.remove_suffix(2);
  }
  auto parsed = ParsePep440(version);
  if (!parsed) return "a specifier's version is none of PEP 440";
  out.version = std::move(*parsed);
  const Pep440Version& v = out.version;
  const bool suffixed = v.IsPrerelease() || v.post || !v.local.empty();
  if (out.prefix && suffixed) return "\".*\" stands behind more than a release";
  if (!v.local.empty() && out.op != "==" && out.op != "!=")
    return "a local version cannot be ordered";
  if (out.op == "~=" && v.release.size() < 2) return "~= needs two numbers";
  return "";
}

bool HasPrefix(const Pep440Version& version, const Pep440Version& prefix, std::size_t count) {
  if (CompareNumbers(version.epoch, prefix.epoch) != 0) return false;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view number =
        i < version.release.size() ? std::string_view(version.release[i]) : "";
    if (CompareNumbers(number, prefix.release[i]) != 0) return false;
  }
  return true;
}

bool IsGreater(const Pep440Version& version, const Pep440Version& limit) {
  if (ComparePep440Versions(version, limit, Local::kIgnore) <= 0) return false;
  if (limit.post || limit.dev || !version.post) return true;
  // A post-release of the limit itself does not count as greater.
  return ComparePep440Releases(version, limit) != 0 ||
         CompareNumbers(version.epoch, limit.epoch) != 0 || version.pre_label != limit.pre_label ||
         CompareNumbers(version.pre, limit.pre) != 0;
}

bool IsLess(const Pep440Version& version, const Pep440Version& limit) {
  Pep440Version bound = limit;
  if (!limit.IsPrerelease()) bound.dev = "0";  // its own pre-releases do not count as less
  return ComparePep440Versions(version, bound, Local::kCount) < 0;
}

bool Holds(const Specifier& specifier, const Pep440Version& version) {
  const Pep440Version& limit = specifier.version;
  const std::string_view op = specifier.op;
  if (specifier.prefix) {
    return HasPrefix(version, limit, limit.release.size()) == (op == "==");
  }
  const Local local = limit.local.empty() ? Local::kIgnore : Local::kCount;
  if (op == "==") return ComparePep440Versions(version, limit, local) == 0;
  if (op == "!=") return ComparePep440Versions(version, limit, local) != 0;
  if (op == "<") return IsLess(version, limit);
  if (op == ">") return IsGreater(version, limit);
  const int order = ComparePep440Versions(version, limit, Local::kIgnore);
  if (op == "<=") return order <= 0;
  if (op == "~=" && !HasPrefix(version, limit, limit.release.size() - 1)) return false;
  return order >= 0;
}

}  // namespace

Result<bool> SatisfiesPep440(Scheme scheme, std::string_view range, std::string_view version,
                             const RangeOptions& /*options*/) {
  const auto parsed = ParsePep440(version);
  bool all = true;
  bool arbitrary = false;
  for (const std::string_view part : text::Split(range, ',')) {
    const std::string_view trimmed = text::Trim(part);
    if (trimmed.empty()) continue;
    Specifier specifier;
    if (const auto wrong = ParseSpecifier(trimmed, specifier); !wrong.empty()) {
      return BadRange(scheme, range, wrong);
    }
    if (specifier.op == "===") {
      arbitrary = true;
      all = all && text::EqualsIgnoreCase(specifier.text, text::Trim(version));
    } else {
      all = all && parsed && Holds(specifier, *parsed);
    }
  }
  return all && (parsed || arbitrary);
}

}  // namespace landwaiter::versions
