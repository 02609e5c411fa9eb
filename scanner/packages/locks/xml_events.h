// An XML text as a stream of elements (XML 1.0, by expat), in the encodings that expat knows and in
// those that put signs of their own behind ASCII (windows-1252, ISO-8859-15): what is beyond ASCII
// is told as U+FFFD there. A document type is refused, so there are no entities to grow; depth and
// text are bounded. Inside this room only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace landwaiter::packages {

/// A pom's plugin configurations nest some fifteen deep.
inline constexpr std::size_t kMaxXmlDepth = 64;
/// Names, versions and properties; longer text is cut.
inline constexpr std::size_t kMaxXmlTextBytes = 4096;

/// Names of elements from the top, without their prefixes.
using XmlPath = std::vector<std::string>;

class XmlVisitor {
 public:
  virtual ~XmlVisitor() = default;
  /// `attributes` are name and value by turns, ended by a null pointer.
  virtual void Begin(const XmlPath& path, const char* const* attributes) = 0;
  /// `text` is what stood in it outside of its children, trimmed.
  virtual void End(const XmlPath& path, std::string_view text) = 0;
};

/// What was told before a fault stays told. Errors: InvalidArgument, "line N …".
Status StreamXml(std::string_view text, XmlVisitor& visitor);

}  // namespace landwaiter::packages
