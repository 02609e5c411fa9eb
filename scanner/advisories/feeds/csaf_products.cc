#include "scanner/advisories/feeds/csaf_products.h"

#include <optional>

#include "lib/base/text.h"
#include "scanner/advisories/feeds/purl_parts.h"
#include "scanner/advisories/red_hat.h"

namespace landwaiter::advisories {
namespace {

namespace dom = simdjson::dom;

/// A kernel CVE has some 40,000 products and as many relationships.
constexpr std::size_t kMaxProducts = 2'000'000;
constexpr std::size_t kMaxProductIdBytes = 1024;
constexpr std::size_t kMaxPurlTextBytes = 4096;
/// Vendor, family, name, version: Red Hat nests 4.
constexpr int kMaxBranchDepth = 16;

/// "nodejs:18" of "nodejs:18:8090020231114113312:a75119d5"; "" for what names no stream.
std::string StreamOf(std::string_view module) {
  const auto parts = text::Split(module, ':');
  if (parts.size() < 2 || parts[0].empty() || parts[1].empty()) return {};
  // "go-toolset:rhel8/go-toolset" is a component, not a module.
  if (module.find('/') != std::string_view::npos) return {};
  return std::string(parts[0]) + ":" + std::string(parts[1]);
}

/// Component names without a purl: "vim", or "nodejs:18/nodejs" within a module.
std::optional<RedHatComponent> ByName(std::string_view id) {
  RedHatComponent component;
  const std::size_t slash = id.find('/');
  if (slash != std::string_view::npos) {
    component.module = StreamOf(id.substr(0, slash));
    if (component.module.empty()) return {};
    id.remove_prefix(slash + 1);
  }
  if (id.empty() || id.find_first_of("/ @") != std::string_view::npos) return {};
  component.package = id;
  return component;
}

std::optional<RedHatComponent> ByPurl(const PurlParts& purl) {
  if (purl.type != "rpm") return {};
  RedHatComponent component;
  component.package = purl.name;
  component.architecture = purl.Qualifier("arch");
  component.module = StreamOf(purl.Qualifier("rpmmod"));
  component.evr = purl.version;
  const std::string_view epoch = purl.Qualifier("epoch");
  if (!component.evr.empty() && !epoch.empty() && epoch != "0") {
    component.evr = std::string(epoch) + ":" + component.evr;
  }
  // "pkg:rpm/redhat/go-toolset@rhel8?rpmmod=go-toolset:rhel8" has the stream for a version.
  if (component.evr.find('-') == std::string::npos) component.evr.clear();
  return component;
}

}  // namespace

Status CsafProducts::Read(const dom::object& document) {
  const FieldPath root;
  const auto tree = OptionalObject(document, "product_tree", root);
  if (!tree) return tree.error();
  const FieldPath path = root.Child("product_tree");
  if (!tree->has_value()) return Ok();
  const auto branches = OptionalArray(**tree, "branches", path, kMaxProducts);
  if (!branches) return branches.error();
  if (branches->has_value()) {
    if (Status status = ReadBranches(**branches, path.Child("branches"), 0); !status) return status;
  }
  const auto relationships = OptionalArray(**tree, "relationships", path, kMaxProducts);
  if (!relationships) return relationships.error();
  if (!relationships->has_value()) return Ok();
  const FieldPath list = path.Child("relationships");
  // Modules may stand after their components: those are related in a second round.
  for (int round = 0; round < 2; ++round) {
    std::size_t index = 0;
    for (const dom::element element : **relationships) {
      const FieldPath item = list.Item(index++);
      dom::object relationship;
      if (element.get_object().get(relationship) != simdjson::SUCCESS) {
        return WrongType(item, element, "an object");
      }
      if (Status status = ReadRelationship(relationship, item); !status) return status;
    }
  }
  return Ok();
}

Status CsafProducts::ReadBranches(const dom::array& branches, const FieldPath& path, int depth) {
  if (depth > kMaxBranchDepth) {
    return ResourceExhausted("field " + path.ToString() + ": is nested deeper than " +
                             std::to_string(kMaxBranchDepth) + " levels");
  }
  std::size_t index = 0;
  for (const dom::element element : branches) {
    const FieldPath item = path.Item(index++);
    dom::object branch;
    if (element.get_object().get(branch) != simdjson::SUCCESS) {
      return WrongType(item, element, "an object");
    }
    const auto product = OptionalObject(branch, "product", item);
    if (!product) return product.error();
    if (product->has_value()) {
      if (Status status = ReadProduct(**product, item.Child("product")); !status) return status;
    }
    const auto below = OptionalArray(branch, "branches", item, kMaxProducts);
    if (!below) return below.error();
    if (!below->has_value()) continue;
    if (Status status = ReadBranches(**below, item.Child("branches"), depth + 1); !status) {
      return status;
    }
  }
  return Ok();
}

Status CsafProducts::ReadProduct(const dom::object& product, const FieldPath& path) {
  const auto id = RequiredText(product, "product_id", path, kMaxProductIdBytes);
  if (!id) return id.error();
  Product& known = products_[std::string(*id)];
  known.known = true;
  const auto helper = OptionalObject(product, "product_identification_helper", path);
  if (!helper) return helper.error();
  if (!helper->has_value()) return Ok();
  const FieldPath helper_path = path.Child("product_identification_helper");
  const auto purl = OptionalText(**helper, "purl", helper_path, kMaxPurlTextBytes);
  if (!purl) return purl.error();
  known.purl = purl->value_or(std::string_view());
  const std::string_view cpe = LooseText(**helper, "cpe").value_or(std::string_view());
  known.ecosystem = RedHatEcosystem(cpe);
  known.of_minor = IsOfRedHatMinor(cpe);
  const auto parts = ParsePurl(known.purl);
  const auto component = parts ? ByPurl(*parts) : std::nullopt;
  if (!component || !component->evr.empty()) return Ok();
  (component->architecture == "src" ? sources_ : binaries_) = true;
  return Ok();
}

Status CsafProducts::ReadRelationship(const dom::object& relationship, const FieldPath& path) {
  const auto component = RequiredText(relationship, "product_reference", path, kMaxProductIdBytes);
  if (!component) return component.error();
  const auto product =
      RequiredText(relationship, "relates_to_product_reference", path, kMaxProductIdBytes);
  if (!product) return product.error();
  const auto name = OptionalObject(relationship, "full_product_name", path);
  if (!name) return name.error();
  const FieldPath name_path = path.Child("full_product_name");
  if (!name->has_value()) return Missing(name_path);
  const auto whole = RequiredText(**name, "product_id", name_path, kMaxProductIdBytes);
  if (!whole) return whole.error();
  Relate(*whole, *component, *product);
  return Ok();
}

void CsafProducts::Relate(std::string_view whole, std::string_view component,
                          std::string_view product) {
  std::string ecosystem, module;
  bool of_minor = false;
  if (const auto at = modules_.find(product); at != modules_.end()) {
    ecosystem = at->second.ecosystem;
    module = at->second.module;
    of_minor = at->second.of_minor;
  } else if (const auto found = products_.find(product); found != products_.end()) {
    ecosystem = found->second.ecosystem;
    of_minor = found->second.of_minor;
  }
  if (ecosystem.empty()) return;
  const auto at = products_.find(component);
  const auto purl = at == products_.end() ? std::nullopt : ParsePurl(at->second.purl);
  if (purl && purl->type == "rpmmod") {
    RedHatComponent of_module;
    of_module.ecosystem = ecosystem;
    of_module.of_minor = of_minor;
    of_module.module = StreamOf(purl->name + ":" + purl->version);
    if (!of_module.module.empty()) modules_.insert_or_assign(std::string(whole), of_module);
    return;
  }
  auto found = purl ? ByPurl(*purl) : ByName(component);
  if (!found) return;
  found->ecosystem = ecosystem;
  found->of_minor = of_minor;
  if (!module.empty()) found->module = module;
  components_.insert_or_assign(std::string(whole), *std::move(found));
}

const RedHatComponent* CsafProducts::Find(std::string_view product_id) const {
  const auto at = components_.find(product_id);
  return at == components_.end() ? nullptr : &at->second;
}

}  // namespace landwaiter::advisories
