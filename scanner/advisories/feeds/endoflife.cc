// endoflife.date: until when releases are cared for. Three shapes are read: release-data (one file
// a product, "releases" by name), the API of today (/api/v1, "result" with one product or all) and
// the older one (/api/PRODUCT.json, a list of cycles). In the first and last the product is the
// name of the file.
#include <filesystem>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "scanner/advisories/feeds/readers.h"
#include "scanner/advisories/ids.h"
#include "scanner/advisories/json_fields.h"
#include "scanner/advisories/limits.h"

namespace landwaiter::advisories {
namespace {

namespace dom = simdjson::dom;

/// There are some 400 products, the longest with some 200 releases.
constexpr std::size_t kMaxProducts = 10'000;
constexpr std::size_t kMaxReleases = 10'000;
constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kDateBytes = 10;

/// A date; true is "ended, nobody knows when", false and absent are "no end is set".
Result<std::string> ReadDate(const dom::object& object, std::string_view name,
                             const FieldPath& path) {
  dom::element element;
  if (object.at_key(name).get(element) != simdjson::SUCCESS || element.is_null()) {
    return std::string();
  }
  bool ended = false;
  if (element.get_bool().get(ended) == simdjson::SUCCESS) {
    return std::string(ended ? kEndedUnknownWhen : std::string_view());
  }
  std::string_view date;
  if (element.get_string().get(date) != simdjson::SUCCESS) {
    return WrongType(path.Child(name), element, "a date or a boolean");
  }
  if (date.size() != kDateBytes || !ParseTime(date)) {
    return InvalidArgument("field " + path.Child(name).ToString() + ": " + text::JsonQuote(date) +
                           " is no date");
  }
  return std::string(date);
}

struct Names {
  std::string_view end;
  std::string_view extension;
};

/// A release is broken by itself: the others are read.
Status PutRelease(std::string_view product, std::string_view release, const dom::object& object,
                  const FieldPath& path, Names names, FeedSink& sink) {
  if (!IsId(product) || !IsId(release)) {
    return sink.Broken(InvalidArgument("field " + path.ToString() + ": has no name"));
  }
  auto end = ReadDate(object, names.end, path);
  if (!end) return sink.Broken(std::move(end).error());
  auto extension = ReadDate(object, names.extension, path);
  if (!extension) return sink.Broken(std::move(extension).error());
  return sink.Put(Lifecycle{std::string(product), std::string(release), *end, *extension});
}

class EndOfLifeFeed final : public DocumentReader {
  Status Read(std::string_view name, std::string_view bytes, FeedSink& sink) override {
    dom::parser parser;
    if (parser.allocate(bytes.size() + 1, kMaxDepth) != simdjson::SUCCESS) {
      return Internal("no memory for a document of " + std::to_string(bytes.size()) + " bytes");
    }
    const std::string product = std::filesystem::path(name).stem().string();
    dom::array cycles;
    dom::element root;
    if (parser.parse(bytes.data(), bytes.size(), true).get(root) == simdjson::SUCCESS &&
        root.get_array().get(cycles) == simdjson::SUCCESS) {
      return ReadList(product, cycles, "cycle", FieldPath{}, {"eol", "extendedSupport"}, sink);
    }
    const auto object = ParseRoot(parser, bytes);
    if (!object) return object.error();
    const FieldPath path;
    const auto releases = OptionalObject(*object, "releases", path);
    if (!releases) return releases.error();
    if (releases->has_value()) return ReadByName(product, **releases, sink);
    return ReadResult(*object, sink);
  }

  static Status ReadByName(std::string_view product, const dom::object& releases, FeedSink& sink) {
    const FieldPath root;
    const FieldPath list = root.Child("releases");
    for (const auto& [name, element] : releases) {
      dom::object release;
      if (element.get_object().get(release) != simdjson::SUCCESS) {
        return WrongType(list.Child(name), element, "an object");
      }
      if (Status status =
              PutRelease(product, name, release, list.Child(name), {"eol", "eoes"}, sink);
          !status) {
        return status;
      }
    }
    return Ok();
  }

  static Status ReadList(std::string_view product, const dom::array& releases,
                         std::string_view name_field, const FieldPath& path, Names names,
                         FeedSink& sink) {
    std::size_t index = 0;
    for (const dom::element element : releases) {
      const FieldPath item = path.Item(index++);
      if (index > kMaxReleases) return ResourceExhausted("has more releases than any product");
      dom::object release;
      if (element.get_object().get(release) != simdjson::SUCCESS) {
        return WrongType(item, element, "an object");
      }
      const auto name = LooseText(release, name_field).value_or(std::string_view());
      if (Status status = PutRelease(product, name, release, item, names, sink); !status) {
        return status;
      }
    }
    return Ok();
  }

  static Status ReadProduct(const dom::object& product, const FieldPath& path, FeedSink& sink) {
    const auto name = RequiredText(product, "name", path, kMaxIdBytes);
    if (!name) return name.error();
    const auto releases = OptionalArray(product, "releases", path, kMaxReleases);
    if (!releases) return releases.error();
    if (!releases->has_value()) return Missing(path.Child("releases"));
    return ReadList(*name, **releases, "name", path.Child("releases"), {"eolFrom", "eoesFrom"},
                    sink);
  }

  static Status ReadResult(const dom::object& root, FeedSink& sink) {
    const FieldPath path;
    const FieldPath result = path.Child("result");
    dom::object product;
    if (root.at_key("result").get_object().get(product) == simdjson::SUCCESS) {
      return ReadProduct(product, result, sink);
    }
    const auto products = OptionalArray(root, "result", path, kMaxProducts);
    if (!products) return products.error();
    if (!products->has_value()) {
      return InvalidArgument("has neither releases nor result: is no data of endoflife.date");
    }
    std::size_t index = 0;
    for (const dom::element element : **products) {
      const FieldPath item = result.Item(index++);
      if (element.get_object().get(product) != simdjson::SUCCESS) {
        return WrongType(item, element, "an object");
      }
      if (Status status = ReadProduct(product, item, sink); !status) return status;
    }
    return Ok();
  }
};

}  // namespace

std::unique_ptr<FeedReader> MakeEndOfLifeFeed() { return std::make_unique<EndOfLifeFeed>(); }

}  // namespace landwaiter::advisories
