#include "scanner/advisories/xml_stream.h"

#include <expat.h>

#include <algorithm>

namespace landwaiter::advisories {
namespace {

std::string_view LocalName(std::string_view name) {
  const std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

}  // namespace

std::string_view XmlAttributes::Get(std::string_view name) const {
  for (const char* const* at = pairs_; at != nullptr && at[0] != nullptr; at += 2) {
    if (name == at[0]) return at[1];
  }
  return {};
}

struct XmlStream::State {
  explicit State(XmlHandler& to) : handler(to), parser(XML_ParserCreate(nullptr)) {}
  ~State() {
    if (parser != nullptr) XML_ParserFree(parser);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void Stop(Status status) {
    if (outcome) outcome = std::move(status);
    XML_StopParser(parser, XML_FALSE);
  }
  static State& Of(void* data) { return *static_cast<State*>(data); }

  static void XMLCALL OnOpen(void* data, const XML_Char* name, const XML_Char** attributes) {
    State& state = Of(data);
    state.event_at = XML_GetCurrentByteIndex(state.parser);
    state.text.clear();
    if (++state.depth > kMaxXmlDepth) {
      state.Stop(
          ResourceExhausted("is nested deeper than " + std::to_string(kMaxXmlDepth) + " levels"));
      return;
    }
    Status status = state.handler.Open(LocalName(name), XmlAttributes(attributes));
    if (!status) state.Stop(std::move(status));
  }
  static void XMLCALL OnClose(void* data, const XML_Char* name) {
    State& state = Of(data);
    state.event_at = XML_GetCurrentByteIndex(state.parser);
    --state.depth;
    Status status = state.handler.Close(LocalName(name), state.text);
    state.text.clear();
    if (!status) state.Stop(std::move(status));
  }
  static void XMLCALL OnText(void* data, const XML_Char* text, int size) {
    State& state = Of(data);
    state.event_at = XML_GetCurrentByteIndex(state.parser);
    const std::size_t room = kMaxXmlTextBytes - std::min(kMaxXmlTextBytes, state.text.size());
    state.text.append(text, std::min(room, static_cast<std::size_t>(size)));
  }
  static void XMLCALL OnDoctype(void* data, const XML_Char* /*name*/, const XML_Char* /*system*/,
                                const XML_Char* /*pub*/, int /*has_subset*/) {
    Of(data).Stop(InvalidArgument("has a document type declaration, which no feed needs"));
  }

  Status Parse(std::string_view bytes, bool last) {
    if (parser == nullptr) return Internal("no memory for an XML parser");
    if (!outcome) return outcome;
    const int size = static_cast<int>(bytes.size());
    const bool good = XML_Parse(parser, bytes.data(), size, last ? 1 : 0) == XML_STATUS_OK;
    if (!outcome) return outcome;
    if (!good) return Malformed(last);
    // What expat holds back for want of an end: it would read it again with every piece.
    taken += size;
    if (taken - event_at > static_cast<XML_Index>(kMaxXmlTagBytes)) {
      outcome = ResourceExhausted("has a tag or comment of more than " +
                                  std::to_string(kMaxXmlTagBytes) + " bytes");
    }
    return outcome;
  }

  Status Malformed(bool last) {
    const XML_Error code = XML_GetErrorCode(parser);
    const bool cut =
        last && (code == XML_ERROR_NO_ELEMENTS || code == XML_ERROR_UNCLOSED_TOKEN ||
                 code == XML_ERROR_PARTIAL_CHAR || code == XML_ERROR_UNCLOSED_CDATA_SECTION);
    const std::string what = std::string(XML_ErrorString(code)) + " in line " +
                             std::to_string(XML_GetCurrentLineNumber(parser));
    outcome = cut ? DataLoss("cannot be read whole: the XML document breaks off: " + what)
                  : InvalidArgument("is not XML: " + what);
    return outcome;
  }

  XmlHandler& handler;
  XML_Parser parser;
  Status outcome;
  std::size_t depth = 0;
  std::string text;
  XML_Index taken = 0;     // bytes given to expat
  XML_Index event_at = 0;  // where the last event began
};

XmlStream::XmlStream(XmlHandler& handler) : state_(std::make_unique<State>(handler)) {
  if (state_->parser == nullptr) return;
  XML_SetUserData(state_->parser, state_.get());
  XML_SetElementHandler(state_->parser, State::OnOpen, State::OnClose);
  XML_SetCharacterDataHandler(state_->parser, State::OnText);
  XML_SetStartDoctypeDeclHandler(state_->parser, State::OnDoctype);
}
XmlStream::~XmlStream() = default;

Status XmlStream::Take(std::string_view bytes) {
  while (!bytes.empty()) {
    // Small enough for expat's int, and for what it may hold back to be noticed.
    const std::string_view piece = bytes.substr(0, kMaxXmlTagBytes);
    bytes.remove_prefix(piece.size());
    if (Status status = state_->Parse(piece, false); !status) return status;
  }
  return Ok();
}

Status XmlStream::Finish() { return state_->Parse({}, true); }

}  // namespace landwaiter::advisories
