#include "scanner/packages/locks/yaml_lines.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/text.h"
#include "scanner/packages/locks/yaml_scalars.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

bool IsItem(std::string_view content) { return content == "-" || content.starts_with("- "); }

class Reader {
 public:
  Reader(std::string_view text, JsonVisitor& visitor, Documents documents)
      : lines_(text), visitor_(visitor), documents_(documents) {}

  Status Run();

 private:
  // A map or a list whose entries stand at this column.
  struct Frame {
    std::size_t indent = 0;
    bool list = false;
  };

  Status Fault(std::string_view what) const {
    return InvalidArgument("line " + std::to_string(lines_.number()) + " " + std::string(what));
  }
  Status TakeLine(std::size_t indent, std::string_view content);
  Status Place(std::size_t indent, bool item, bool& continues);
  Status Entry(std::size_t indent, std::string_view content);
  Status ExplicitKey(std::size_t indent, std::string_view content);
  Status Nested(std::size_t indent, std::string_view line, std::string_view rest);
  Status Value(std::string_view rest);
  Status Quoted(std::string_view rest);
  Status Open(std::size_t indent, bool list);
  void Close();
  void EndDocument();
  void NoValue();
  // The path of the entry that begins: its container's, and its own key.
  void SetKey(std::string key) {
    path_.resize(frames_.size() - 1);
    path_.push_back(std::move(key));
  }

  Lines lines_;
  JsonVisitor& visitor_;
  const Documents documents_;
  bool ended_ = false;  // a document
  std::vector<Frame> frames_;
  JsonPath path_;
  bool pending_ = false;              // the entry at path_ has no value yet
  bool explicit_ = false;             // its key stood behind "? "
  bool plain_ = false;                // it has a plain scalar, which may go on in deeper lines
  std::optional<std::size_t> block_;  // lines deeper than this belong to a block scalar
};

Status Reader::Open(std::size_t indent, bool list) {
  if (frames_.size() >= kMaxYamlDepth) {
    return Fault("nests deeper than " + std::to_string(kMaxYamlDepth));
  }
  visitor_.Begin(path_, !list);
  frames_.push_back({indent, list});
  pending_ = false;
  return Ok();
}

void Reader::Close() {
  NoValue();
  frames_.pop_back();
  path_.resize(frames_.size());
  visitor_.End(path_);
}

void Reader::EndDocument() {
  NoValue();
  ended_ = ended_ || !frames_.empty();
  while (!frames_.empty()) Close();
}

void Reader::NoValue() {
  if (pending_) visitor_.Text(path_, {});
  pending_ = explicit_ = plain_ = false;
}

Status Reader::Place(std::size_t indent, bool item, bool& continues) {
  if (frames_.empty()) return Open(indent, item);
  const Frame parent = frames_.back();
  if (pending_ && (indent > parent.indent || (item && !parent.list && indent == parent.indent))) {
    explicit_ = false;
    return Open(indent, item);
  }
  if (plain_ && indent > parent.indent) {
    continues = true;
    return Ok();
  }
  NoValue();
  const auto ends = [&](const Frame& frame) {
    return frame.indent > indent || (frame.indent == indent && frame.list && !item);
  };
  while (frames_.size() > 1 && ends(frames_.back())) Close();
  if (frames_.back().indent != indent) return Fault("is indented as no line before it");
  if (frames_.back().list != item) return Fault("mixes a list and a map");
  return Ok();
}

Status Reader::Nested(std::size_t indent, std::string_view line, std::string_view rest) {
  const std::size_t column = indent + (line.size() - rest.size());
  if (auto opened = Open(column, IsItem(rest)); !opened) return opened;
  return Entry(column, rest);
}

Status Reader::ExplicitKey(std::size_t indent, std::string_view content) {
  const std::string_view rest = text::Trim(content.substr(1));
  explicit_ = false;
  if (rest.empty() || rest.starts_with('#')) return Ok();
  if (IsItem(rest) || FindKey(rest)) return Nested(indent, content, rest);
  pending_ = false;
  return Value(rest);
}

Status Reader::Entry(std::size_t indent, std::string_view content) {
  if (IsItem(content)) {
    SetKey({});
    const std::string_view rest = text::Trim(content.substr(1));
    pending_ = rest.empty() || rest.starts_with('#');
    if (pending_) return Ok();
    if (IsItem(rest) || FindKey(rest)) return Nested(indent, content, rest);
    return Value(rest);
  }
  if (content.starts_with("? ")) {
    auto key = WholeScalar(text::Trim(content.substr(2)));
    if (!key) return Fault(key.error().message);
    SetKey(*std::move(key));
    pending_ = explicit_ = true;
    return Ok();
  }
  auto key = FindKey(content);
  if (!key) return Fault("is no entry of a map");
  SetKey(std::move(key->key));
  pending_ = key->rest.empty() || key->rest.starts_with('#');
  return pending_ ? Ok() : Value(key->rest);
}

Status Reader::Quoted(std::string_view rest) {
  auto scalar = TakeQuoted(rest);
  const std::string quote(1, rest.front());
  const bool one_line = scalar.has_value();
  std::string piece;
  while (!scalar) {
    const auto line = lines_.Next();
    if (!line) return Fault("has a quoted text without an end");
    piece = quote + std::string(*line);
    scalar = TakeQuoted(piece);
  }
  const std::string_view behind = text::Trim(scalar->rest);
  if (!behind.empty() && !behind.starts_with('#')) return Fault("goes on behind a quoted text");
  visitor_.Text(path_, one_line ? std::move(scalar->value) : std::string());
  return Ok();
}

Status Reader::Value(std::string_view rest) {
  switch (rest.front()) {
    case '|':
    case '>':
      block_ = frames_.back().indent;
      visitor_.Text(path_, {});
      return Ok();
    case '"':
    case '\'':
      return Quoted(rest);
    case '{':
    case '[': {
      auto told = TellFlow(rest, path_, kMaxYamlDepth, visitor_);
      return told ? Ok() : Fault(told.error().message);
    }
    case '&':
    case '*':
    case '!':
      return Fault("has an anchor, an alias or a tag, which no lock file has");
    default:
      plain_ = true;
      visitor_.Text(path_, std::string(WithoutComment(rest)));
      return Ok();
  }
}

Status Reader::TakeLine(std::size_t indent, std::string_view content) {
  const bool answers =
      explicit_ && indent == frames_.back().indent && (content == ":" || content.starts_with(": "));
  if (answers) return ExplicitKey(indent, content);
  bool continues = false;
  if (auto placed = Place(indent, IsItem(content), continues); !placed) return placed;
  return continues ? Ok() : Entry(indent, content);
}

Status Reader::Run() {
  while (const auto line = lines_.Next()) {
    const auto first = line->find_first_not_of(' ');
    if (first == std::string_view::npos) continue;
    if (block_ && first > *block_) continue;
    block_.reset();
    std::string_view content = line->substr(first);
    if (content.starts_with('\t')) return Fault("is indented with a tab");
    if (content.starts_with('#') || (first == 0 && content.starts_with('%'))) continue;
    while (content.ends_with(' ')) content.remove_suffix(1);
    if (first == 0 && (content == "---" || content == "...")) {
      EndDocument();
      continue;
    }
    if (frames_.empty() && ended_ && documents_ == Documents::kOne) {
      return Fault("begins a second document, which no file of its kind has");
    }
    if (auto taken = TakeLine(first, content); !taken) return taken;
  }
  EndDocument();
  return Ok();
}

}  // namespace

Status StreamYaml(std::string_view text, JsonVisitor& visitor, Documents documents) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return Reader(text, visitor, documents).Run();
}

}  // namespace landwaiter::packages
