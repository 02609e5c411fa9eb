// One line on a terminal that is written over and over while an image is read.
#pragma once

#include <string>

#include "scanner/service/scan_image.h"

namespace landwaiter::cli {

/// Writes to standard error; the line is gone when the object is.
class ProgressLine {
 public:
  explicit ProgressLine(const std::string& image);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void Show(const service::ScanProgress& progress);

 private:
  std::string image_;
};

}  // namespace landwaiter::cli
