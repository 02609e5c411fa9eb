// Red Hat's repository-to-cpe.json
// (https://security.access.redhat.com/data/metrics/repository-to-cpe.json): which products a
// repository belongs to. Images name the repositories that they were built from; advisories name
// products.
#include "lib/base/text.h"
#include "scanner/advisories/feeds/document.h"
#include "scanner/advisories/feeds/readers.h"
#include "scanner/advisories/ids.h"

namespace landwaiter::advisories {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxCpes = 10'000;

class RedHatCpeFeed final : public DocumentReader {
  Status Read(std::string_view /*name*/, std::string_view bytes, FeedSink& sink) override {
    const auto root = parser_.ParseObject(bytes);
    if (!root) return root.error();
    const FieldPath path;
    const auto data = OptionalObject(*root, "data", path);
    if (!data) return data.error();
    const FieldPath list = path.Child("data");
    if (!data->has_value()) return Missing(list);
    for (const auto& [name, element] : **data) {
      Status status = ReadRepository(name, element, list.Child(name), sink);
      if (!status) status = sink.Broken(std::move(status).error());
      if (!status) return status;
    }
    return Ok();
  }

  static Status ReadRepository(std::string_view name, const dom::element& element,
                               const FieldPath& path, FeedSink& sink) {
    dom::object repository;
    if (element.get_object().get(repository) != simdjson::SUCCESS) {
      return WrongType(path, element, "an object");
    }
    if (!IsId(name)) return InvalidArgument("field " + path.ToString() + ": has no name");
    const auto cpes = OptionalArray(repository, "cpes", path, kMaxCpes);
    if (!cpes) return cpes.error();
    if (!cpes->has_value()) return Missing(path.Child("cpes"));
    std::vector<std::string> found;
    std::size_t index = 0;
    const FieldPath cpes_path = path.Child("cpes");
    for (const dom::element cpe : **cpes) {
      std::string_view text;
      const FieldPath item = cpes_path.Item(index++);
      if (cpe.get_string().get(text) != simdjson::SUCCESS) return WrongType(item, cpe, "a CPE");
      if (!IsId(text)) return InvalidArgument("field " + item.ToString() + ": is no CPE");
      found.emplace_back(text);
    }
    return sink.PutRepository(name, found);
  }

  DocumentParser parser_;
};

}  // namespace

std::unique_ptr<FeedReader> MakeRedHatCpeFeed() { return std::make_unique<RedHatCpeFeed>(); }

}  // namespace landwaiter::advisories
