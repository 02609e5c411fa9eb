#include "scanner/advisories/feeds/oval.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "scanner/advisories/limits.h"

namespace landwaiter::advisories {
namespace {

constexpr std::size_t kMaxUrlBytes = 2048;

/// Texts as numbers, so that a criterion is small.
class Names {
 public:
  std::uint32_t Of(std::string_view text) {
    const auto [at, fresh] =
        numbers_.try_emplace(std::string(text), static_cast<std::uint32_t>(texts_.size()));
    if (fresh) texts_.push_back(&at->first);
    return at->second;
  }
  const std::string& At(std::uint32_t number) const { return *texts_[number]; }
  std::size_t size() const { return texts_.size(); }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<const std::string*> texts_;
};

/// There are millions: only what adapters ask for is kept.
struct Test {
  std::uint32_t object = 0;  // 0 for none: the name ""
  std::uint32_t state = 0;   // the first; 0 for none
  bool absent = false;
  bool defined = false;
};

/// Entities by the number of their id; those that are named but never defined stay empty.
template <class T>
struct Table {
  Names ids;
  std::vector<T> values;

  T& At(std::uint32_t number) {
    if (values.size() <= number) values.resize(number + 1);
    return values[number];
  }
  T& Of(std::string_view id) { return At(ids.Of(id)); }
};

bool EndsWith(std::string_view name, std::string_view suffix) { return name.ends_with(suffix); }

/// "" stands for no object and no state, so nothing may be named so.
std::string_view IdOf(const XmlAttributes& attributes) {
  const std::string_view id = attributes.Get("id");
  return id.empty() ? "?" : id;
}

}  // namespace

struct OvalReader::Document {
  Document() {
    comments.Of("");
    objects.Of("");
    states.Of("");
  }

  OvalCondition Resolve(const OvalCriteria& criterion) {
    const Test& test = tests.At(criterion.test);
    OvalCondition condition;
    condition.package = objects.At(test.object);
    condition.comment = comments.At(criterion.comment);
    condition.absent = test.absent != criterion.negated;
    condition.state = &states.At(test.state);
    return condition;
  }

  /// A document that is cut, or whose parts are elsewhere, would else say less than it does.
  Status CheckDefined(const OvalCriteria& node) {
    if (node.kind == OvalCriteria::Kind::kTest && !tests.At(node.test).defined) {
      return InvalidArgument("test " + text::JsonQuote(tests.ids.At(node.test)) +
                             " is not in the document");
    }
    for (const OvalCriteria& child : node.children) {
      if (Status status = CheckDefined(child); !status) return status;
    }
    return Ok();
  }

  /// The cases of a tree; false where there are too many.
  bool Cases(const OvalCriteria& node, std::vector<OvalCase>* out) {
    if (node.kind == OvalCriteria::Kind::kTest) {
      out->push_back({Resolve(node)});
      return true;
    }
    if (node.kind == OvalCriteria::Kind::kOr) {
      for (const OvalCriteria& child : node.children) {
        if (!Cases(child, out) || out->size() > kMaxOvalCases) return false;
      }
      return true;
    }
    std::vector<OvalCase> all{{}};
    for (const OvalCriteria& child : node.children) {
      std::vector<OvalCase> of_child;
      if (!Cases(child, &of_child)) return false;
      if (all.size() * of_child.size() > kMaxOvalCases) return false;
      std::vector<OvalCase> product;
      product.reserve(all.size() * of_child.size());
      for (const OvalCase& left : all) {
        for (const OvalCase& right : of_child) {
          product.push_back(left);
          product.back().insert(product.back().end(), right.begin(), right.end());
        }
      }
      all = std::move(product);
    }
    std::move(all.begin(), all.end(), std::back_inserter(*out));
    return true;
  }

  std::vector<OvalDefinition> definitions;
  Names comments;
  Table<Test> tests;
  Table<std::string> objects;
  Table<OvalState> states;
  std::size_t items = 0;
  bool root = false;

  // Where the reader is.
  bool in_definition = false;
  std::vector<OvalCriteria*> path;  // of open criteria, from the root of the definition's tree
  std::string resolution;
  enum class Entity { kNone, kTest, kObject, kState } entity = Entity::kNone;
  std::uint32_t current = 0;
  std::string operation;  // of the element that is open within a state
};

OvalReader::OvalReader() = default;
OvalReader::~OvalReader() = default;

Status OvalReader::Take(const Piece& piece, FeedSink& sink) {
  if (piece.first) {
    document_ = std::make_unique<Document>();
    XmlHandler& handler = *this;  // a private base
    xml_ = std::make_unique<XmlStream>(handler);
    member_ = piece.name;
    generator_.clear();
  }
  if (Status status = xml_->Take(piece.bytes); !status) return status;
  if (!piece.last) return Ok();
  if (Status status = xml_->Finish(); !status) return status;
  Status status = EndDocument(sink);
  document_.reset();
  return status;
}

Status OvalReader::Count() {
  if (++document_->items <= kMaxOvalItems) return Ok();
  return ResourceExhausted("has more than " + std::to_string(kMaxOvalItems) +
                           " tests, states and criteria");
}

Status OvalReader::Open(std::string_view name, const XmlAttributes& attributes) {
  Document& document = *document_;
  if (name == "oval_definitions") document.root = true;
  if (name == "definition") {
    if (document.in_definition) return InvalidArgument("has a definition within another");
    document.in_definition = true;
    document.path.clear();
    OvalDefinition& definition = document.definitions.emplace_back();
    definition.id = attributes.Get("id");
    definition.kind = attributes.Get("class");
    return Count();
  }
  if (document.in_definition) {
    OpenInDefinition(name, attributes);
    return name == "criteria" || name == "criterion" ? Count() : Ok();
  }
  const bool starts = document.entity == Document::Entity::kNone;
  OpenEntity(name, attributes);
  return starts && document.entity != Document::Entity::kNone ? Count() : Ok();
}

void OvalReader::OpenInDefinition(std::string_view name, const XmlAttributes& attributes) {
  Document& document = *document_;
  OvalDefinition& definition = document.definitions.back();
  if (name == "reference") {
    definition.references.push_back(
        {std::string(attributes.Get("source")), std::string(attributes.Get("ref_id")),
         std::string(attributes.Get("ref_url").substr(0, kMaxUrlBytes))});
  } else if (name == "issued") {
    definition.issued = attributes.Get("date");
  } else if (name == "resolution") {
    document.resolution = attributes.Get("state");
  } else if (name == "criteria" || name == "criterion") {
    OvalCriteria node;
    node.negated = attributes.Get("negate") == "true";
    if (name == "criterion") {
      node.kind = OvalCriteria::Kind::kTest;
      node.test = document.tests.ids.Of(attributes.Get("test_ref"));
      node.comment = document.comments.Of(attributes.Get("comment"));
    } else if (attributes.Get("operator") == "OR") {
      node.kind = OvalCriteria::Kind::kOr;
    }
    OvalCriteria& parent = document.path.empty() ? definition.criteria : *document.path.back();
    parent.children.push_back(std::move(node));
    document.path.push_back(&parent.children.back());
  }
}

void OvalReader::OpenEntity(std::string_view name, const XmlAttributes& attributes) {
  Document& document = *document_;
  using Entity = Document::Entity;
  if (document.entity == Entity::kNone) {
    if (EndsWith(name, "_test")) {
      document.entity = Entity::kTest;
      document.current = document.tests.ids.Of(attributes.Get("id"));
      Test& test = document.tests.At(document.current);
      test = {};
      test.defined = true;
      test.absent = attributes.Get("check_existence") == "none_exist" ||
                    attributes.Get("check") == "none satisfy";
    } else if (EndsWith(name, "_object")) {
      document.entity = Entity::kObject;
      document.current = document.objects.ids.Of(IdOf(attributes));
    } else if (EndsWith(name, "_state")) {
      document.entity = Entity::kState;
      document.current = document.states.ids.Of(IdOf(attributes));
    }
    return;
  }
  if (document.entity == Entity::kTest) {
    Test& test = document.tests.At(document.current);
    if (name == "object") test.object = document.objects.ids.Of(attributes.Get("object_ref"));
    if (name == "state" && test.state == 0) {
      test.state = document.states.ids.Of(attributes.Get("state_ref"));
    }
  }
  document.operation = attributes.Get("operation");
}

Status OvalReader::Close(std::string_view name, std::string_view text) {
  text = text::Trim(text);
  if (document_->in_definition) {
    CloseInDefinition(name, text);
    return Ok();
  }
  if (name == "product_name") generator_ = text;
  CloseEntity(name, text);
  return Ok();
}

void OvalReader::CloseInDefinition(std::string_view name, std::string_view text) {
  Document& document = *document_;
  OvalDefinition& definition = document.definitions.back();
  if (name == "definition") document.in_definition = false;
  if (name == "title") definition.title = text;
  if (name == "severity") definition.severity = text;
  if (name == "advisory_id") definition.advisory_id = text;
  if (name == "platform") definition.platforms.emplace_back(text);
  if (name == "cpe") definition.cpes.emplace_back(text);
  if (name == "component") definition.resolutions.emplace_back(document.resolution, text);
  if ((name == "criteria" || name == "criterion") && !document.path.empty()) {
    document.path.back()->children.shrink_to_fit();
    document.path.pop_back();
  }
}

void OvalReader::CloseEntity(std::string_view name, std::string_view text) {
  Document& document = *document_;
  using Entity = Document::Entity;
  if (EndsWith(name, "_test") || EndsWith(name, "_object") || EndsWith(name, "_state")) {
    document.entity = Entity::kNone;
    return;
  }
  if (document.entity == Entity::kObject && name == "name") {
    document.objects.At(document.current) = text;
  }
  if (document.entity != Entity::kState) return;
  OvalState& state = document.states.At(document.current);
  if (name == "evr") {
    state.evr = text;
    state.evr_operation = document.operation;
  }
  if (name == "version") state.version = text;
  if (name == "release") state.release = text;
  if (name == "arch") state.architecture = text;
}

Status OvalReader::EndDocument(FeedSink& sink) {
  if (!document_->root) return InvalidArgument("has no <oval_definitions>: is no OVAL");
  // Named ones that nobody defined must have a place before anything points into the tables.
  document_->tests.At(static_cast<std::uint32_t>(document_->tests.ids.size()));
  document_->states.At(static_cast<std::uint32_t>(document_->states.ids.size()));
  document_->objects.At(static_cast<std::uint32_t>(document_->objects.ids.size()));
  for (const OvalDefinition& definition : document_->definitions) {
    std::vector<OvalCase> cases;
    std::vector<StagedRecord> records;
    Status status = document_->CheckDefined(definition.criteria);
    if (status && !document_->Cases(definition.criteria, &cases)) {
      status = ResourceExhausted("has more than " + std::to_string(kMaxOvalCases) + " cases");
    }
    if (status) status = Define(definition, cases, &records);
    if (!status) {
      status = sink.Broken(std::move(status).error().Context(
          "definition " + text::Printable(text::Truncate(definition.id, kMaxIdBytes))));
      if (!status) return status;
      continue;
    }
    for (StagedRecord& record : records) {
      record.part = member_ + " " + definition.id;
      if (status = sink.Put(std::move(record)); !status) return status;
    }
  }
  return Ok();
}

std::string NumberIn(std::string_view text) {
  const std::size_t from = text.find_first_of("0123456789");
  if (from == std::string_view::npos) return {};
  text.remove_prefix(from);
  text = text.substr(0, text.find_first_not_of("0123456789."));
  while (text.ends_with('.')) text.remove_suffix(1);
  return std::string(text);
}

}  // namespace landwaiter::advisories
