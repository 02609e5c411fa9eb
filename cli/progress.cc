#include "cli/progress.h"

#include <cstdio>

#include "lib/base/text.h"

namespace landwaiter::cli {
namespace {
constexpr const char* kClearLine = "\r\x1b[K";
}

ProgressLine::ProgressLine(const std::string& image)
    : image_(text::Truncate(text::Printable(image), 48)) {
  std::fprintf(stderr, "%sreading %s", kClearLine, image_.c_str());
  std::fflush(stderr);
}

ProgressLine::~ProgressLine() {
  std::fputs(kClearLine, stderr);
  std::fflush(stderr);
}

void ProgressLine::Show(const service::ScanProgress& progress) {
  constexpr double kMegabyte = 1e6;
  if (progress.bytes_total == 0) return;
  std::fprintf(stderr, "%sreading %s: layer %d of %d, %.0f of %.0f MB", kClearLine, image_.c_str(),
               progress.layers_done, progress.layers_total,
               static_cast<double>(progress.bytes_received) / kMegabyte,
               static_cast<double>(progress.bytes_total) / kMegabyte);
  std::fflush(stderr);
}

}  // namespace landwaiter::cli
