// CSAF 2.0 (OASIS csaf-v2.0), profile 5 "VEX": product_status of each vulnerability, for products
// that product_tree names by package URL; of a relationship ("openssl as a component of RHEL 9")
// the component is what is installed.
#include <map>

#include "scanner/matching/vex/readers.h"

namespace landwaiter::matching::vex {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxProducts = 500'000;
constexpr int kMaxBranches = 64;

using PurlsById = std::map<std::string, std::string>;

Status TakeProduct(const json& product, PurlsById& purls) {
  const std::string id = TextAt(product, "product_id");
  const std::string purl = TextAt(At(product, "product_identification_helper"), "purl");
  if (id.empty() || purl.empty()) return Ok();
  if (purls.size() >= kMaxProducts) {
    return ResourceExhausted("product_tree has more than " + std::to_string(kMaxProducts) +
                             " products");
  }
  purls[id] = purl;
  return Ok();
}

Status TakeBranches(const json& owner, int depth, PurlsById& purls) {
  if (depth > kMaxBranches) return ResourceExhausted("product_tree is nested too deep");
  auto branches = ListAt(owner, "branches");
  if (!branches) return branches.error();
  for (const json& branch : **branches) {
    if (Status taken = TakeProduct(At(branch, "product"), purls); !taken) return taken;
    if (Status taken = TakeBranches(branch, depth + 1, purls); !taken) return taken;
  }
  return Ok();
}

Status TakeRelationships(const json& tree, PurlsById& purls) {
  auto list = ListAt(tree, "relationships");
  if (!list) return list.error();
  // One may refer to another: as often as it may help, and no more.
  for (int pass = 0; pass < 4; ++pass) {
    bool more = false;
    for (const json& relationship : **list) {
      const json& product = At(relationship, "full_product_name");
      const std::string id = TextAt(product, "product_id");
      if (id.empty() || purls.contains(id)) continue;
      if (Status taken = TakeProduct(product, purls); !taken) return taken;
      const auto part = purls.find(TextAt(relationship, "product_reference"));
      if (purls.contains(id) || part == purls.end()) continue;
      if (purls.size() >= kMaxProducts) return ResourceExhausted("too many products");
      purls[id] = std::string(part->second);
      more = true;
    }
    if (!more) break;
  }
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

Status ReadVulnerability(const json& vulnerability, const PurlsById& purls, const std::string& time,
                         VexDocument& out) {
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
      const auto purl = purls.find(id);
      VexStatement statement;
      statement.ids = ids;
      statement.status = status;
      statement.product = purl == purls.end() ? "" : purl->second;
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
  PurlsById purls;
  auto names = ListAt(tree, "full_product_names");
  if (!names) return names.error();
  for (const json& product : **names) {
    if (Status taken = TakeProduct(product, purls); !taken) return taken;
  }
  if (Status taken = TakeBranches(tree, 0, purls); !taken) return taken;
  if (Status taken = TakeRelationships(tree, purls); !taken) return taken;
  auto list = ListAt(document, "vulnerabilities");
  if (!list) return list.error();
  for (std::size_t i = 0; i < (*list)->size(); ++i) {
    if (Status read = ReadVulnerability((**list)[i], purls, time, out); !read) {
      return Error(read.error()).Context("vulnerabilities[" + std::to_string(i) + "]");
    }
  }
  return Ok();
}

}  // namespace landwaiter::matching::vex
