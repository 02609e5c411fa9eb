#include "scanner/advisories/cvss.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "lib/base/text.h"
#include "scanner/advisories/cvss_metrics.h"

namespace landwaiter::advisories {
namespace {

constexpr CvssMetric kMetrics2[] = {
    {"AV", "L A N", true}, {"AC", "H M L", true},     {"Au", "M S N", true}, {"C", "N P C", true},
    {"I", "N P C", true},  {"A", "N P C", true},      {"E", "U POC F H ND"}, {"RL", "OF TF W U ND"},
    {"RC", "UC UR C ND"},  {"CDP", "N L LM MH H ND"}, {"TD", "N L M H ND"},  {"CR", "L M H ND"},
    {"IR", "L M H ND"},    {"AR", "L M H ND"},
};

constexpr CvssMetric kMetrics3[] = {
    {"AV", "N A L P", true}, {"AC", "L H", true},  {"PR", "N L H", true}, {"UI", "N R", true},
    {"S", "U C", true},      {"C", "N L H", true}, {"I", "N L H", true},  {"A", "N L H", true},
    {"E", "X U P F H"},      {"RL", "X O T W U"},  {"RC", "X U R C"},     {"CR", "X L M H"},
    {"IR", "X L M H"},       {"AR", "X L M H"},    {"MAV", "X N A L P"},  {"MAC", "X L H"},
    {"MPR", "X N L H"},      {"MUI", "X N R"},     {"MS", "X U C"},       {"MC", "X N L H"},
    {"MI", "X N L H"},       {"MA", "X N L H"},
};

bool AllowsValue(std::string_view values, std::string_view value) {
  const auto words = text::Split(values, ' ');
  return std::find(words.begin(), words.end(), value) != words.end();
}

/// One decimal, half away from zero, as the v2 guide's "round_to_1_decimal".
double RoundToTenth(double value) { return std::round(value * 10) / 10; }

/// v3.1 appendix A: the smallest number with one decimal that is not below the input, in integers
/// so that 4.02 does not become 4.1 on one machine and 4.0 on another.
double RoundUp(double value) {
  const long long scaled = std::llround(value * 100000);
  if (scaled % 10000 == 0) return static_cast<double>(scaled) / 100000.0;
  return (std::floor(static_cast<double>(scaled) / 10000.0) + 1) / 10.0;
}

double Impact2(char value) { return value == 'C' ? 0.660 : value == 'P' ? 0.275 : 0.0; }

Result<double> Score2(std::string_view metrics) {
  auto parsed = CvssVector::Parse(metrics, kMetrics2);
  if (!parsed) return std::move(parsed).error();
  const char vector_char = parsed->GetChar("AV");
  const char complexity = parsed->GetChar("AC");
  const char authentication = parsed->GetChar("Au");
  const double av = vector_char == 'N' ? 1.0 : vector_char == 'A' ? 0.646 : 0.395;
  const double ac = complexity == 'L' ? 0.71 : complexity == 'M' ? 0.61 : 0.35;
  const double au = authentication == 'N' ? 0.704 : authentication == 'S' ? 0.56 : 0.45;
  const double impact =
      10.41 * (1 - (1 - Impact2(parsed->GetChar("C"))) * (1 - Impact2(parsed->GetChar("I"))) *
                       (1 - Impact2(parsed->GetChar("A"))));
  const double exploitability = 20 * av * ac * au;
  const double factor = impact == 0 ? 0 : 1.176;
  return RoundToTenth((0.6 * impact + 0.4 * exploitability - 1.5) * factor);
}

double Impact3(char value) { return value == 'H' ? 0.56 : value == 'L' ? 0.22 : 0.0; }

double Privileges3(char value, bool changed) {
  if (value == 'N') return 0.85;
  if (value == 'L') return changed ? 0.68 : 0.62;
  return changed ? 0.5 : 0.27;
}

Result<double> Score3(std::string_view metrics) {
  auto parsed = CvssVector::Parse(metrics, kMetrics3);
  if (!parsed) return std::move(parsed).error();
  const bool changed = parsed->GetChar("S") == 'C';
  const char vector_char = parsed->GetChar("AV");
  const double av = vector_char == 'N'   ? 0.85
                    : vector_char == 'A' ? 0.62
                    : vector_char == 'L' ? 0.55
                                         : 0.2;
  const double ac = parsed->GetChar("AC") == 'L' ? 0.77 : 0.44;
  const double ui = parsed->GetChar("UI") == 'N' ? 0.85 : 0.62;
  const double pr = Privileges3(parsed->GetChar("PR"), changed);
  const double iss = 1 - (1 - Impact3(parsed->GetChar("C"))) * (1 - Impact3(parsed->GetChar("I"))) *
                             (1 - Impact3(parsed->GetChar("A")));
  const double impact =
      changed ? 7.52 * (iss - 0.029) - 3.25 * std::pow(iss - 0.02, 15) : 6.42 * iss;
  if (impact <= 0) return 0.0;
  const double sum = impact + 8.22 * av * ac * pr * ui;
  return RoundUp(std::min(changed ? 1.08 * sum : sum, 10.0));
}

}  // namespace

Result<CvssVector> CvssVector::Parse(std::string_view text, std::span<const CvssMetric> table) {
  CvssVector vector;
  vector.table_ = table;
  for (const std::string_view part : text::Split(text, '/')) {
    const std::size_t colon = part.find(':');
    const std::string_view name = part.substr(0, colon);
    const auto row = std::find_if(table.begin(), table.end(),
                                  [&](const CvssMetric& metric) { return metric.name == name; });
    if (colon == std::string_view::npos || row == table.end()) {
      return InvalidArgument("CVSS vector: " + text::JsonQuote(part) +
                             " is no metric of this version");
    }
    const std::string_view value = part.substr(colon + 1);
    if (!AllowsValue(row->values, value)) {
      return InvalidArgument("CVSS vector: metric " + std::string(name) + " is " +
                             text::JsonQuote(value) + ", expected one of " +
                             std::string(row->values));
    }
    std::string_view& slot = vector.values_[static_cast<std::size_t>(row - table.begin())];
    if (!slot.empty()) {
      return InvalidArgument("CVSS vector: metric " + std::string(name) + " is there twice");
    }
    slot = value;
  }
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i].mandatory && vector.values_[i].empty()) {
      return InvalidArgument("CVSS vector: metric " + std::string(table[i].name) + " is missing");
    }
  }
  return vector;
}

std::string_view CvssVector::Get(std::string_view name) const {
  for (std::size_t i = 0; i < table_.size(); ++i) {
    if (table_[i].name == name) return values_[i];
  }
  return {};
}

Result<CvssScore> ScoreCvss(std::string_view vector) {
  if (vector.size() > kMaxVectorBytes) {
    return InvalidArgument("CVSS vector: has " + std::to_string(vector.size()) +
                           " bytes, expected at most " + std::to_string(kMaxVectorBytes));
  }
  const bool prefixed = vector.starts_with("CVSS:");
  const std::size_t slash = vector.find('/');
  if (prefixed && slash == std::string_view::npos) {
    return InvalidArgument("CVSS vector: " + text::JsonQuote(vector) + " has no metrics");
  }
  const std::string_view prefix = prefixed ? vector.substr(5, slash - 5) : "2.0";
  const std::string_view metrics = prefixed ? vector.substr(slash + 1) : vector;
  CvssScore score;
  Result<double> value = Unsupported("CVSS vector: version " + text::JsonQuote(prefix) +
                                     " is not known, expected 2.0, 3.0, 3.1 or 4.0");
  if (prefix == "2.0") {
    score.version = 2;
    value = Score2(metrics);
  } else if (prefix == "3.0" || prefix == "3.1") {
    value = Score3(metrics);
  } else if (prefix == "4.0") {
    score.version = 4;
    value = ScoreCvss4(metrics);
  }
  if (!value) return std::move(value).error();
  score.score = *value;
  return score;
}

}  // namespace landwaiter::advisories
