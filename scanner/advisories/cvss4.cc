// CVSS v4.0 base scores (specification, section 8 "CVSS v4.0 Scoring", with the MacroVector scores
// that FIRST publishes beside it). Threat and environmental metrics stay at their worst case, as
// the specification's "CVSS-B" says.
#include <algorithm>
#include <array>
#include <cmath>

#include "scanner/advisories/cvss_metrics.h"

namespace landwaiter::advisories {
namespace {

constexpr CvssMetric kMetrics4[] = {
    {"AV", "N A L P", true}, {"AC", "L H", true},
    {"AT", "N P", true},     {"PR", "N L H", true},
    {"UI", "N P A", true},   {"VC", "H L N", true},
    {"VI", "H L N", true},   {"VA", "H L N", true},
    {"SC", "H L N", true},   {"SI", "H L N", true},
    {"SA", "H L N", true},   {"E", "X A P U"},
    {"CR", "X H M L"},       {"IR", "X H M L"},
    {"AR", "X H M L"},       {"MAV", "X N A L P"},
    {"MAC", "X L H"},        {"MAT", "X N P"},
    {"MPR", "X N L H"},      {"MUI", "X N P A"},
    {"MVC", "X H L N"},      {"MVI", "X H L N"},
    {"MVA", "X H L N"},      {"MSC", "X H L N"},
    {"MSI", "X S H L N"},    {"MSA", "X S H L N"},
    {"S", "X N P"},          {"AU", "X N Y"},
    {"R", "X A U I"},        {"V", "X D C"},
    {"RE", "X L M H"},       {"U", "X Clear Green Amber Red"},
};

/// EQ3 and EQ6 together. Without requirements only the first, third and fifth are a base vector's
/// own; the others are next below those.
enum Joint : std::size_t { k00, k01, k10, k11, k21, kJointCount };

/// Tenths, by EQ1, EQ2, then EQ3 with EQ6, then EQ4 (1 or 2); EQ5 is 0 throughout.
constexpr int kScores[3][2][kJointCount][2] = {
    {{{100, 93}, {96, 90}, {93, 88}, {92, 80}, {79, 69}},
     {{95, 92}, {91, 81}, {92, 84}, {82, 70}, {71, 63}}},
    {{{94, 87}, {89, 75}, {86, 72}, {76, 57}, {65, 53}},
     {{90, 77}, {77, 66}, {74, 61}, {59, 52}, {58, 23}}},
    {{{86, 70}, {74, 54}, {72, 53}, {57, 36}, {47, 24}},
     {{73, 54}, {55, 43}, {61, 46}, {51, 18}, {24, 10}}},
};

/// Steps from the best value of a metric, in the order in which the table lists its values.
int Level(const CvssVector& vector, std::string_view name) {
  const char value = vector.GetChar(name);
  for (const CvssMetric& metric : kMetrics4) {
    if (metric.name == name) return static_cast<int>(metric.values.find(value) / 2);
  }
  return 0;
}

/// The distance from the first of the highest vectors of a class that is above in every metric.
template <std::size_t N>
int Distance(const std::array<int, N>& levels, std::initializer_list<std::array<int, N>> highest) {
  for (const auto& top : highest) {
    int sum = 0;
    bool above = true;
    for (std::size_t i = 0; i < N; ++i) {
      above = above && levels[i] >= top[i];
      sum += levels[i] - top[i];
    }
    if (above) return sum;
  }
  return 0;  // every vector of a class lies below one of its highest
}

/// How far down its class a vector lies: of `depth` steps, `steps` are gone, and the whole class
/// is `available` tenths deep; -1 where no class is below.
struct Fall {
  int steps = 0;
  int depth = 1;
  int available = -1;
};

Fall FallOfEq1(const CvssVector& vector, std::size_t eq1, int below) {
  constexpr int kDepth[] = {1, 4, 5};
  const std::array<int, 3> levels{Level(vector, "AV"), Level(vector, "PR"), Level(vector, "UI")};
  const int steps = eq1 == 0   ? 0
                    : eq1 == 1 ? Distance<3>(levels, {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}})
                               : Distance<3>(levels, {{3, 0, 0}, {1, 1, 1}});
  return {steps, kDepth[eq1], below};
}

Fall FallOfEq2(const CvssVector& vector, std::size_t eq2, int below) {
  const std::array<int, 2> levels{Level(vector, "AC"), Level(vector, "AT")};
  return {eq2 == 0 ? 0 : Distance<2>(levels, {{1, 0}, {0, 1}}), eq2 == 0 ? 1 : 2, below};
}

Fall FallOfJoint(const CvssVector& vector, Joint joint, int below) {
  const std::array<int, 3> levels{Level(vector, "VC"), Level(vector, "VI"), Level(vector, "VA")};
  if (joint == k00) return {Distance<3>(levels, {{0, 0, 0}}), 7, below};
  if (joint == k10) return {Distance<3>(levels, {{1, 0, 0}, {0, 1, 0}}), 8, below};
  return {Distance<3>(levels, {{1, 1, 1}}), 10, below};
}

Fall FallOfEq4(const CvssVector& vector, std::size_t eq4, int below) {
  const std::array<int, 3> levels{Level(vector, "SC"), Level(vector, "SI"), Level(vector, "SA")};
  if (eq4 == 0) return {Distance<3>(levels, {{0, 0, 0}}), 5, below};
  return {Distance<3>(levels, {{1, 1, 1}}), 4, below};
}

bool AnyIs(const CvssVector& vector, std::initializer_list<std::string_view> names, char value) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return vector.GetChar(name) == value; });
}

std::size_t Eq1Of(const CvssVector& vector) {
  const bool all =
      vector.GetChar("AV") == 'N' && vector.GetChar("PR") == 'N' && vector.GetChar("UI") == 'N';
  if (all) return 0;
  return AnyIs(vector, {"AV", "PR", "UI"}, 'N') && vector.GetChar("AV") != 'P' ? 1 : 2;
}

Joint JointOf(const CvssVector& vector) {
  if (vector.GetChar("VC") == 'H' && vector.GetChar("VI") == 'H') return k00;
  return AnyIs(vector, {"VC", "VI", "VA"}, 'H') ? k10 : k21;
}

}  // namespace

Result<double> ScoreCvss4(std::string_view metrics) {
  const auto parsed = CvssVector::Parse(metrics, kMetrics4);
  if (!parsed) return parsed.error();
  const CvssVector& vector = *parsed;
  const auto impacts = {"VC", "VI", "VA", "SC", "SI", "SA"};
  const bool harmless = std::all_of(impacts.begin(), impacts.end(),
                                    [&](const char* name) { return vector.GetChar(name) == 'N'; });
  if (harmless) return 0.0;

  const std::size_t eq1 = Eq1Of(vector);
  const std::size_t eq2 =
      vector.GetChar("AC") == 'L' && vector.GetChar("AT") == 'N' ? std::size_t{0} : std::size_t{1};
  const Joint joint = JointOf(vector);
  const std::size_t eq4 = AnyIs(vector, {"SC", "SI", "SA"}, 'H') ? 0 : 1;
  const int score = kScores[eq1][eq2][joint][eq4];

  const auto& row = kScores[eq1][eq2];
  const int below1 = eq1 < 2 ? score - kScores[eq1 + 1][eq2][joint][eq4] : -1;
  const int below2 = eq2 < 1 ? score - kScores[eq1][eq2 + 1][joint][eq4] : -1;
  int below3 = -1;
  if (joint == k00) below3 = score - std::max(row[k01][eq4], row[k10][eq4]);
  if (joint == k10) below3 = score - row[k11][eq4];
  const int below4 = eq4 == 0 ? score - row[joint][1] : -1;

  double sum = 0;
  int classes = 1;  // EQ5 always has one below and never a distance to it
  for (const Fall& fall : {FallOfEq1(vector, eq1, below1), FallOfEq2(vector, eq2, below2),
                           FallOfJoint(vector, joint, below3), FallOfEq4(vector, eq4, below4)}) {
    if (fall.available < 0) continue;
    ++classes;
    sum += static_cast<double>(fall.available) * fall.steps / fall.depth;
  }
  // Exact halves go up. FIRST's calculator lets some fall by the noise of its floating point: 522
  // of the 104,976 base vectors are a tenth lower there; all others agree.
  const double tenths = std::clamp(score - sum / classes, 0.0, 100.0);
  return std::floor(tenths + 0.5) / 10;
}

}  // namespace landwaiter::advisories
