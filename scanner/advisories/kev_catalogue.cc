#include "scanner/advisories/kev_catalogue.h"

#include "scanner/advisories/json_fields.h"
#include "scanner/advisories/osv_record.h"

namespace landwaiter::advisories {

Result<KevCatalogue> ReadKevCatalogue(std::string_view json) {
  namespace dom = simdjson::dom;
  if (json.size() > kMaxKevBytes) {
    return ResourceExhausted("has " + std::to_string(json.size()) + " bytes, expected at most " +
                             std::to_string(kMaxKevBytes));
  }
  dom::parser parser;
  if (parser.allocate(json.size() + 1, kMaxRecordDepth) != simdjson::SUCCESS) {
    return Internal("no memory for a catalogue of " + std::to_string(json.size()) + " bytes");
  }
  const auto root = ParseRoot(parser, json);
  if (!root) return root.error();
  const FieldPath path;
  KevCatalogue catalogue;
  const auto released = OptionalText(*root, "dateReleased", path, kMaxIdBytes);
  if (!released) return released.error();
  catalogue.released = released->value_or(std::string_view());
  const auto entries = OptionalArray(*root, "vulnerabilities", path, kMaxKevEntries);
  if (!entries) return entries.error();
  const FieldPath list = path.Child("vulnerabilities");
  if (!entries->has_value()) return Missing(list);
  std::size_t count = 0;
  for (const dom::element element : **entries) {
    const FieldPath item = list.Item(count++);
    dom::object entry;
    if (element.get_object().get(entry) != simdjson::SUCCESS) {
      return WrongType(item, element, "an object");
    }
    const auto id = RequiredText(entry, "cveID", item, kMaxIdBytes);
    if (!id) return id.error();
    const auto added = OptionalText(entry, "dateAdded", item, kMaxIdBytes);
    if (!added) return added.error();
    catalogue.date_added[std::string(*id)] = added->value_or(std::string_view());
  }
  std::uint64_t stated = count;
  if (root->at_key("count").get_uint64().get(stated) == simdjson::SUCCESS && stated != count) {
    return InvalidArgument("field count: is " + std::to_string(stated) + ", but there are " +
                           std::to_string(count) + " vulnerabilities: the catalogue is not whole");
  }
  if (count == 0) return InvalidArgument("field vulnerabilities: is empty");
  return catalogue;
}

}  // namespace landwaiter::advisories
