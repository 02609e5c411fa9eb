// OVAL definitions (https://oval-community-guidelines.readthedocs.io, version 5) as the vendors of
// rpm distributions write them: definitions with a tree of criteria over tests, tests with objects
// and states. Here the tree becomes its cases (an OR of ANDs), with every test resolved; each
// vendor's adapter says what its cases mean. Definitions stand before the tests that they name, so
// a document is kept until its end, in a compact form.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "scanner/advisories/feed.h"
#include "scanner/advisories/xml_stream.h"

namespace landwaiter::advisories {

/// Tests, objects, states and criteria of a document: SUSE's largest has some 3 million.
inline constexpr std::size_t kMaxOvalItems = 20'000'000;
/// Cases of one definition: a kernel's has some 5,000.
inline constexpr std::size_t kMaxOvalCases = 200'000;

struct OvalReference {
  std::string source;  // "CVE", "RHSA", "elsa"
  std::string id;
  std::string url;
};

struct OvalCriteria {
  enum class Kind : std::uint8_t { kAnd, kOr, kTest } kind = Kind::kAnd;
  bool negated = false;
  std::uint32_t test = 0;     // of kTest
  std::uint32_t comment = 0;  // of kTest
  std::vector<OvalCriteria> children;
};

struct OvalDefinition {
  std::string id;
  std::string kind;  // class: "patch", "vulnerability"
  std::string title;
  std::string severity;
  std::string issued;
  std::string advisory_id;
  std::vector<std::string> platforms;
  std::vector<OvalReference> references;
  std::vector<std::string> cpes;
  /// Red Hat's word on what has no fix: state ("Will not fix"), component.
  std::vector<std::pair<std::string, std::string>> resolutions;
  OvalCriteria criteria;
};

/// What the state of a test asks for; "" for what it leaves open.
struct OvalState {
  std::string evr;
  std::string evr_operation;  // "less than"
  std::string version;
  std::string release;
  std::string architecture;
};

/// One test of a case, with what it names. Views into the document.
struct OvalCondition {
  std::string_view package;          // name of the object; "" for one without
  std::string_view comment;          // of the criterion
  bool absent = false;               // asks that the package is not installed
  const OvalState* state = nullptr;  // never nullptr; empty for a test without a state
};
using OvalCase = std::vector<OvalCondition>;

class OvalReader : public FeedReader, private XmlHandler {
 public:
  OvalReader();
  ~OvalReader() override;
  Status Take(const Piece& piece, FeedSink& sink) final;

 protected:
  /// What a definition says; its errors are of that definition alone. Records get the member's name
  /// and the definition's id as their part.
  virtual Status Define(const OvalDefinition& definition, const std::vector<OvalCase>& cases,
                        std::vector<StagedRecord>* records) = 0;
  const std::string& member() const { return member_; }
  /// <product_name> of the generator.
  const std::string& generator() const { return generator_; }

 private:
  struct Document;
  Status Open(std::string_view name, const XmlAttributes& attributes) final;
  Status Close(std::string_view name, std::string_view text) final;
  void OpenInDefinition(std::string_view name, const XmlAttributes& attributes);
  void CloseInDefinition(std::string_view name, std::string_view text);
  void OpenEntity(std::string_view name, const XmlAttributes& attributes);
  void CloseEntity(std::string_view name, std::string_view text);
  Status Count();
  Status EndDocument(FeedSink& sink);

  std::unique_ptr<Document> document_;
  std::unique_ptr<XmlStream> xml_;
  std::string member_;
  std::string generator_;
};

/// The first number in a text, with its dots: "^8" → "8", "15.2" → "15.2"; "" for none.
std::string NumberIn(std::string_view text);

}  // namespace landwaiter::advisories
