// CSAF 2.0 (OASIS csaf-v2.0), profile 5 "VEX": product_status of each vulnerability, for products
// that product_tree names by package URL; of a relationship ("openssl as a component of RHEL 9")
// the component is what is installed, and what it is said to be a component of narrows that: an
// image by its package URL, a release of an operating system by its CPE.
#include <map>

#include "lib/base/text.h"
#include "scanner/matching/vex/readers.h"

namespace landwaiter::matching::vex {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxProducts = 500'000;
constexpr int kMaxBranches = 64;
constexpr int kMaxNesting = 8;  // of relationships
/// Holds nothing that is installed: what is within it matches nothing.
constexpr const char* kNowhere = "pkg:generic/nowhere";

struct Product {
  std::string purl;     // of what is installed; "" where only a CPE names it
  std::string cpe;      // its own
  std::string within;   // purl of what holds it; "" where nothing that a purl names does
  std::string release;  // of the operating system that it is a part of, "9"; "" for any
};
using ProductsById = std::map<std::string, Product>;

Status Keep(const std::string& id, Product product, ProductsById& products) {
  if (products.size() >= kMaxProducts) {
    return ResourceExhausted("product_tree has more than " + std::to_string(kMaxProducts) +
                             " products");
  }
  products[id] = std::move(product);
  return Ok();
}

Status TakeProduct(const json& product, ProductsById& products) {
  const std::string id = TextAt(product, "product_id");
  const json& helper = At(product, "product_identification_helper");
  Product read{TextAt(helper, "purl"), TextAt(helper, "cpe"), "", ""};
  if (id.empty() || (read.purl.empty() && read.cpe.empty())) return Ok();
  return Keep(id, std::move(read), products);
}

/// "9" of cpe:/o:redhat:enterprise_linux:9 and of cpe:2.3:o:…: product and release of a CPE.
std::pair<std::string, std::string> ProductAndRelease(std::string_view cpe) {
  constexpr std::string_view k23 = "cpe:2.3:", k22 = "cpe:/";
  if (!cpe.starts_with(k23) && !cpe.starts_with(k22)) return {};
  cpe.remove_prefix(cpe.starts_with(k23) ? k23.size() : k22.size());
  const auto parts = text::Split(cpe, ':');
  if (parts.size() < 3) return {};
  const std::string_view release = parts.size() > 3 ? parts[3] : std::string_view();
  const bool any = release == "*" || release == "-";
  return {std::string(parts[2]), any ? std::string() : std::string(release)};
}

bool NamesOneVersion(std::string_view purl) {
  // Of an image the repository tells enough.
  return purl.find('@') != std::string_view::npos || purl.starts_with("pkg:oci/") ||
         purl.starts_with("pkg:docker/");
}

/// What is said of `part` as a component of `whole` is said of nothing wider.
Product Within(const Product& whole, Product part) {
  part.cpe.clear();
  if (!whole.within.empty()) part.within = whole.within;
  if (!whole.release.empty()) part.release = whole.release;
  // A module of rpm is no file that holds the package.
  if (!whole.purl.empty() && !whole.purl.starts_with("pkg:rpmmod/")) part.within = whole.purl;
  if (!whole.purl.empty() || whole.cpe.empty()) return part;
  const auto [product, release] = ProductAndRelease(whole.cpe);
  if (product.find("linux") != std::string::npos || whole.cpe.starts_with("cpe:/o:") ||
      whole.cpe.starts_with("cpe:2.3:o:")) {
    part.release = release;
  } else if (!NamesOneVersion(part.purl)) {
    part.purl.clear();  // any version, in a program that nothing tells from others
  }
  return part;
}

Status TakeBranches(const json& owner, int depth, ProductsById& products) {
  if (depth > kMaxBranches) return ResourceExhausted("product_tree is nested too deep");
  auto branches = ListAt(owner, "branches");
  if (!branches) return branches.error();
  for (const json& branch : **branches) {
    if (Status taken = TakeProduct(At(branch, "product"), products); !taken) return taken;
    if (Status taken = TakeBranches(branch, depth + 1, products); !taken) return taken;
  }
  return Ok();
}

struct Relationship {
  Product own;  // where the whole name has a package URL of its own
  std::string part, whole;
};
using Relationships = std::map<std::string, Relationship>;

/// A product of the tree or of a relationship, both ends of which may be relationships themselves;
/// each is kept in `products`. Without a purl where that has no end.
Product Resolve(const std::string& id, const Relationships& relationships, int depth,
                ProductsById& products) {
  if (const auto known = products.find(id); known != products.end()) return known->second;
  const auto found = relationships.find(id);
  if (found == relationships.end()) return {};
  Product resolved;
  if (depth < kMaxNesting) {
    const auto& [own, part, whole] = found->second;
    resolved = own.purl.empty() ? Resolve(part, relationships, depth + 1, products) : own;
    resolved = Within(Resolve(whole, relationships, depth + 1, products), std::move(resolved));
  } else {
    resolved.within = kNowhere;  // of what it is a component, too
  }
  products[id] = resolved;
  return resolved;
}

Status TakeRelationships(const json& tree, ProductsById& products) {
  auto list = ListAt(tree, "relationships");
  if (!list) return list.error();
  Relationships relationships;
  for (const json& relationship : **list) {
    const json& name = At(relationship, "full_product_name");
    const std::string id = TextAt(name, "product_id");
    if (id.empty() || products.contains(id)) continue;
    if (products.size() + relationships.size() >= kMaxProducts) {
      return ResourceExhausted("product_tree has more than " + std::to_string(kMaxProducts) +
                               " products");
    }
    Relationship read{{},
                      TextAt(relationship, "product_reference"),
                      TextAt(relationship, "relates_to_product_reference")};
    read.own.purl = TextAt(At(name, "product_identification_helper"), "purl");
    relationships.emplace(id, std::move(read));
  }
  for (const auto& [id, relationship] : relationships) Resolve(id, relationships, 0, products);
  return Ok();
}

bool Names(const json& list, const std::string& id) {
  if (!list.is_array()) return false;
  for (const json& item : list) {
    if (item.is_string() && item.get_ref<const std::string&>() == id) return true;
  }
  return false;
}

/// "vulnerable_code_not_present: words", of those flags and threats that are about the product.
std::string WhyOf(const json& vulnerability, const std::string& product) {
  std::string why;
  const json& flags = At(vulnerability, "flags");
  if (flags.is_array()) {
    for (const json& flag : flags) {
      if (why.empty() && Names(At(flag, "product_ids"), product))
        why = Words(TextAt(flag, "label"));
    }
  }
  const json& threats = At(vulnerability, "threats");
  if (!threats.is_array()) return why;
  for (const json& threat : threats) {
    if (TextAt(threat, "category") != "impact" || !Names(At(threat, "product_ids"), product)) {
      continue;
    }
    return why + (why.empty() ? "" : ": ") + Words(TextAt(threat, "details"));
  }
  return why;
}

std::vector<std::string> IdsOf(const json& vulnerability) {
  std::vector<std::string> ids;
  if (const std::string cve = TextAt(vulnerability, "cve", 128); !cve.empty()) ids.push_back(cve);
  const json& others = At(vulnerability, "ids");
  if (!others.is_array()) return ids;
  for (const json& other : others) {
    const std::string text = TextAt(other, "text", 128);
    if (!text.empty() && ids.size() < kMaxVexIds) ids.push_back(text);
  }
  return ids;
}

Status ReadVulnerability(const json& vulnerability, const ProductsById& known,
                         const std::string& time, VexDocument& out) {
  // What takes nothing out comes last and so counts: a document that contradicts itself (section
  // 6.1.6 forbids it) excuses nothing.
  constexpr std::pair<const char*, VexStatus> kLists[] = {
      {"known_not_affected", VexStatus::kNotAffected},
      {"fixed", VexStatus::kFixed},
      {"first_fixed", VexStatus::kFixed},
      {"under_investigation", VexStatus::kUnderInvestigation},
      {"known_affected", VexStatus::kAffected},
      {"first_affected", VexStatus::kAffected},
      {"last_affected", VexStatus::kAffected},
  };
  const auto ids = IdsOf(vulnerability);
  if (ids.empty()) return InvalidArgument("neither cve nor ids name it");
  for (const auto& [name, status] : kLists) {
    auto products = ListAt(At(vulnerability, "product_status"), name);
    if (!products) return products.error();
    for (const json& product : **products) {
      if (!product.is_string()) continue;
      const auto& id = product.get_ref<const std::string&>();
      const auto found = known.find(id);
      VexStatement statement;
      statement.ids = ids;
      statement.status = status;
      if (found != known.end()) {
        const Product& product_of = found->second;
        statement.product = product_of.within.empty() ? product_of.purl : product_of.within;
        if (!product_of.within.empty()) statement.subcomponents = {product_of.purl};
        statement.release = product_of.release;
      }
      statement.time = time;
      if (status == VexStatus::kNotAffected) statement.justification = WhyOf(vulnerability, id);
      if (Status added = Add(std::move(statement), out); !added) return added;
    }
  }
  return Ok();
}

}  // namespace

Status ReadCsafVex(const json& document, VexDocument& out) {
  const json& tracking = At(At(document, "document"), "tracking");
  out.id = Words(TextAt(tracking, "id"));
  const std::string time = TextAt(tracking, "current_release_date", 64);
  const json& tree = At(document, "product_tree");
  ProductsById products;
  auto names = ListAt(tree, "full_product_names");
  if (!names) return names.error();
  for (const json& product : **names) {
    if (Status taken = TakeProduct(product, products); !taken) return taken;
  }
  if (Status taken = TakeBranches(tree, 0, products); !taken) return taken;
  if (Status taken = TakeRelationships(tree, products); !taken) return taken;
  auto list = ListAt(document, "vulnerabilities");
  if (!list) return list.error();
  for (std::size_t i = 0; i < (*list)->size(); ++i) {
    if (Status read = ReadVulnerability((**list)[i], products, time, out); !read) {
      return Error(read.error()).Context("vulnerabilities[" + std::to_string(i) + "]");
    }
  }
  return Ok();
}

}  // namespace landwaiter::matching::vex
