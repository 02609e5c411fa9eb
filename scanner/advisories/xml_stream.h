// XML as it comes in, through expat. What the XML recommendation allows and no feed needs is
// refused: document type declarations, and with them every entity of its author's. Bounded in
// depth, in the length of a tag and of what is kept of a text.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace landwaiter::advisories {

/// OVAL nests criteria some 6 deep within 4 others.
inline constexpr std::size_t kMaxXmlDepth = 64;
/// A tag with its attributes; those of the feeds have some 1,000 bytes.
inline constexpr std::size_t kMaxXmlTagBytes = 1u << 20;
/// Kept of a text; the rest of a longer one is dropped. Descriptions are longer, versions are not.
inline constexpr std::size_t kMaxXmlTextBytes = 64u << 10;

class XmlAttributes {
 public:
  explicit XmlAttributes(const char* const* pairs) : pairs_(pairs) {}
  /// "" for one that is not there. The prefix of a namespace is part of the name.
  std::string_view Get(std::string_view name) const;

 private:
  const char* const* pairs_;
};

/// Gets the elements; names come without the prefix of their namespace.
class XmlHandler {
 public:
  virtual ~XmlHandler() = default;
  virtual Status Open(std::string_view name, const XmlAttributes& attributes) = 0;
  /// `text`: what stands between this end and the tag before it, so all that a leaf holds.
  virtual Status Close(std::string_view name, std::string_view text) = 0;
};

class XmlStream {
 public:
  explicit XmlStream(XmlHandler& handler);
  ~XmlStream();
  XmlStream(const XmlStream&) = delete;
  XmlStream& operator=(const XmlStream&) = delete;

  /// Errors: InvalidArgument with the line for what is no XML, ResourceExhausted above a limit,
  /// and those of the handler.
  Status Take(std::string_view bytes);
  /// Errors: DataLoss where the document breaks off.
  Status Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace landwaiter::advisories
