// The metrics of a CVSS vector, taken apart and checked against the table of the version.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "lib/base/result.h"

namespace landwaiter::advisories {

struct CvssMetric {
  std::string_view name;    // "AV"
  std::string_view values;  // separated by blanks: "N A L P"
  bool mandatory = false;
};

/// Values of a vector by the index of the metric in its table; empty where it is not given.
class CvssVector {
 public:
  static constexpr std::size_t kMaxMetrics = 40;  // v4.0 has 32

  /// Errors: InvalidArgument naming the metric.
  static Result<CvssVector> Parse(std::string_view text, std::span<const CvssMetric> table);
  /// `name` is one of the table.
  std::string_view Get(std::string_view name) const;
  char GetChar(std::string_view name) const {
    const std::string_view value = Get(name);
    return value.empty() ? '\0' : value[0];
  }

 private:
  std::span<const CvssMetric> table_;
  std::array<std::string_view, kMaxMetrics> values_{};
};

/// Base score of a v4.0 vector without its prefix. Errors: as ScoreCvss.
Result<double> ScoreCvss4(std::string_view metrics);

}  // namespace landwaiter::advisories
