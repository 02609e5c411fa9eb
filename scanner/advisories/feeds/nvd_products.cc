#include "scanner/advisories/feeds/nvd_products.h"

#include "lib/base/text.h"
#include "scanner/advisories/cpe.h"
#include "scanner/advisories/feeds/make_row.h"
#include "scanner/advisories/limits.h"
#include "scanner/versions/scheme.h"

namespace landwaiter::advisories {
namespace {

namespace dom = simdjson::dom;

/// The widest records (a flaw in a chip) have some 500 configurations of two nodes each.
constexpr std::size_t kMaxConfigurations = 10'000;
/// Names within a node; a kernel's history has some 5,000.
constexpr std::size_t kMaxNodeMatches = 100'000;
constexpr std::size_t kMaxCpeBytes = 1024;

bool IsTrue(const dom::object& object, std::string_view name) {
  bool value = false;
  return object.at_key(name).get_bool().get(value) == simdjson::SUCCESS && value;
}

/// The versions of one match, nullopt where they cannot be told.
Result<std::optional<StagedPackage>> RowOf(const dom::object& match, const Cpe& cpe,
                                           const FieldPath& path) {
  struct Bound {
    const char* name;
    EventKind kind;
  };
  // The schema has no "above": what begins after a version begins with it here.
  static constexpr Bound kBounds[] = {{"versionStartIncluding", EventKind::kIntroduced},
                                      {"versionStartExcluding", EventKind::kIntroduced},
                                      {"versionEndExcluding", EventKind::kFixed},
                                      {"versionEndIncluding", EventKind::kLastAffected}};
  Range range;
  for (const Bound& bound : kBounds) {
    const auto version = OptionalText(match, bound.name, path, versions::kMaxVersionBytes);
    if (!version) return version.error();
    if (!version->has_value()) continue;
    if (Status status = CheckVersion(kCpeEcosystem, **version); !status) {
      return std::optional<StagedPackage>();
    }
    range.events.push_back({bound.kind, std::string(**version)});
  }
  const bool bounded = !range.events.empty();
  if (!bounded && cpe.version != "*") {
    StagedPackage row = MakeRow(kCpeEcosystem, cpe.product, {});
    row.affected.ranges.clear();
    const bool plain = cpe.update == "*" || cpe.update == "-";
    row.affected.versions.push_back(cpe.version + (plain ? "" : cpe.update));
    return std::optional(std::move(row));
  }
  const bool introduced = bounded && range.events.front().kind == EventKind::kIntroduced;
  if (!introduced) range.events.insert(range.events.begin(), {EventKind::kIntroduced, "0"});
  return std::optional(MakeRow(kCpeEcosystem, cpe.product, std::move(range)));
}

Status ReadMatch(const dom::element& element, const FieldPath& path,
                 std::vector<StagedPackage>* rows) {
  dom::object match;
  if (element.get_object().get(match) != simdjson::SUCCESS) {
    return WrongType(path, element, "an object");
  }
  if (!IsTrue(match, "vulnerable")) return Ok();
  const auto criteria = RequiredText(match, "criteria", path, kMaxCpeBytes);
  if (!criteria) return criteria.error();
  const auto cpe = ParseCpe(*criteria);
  if (!cpe) {
    return InvalidArgument("field " + path.Child("criteria").ToString() + ": " +
                           text::JsonQuote(*criteria) + " is no CPE 2.3 name");
  }
  const bool program = cpe->plain && cpe->version != "-" && cpe->product.starts_with("a:") &&
                       CheckPackageName(cpe->product);
  if (!program) return Ok();
  auto row = RowOf(match, *cpe, path);
  if (!row) return std::move(row).error();
  if (row->has_value()) rows->push_back(**std::move(row));
  return Ok();
}

Status ReadNode(const dom::object& node, const FieldPath& path, std::vector<StagedPackage>* rows) {
  const bool alternatives = LooseText(node, "operator") == std::string_view("OR");
  if (!alternatives || IsTrue(node, "negate")) return Ok();
  const auto matches = OptionalArray(node, "cpeMatch", path, kMaxNodeMatches);
  if (!matches) return matches.error();
  if (!matches->has_value()) return Ok();
  const FieldPath list = path.Child("cpeMatch");
  std::size_t index = 0;
  for (const dom::element element : **matches) {
    if (Status status = ReadMatch(element, list.Item(index++), rows); !status) return status;
  }
  return Ok();
}

}  // namespace

Result<std::vector<StagedPackage>> ReadConfigurations(const dom::object& cve,
                                                      const FieldPath& path) {
  std::vector<StagedPackage> rows;
  const auto configurations = OptionalArray(cve, "configurations", path, kMaxConfigurations);
  if (!configurations) return configurations.error();
  if (!configurations->has_value()) return rows;
  const FieldPath list = path.Child("configurations");
  std::size_t index = 0;
  for (const dom::element element : **configurations) {
    const FieldPath item = list.Item(index++);
    dom::object configuration;
    if (element.get_object().get(configuration) != simdjson::SUCCESS) {
      return WrongType(item, element, "an object");
    }
    if (LooseText(configuration, "operator") == std::string_view("AND")) continue;
    const auto nodes = OptionalArray(configuration, "nodes", item, kMaxConfigurations);
    if (!nodes) return nodes.error();
    if (!nodes->has_value()) continue;
    const FieldPath nodes_path = item.Child("nodes");
    std::size_t at = 0;
    for (const dom::element node_element : **nodes) {
      const FieldPath node_path = nodes_path.Item(at++);
      dom::object node;
      if (node_element.get_object().get(node) != simdjson::SUCCESS) {
        return WrongType(node_path, node_element, "an object");
      }
      if (Status status = ReadNode(node, node_path, &rows); !status) return status.error();
    }
  }
  return rows;
}

}  // namespace landwaiter::advisories
