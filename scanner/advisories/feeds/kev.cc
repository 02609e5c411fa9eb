// CISA's Known Exploited Vulnerabilities catalogue (known_exploited_vulnerabilities.json; schema:
// cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities_schema.json). A catalogue
// without entries, or with another number than its `count` says, is an error.
#include "lib/base/clock.h"
#include "scanner/advisories/feeds/readers.h"
#include "scanner/advisories/json_fields.h"
#include "scanner/advisories/limits.h"

namespace landwaiter::advisories {
namespace {

namespace dom = simdjson::dom;

/// The catalogue of 2025 has 1,404 entries.
constexpr std::size_t kMaxEntries = 200'000;
constexpr std::size_t kMaxDepth = 64;

Status ReadEntry(const dom::element& element, const FieldPath& path, FeedSink& sink) {
  dom::object entry;
  if (element.get_object().get(entry) != simdjson::SUCCESS) {
    return WrongType(path, element, "an object");
  }
  const auto id = RequiredText(entry, "cveID", path, kMaxIdBytes);
  if (!id) return id.error();
  const auto added = OptionalText(entry, "dateAdded", path, kMaxIdBytes);
  if (!added) return added.error();
  const auto due = OptionalText(entry, "dueDate", path, kMaxIdBytes);
  if (!due) return due.error();
  CveFacts facts;
  facts.exploited_since = std::string(added->value_or(std::string_view()));
  // What is no day is as good as none: nobody knows by when.
  if (ParseTime(due->value_or(std::string_view()))) facts.exploited_due = std::string(**due);
  return sink.Put(*id, facts);
}

class KevFeed final : public DocumentReader {
  Status Read(std::string_view /*name*/, std::string_view bytes, FeedSink& sink) override {
    dom::parser parser;
    if (parser.allocate(bytes.size() + 1, kMaxDepth) != simdjson::SUCCESS) {
      return Internal("no memory for a catalogue of " + std::to_string(bytes.size()) + " bytes");
    }
    const auto root = ParseRoot(parser, bytes);
    if (!root) return root.error();
    const FieldPath path;
    const auto released = OptionalText(*root, "dateReleased", path, kMaxIdBytes);
    if (!released) return released.error();
    sink.Released(released->value_or(std::string_view()));
    return ReadEntries(*root, sink);
  }

  static Status ReadEntries(const dom::object& root, FeedSink& sink) {
    const FieldPath path;
    const auto entries = OptionalArray(root, "vulnerabilities", path, kMaxEntries);
    if (!entries) return entries.error();
    const FieldPath list = path.Child("vulnerabilities");
    if (!entries->has_value()) return Missing(list);
    std::size_t count = 0;
    for (const dom::element element : **entries) {
      if (Status status = ReadEntry(element, list.Item(count++), sink); !status) return status;
    }
    std::uint64_t stated = count;
    if (root.at_key("count").get_uint64().get(stated) == simdjson::SUCCESS && stated != count) {
      return InvalidArgument("field count: is " + std::to_string(stated) + ", but there are " +
                             std::to_string(count) +
                             " vulnerabilities: the catalogue is not whole");
    }
    if (count == 0) return InvalidArgument("field vulnerabilities: is empty");
    return Ok();
  }
};

}  // namespace

std::unique_ptr<FeedReader> MakeKevFeed() { return std::make_unique<KevFeed>(); }

}  // namespace landwaiter::advisories
