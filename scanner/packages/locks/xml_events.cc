#include "scanner/packages/locks/xml_events.h"

#include <expat.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "lib/base/text.h"

namespace landwaiter::packages {
namespace {

// expat takes lengths as int.
constexpr std::size_t kPieceBytes = 1u << 20;
// The XML declaration, which stands first, in whatever order of its parts.
constexpr std::size_t kMaxDeclarationBytes = 128;

// A text in memory that was made for UTF-16 and written as UTF-8 still says what it was made for.
const char* EncodingOf(std::string_view text) {
  const std::string start = text::ToLower(text.substr(0, kMaxDeclarationBytes));
  const std::string declared = start.substr(0, start.find("?>"));
  const bool utf16 = declared.find('\0') != std::string::npos;
  return !utf16 && declared.find("utf-16") != std::string::npos ? "UTF-8" : nullptr;
}

int OnUnknownEncoding(void* /*data*/, const XML_Char* name, XML_Encoding* encoding) {
  const std::string lower = text::ToLower(name);
  const bool one_byte = lower.starts_with("iso-8859-") || lower.starts_with("windows-125") ||
                        lower.starts_with("cp125");
  if (!one_byte) return XML_STATUS_ERROR;
  for (int byte = 0; byte < 256; ++byte) encoding->map[byte] = byte < 128 ? byte : 0xfffd;
  return XML_STATUS_OK;
}

class Stream {
 public:
  Stream(XmlVisitor& visitor, const char* encoding)
      : visitor_(visitor), parser_(XML_ParserCreate(encoding), XML_ParserFree) {}

  Status Run(std::string_view text) {
    if (!parser_) return ResourceExhausted("cannot be parsed: no memory for the XML parser");
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(parser_.get(), OnBegin, OnEnd);
    XML_SetCharacterDataHandler(parser_.get(), OnText);
    XML_SetStartDoctypeDeclHandler(parser_.get(), OnDoctype);
    XML_SetUnknownEncodingHandler(parser_.get(), OnUnknownEncoding, nullptr);
    do {
      const std::string_view piece = text.substr(0, kPieceBytes);
      text.remove_prefix(piece.size());
      const auto parsed = XML_Parse(parser_.get(), piece.data(), static_cast<int>(piece.size()),
                                    text.empty() ? XML_TRUE : XML_FALSE);
      if (parsed != XML_STATUS_OK) return Fault();
    } while (!text.empty());
    return Ok();
  }

 private:
  static Stream& Of(void* self) { return *static_cast<Stream*>(self); }
  static void OnBegin(void* self, const XML_Char* name, const XML_Char** attributes) {
    Of(self).Begin(name, attributes);
  }
  static void OnEnd(void* self, const XML_Char* /*name*/) { Of(self).End(); }
  static void OnText(void* self, const XML_Char* bytes, int size) {
    Of(self).Text({bytes, static_cast<std::size_t>(size)});
  }
  static void OnDoctype(void* self, const XML_Char* /*name*/, const XML_Char* /*system*/,
                        const XML_Char* /*public*/, int /*has_subset*/) {
    Of(self).Stop("has a document type, which none of its kind needs");
  }

  void Begin(std::string_view name, const XML_Char** attributes) {
    if (!why_.empty()) return;
    if (path_.size() >= kMaxXmlDepth) {
      return Stop("nests deeper than " + std::to_string(kMaxXmlDepth));
    }
    const auto colon = name.rfind(':');
    path_.emplace_back(colon == std::string_view::npos ? name : name.substr(colon + 1));
    texts_.emplace_back();
    visitor_.Begin(path_, attributes);
  }
  void End() {
    if (!why_.empty()) return;
    visitor_.End(path_, text::Trim(texts_.back()));
    path_.pop_back();
    texts_.pop_back();
  }
  void Text(std::string_view bytes) {
    if (texts_.empty() || !why_.empty()) return;
    std::string& text = texts_.back();
    text += bytes.substr(0, kMaxXmlTextBytes - std::min(text.size(), kMaxXmlTextBytes));
  }
  void Stop(std::string why) {
    why_ = std::move(why);
    XML_StopParser(parser_.get(), XML_FALSE);
  }
  Status Fault() const {
    const std::string line =
        "line " + std::to_string(XML_GetCurrentLineNumber(parser_.get())) + " ";
    if (!why_.empty()) return InvalidArgument(line + why_);
    return InvalidArgument(line + "is no XML: " + XML_ErrorString(XML_GetErrorCode(parser_.get())));
  }

  XmlVisitor& visitor_;
  std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser_;
  XmlPath path_;
  std::vector<std::string> texts_;
  std::string why_;
};

}  // namespace

Status StreamXml(std::string_view text, XmlVisitor& visitor) {
  return Stream(visitor, EncodingOf(text)).Run(text);
}

}  // namespace landwaiter::packages
