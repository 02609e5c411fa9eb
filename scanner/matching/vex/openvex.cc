// OpenVEX: https://github.com/openvex/spec (OPENVEX-SPEC.md, 0.2.0). 0.0.1 wrote vulnerability and
// products as text, and subcomponents beside them.
#include <algorithm>

#include "scanner/matching/vex/readers.h"

namespace landwaiter::matching::vex {
namespace {

using nlohmann::json;

std::string PurlOf(const json& component) {
  if (component.is_string()) return component.get<std::string>();
  const std::string purl = TextAt(At(component, "identifiers"), "purl");
  return purl.empty() ? TextAt(component, "@id") : purl;
}

std::vector<std::string> IdsOf(const json& statement) {
  const json& vulnerability = At(statement, "vulnerability");
  std::vector<std::string> ids;
  if (vulnerability.is_string()) ids.push_back(TextAt(statement, "vulnerability", 128));
  if (const std::string name = TextAt(vulnerability, "name", 128); !name.empty()) {
    ids.push_back(name);
  }
  const json& aliases = At(vulnerability, "aliases");
  if (aliases.is_array()) {
    for (const json& alias : aliases) {
      if (ids.size() < kMaxVexIds && alias.is_string()) ids.push_back(alias.get<std::string>());
    }
  }
  return ids;
}

Result<VexStatus> StatusOf(const std::string& text) {
  for (const VexStatus status : {VexStatus::kNotAffected, VexStatus::kAffected, VexStatus::kFixed,
                                 VexStatus::kUnderInvestigation}) {
    if (text == VexStatusName(status)) return status;
  }
  return InvalidArgument("status '" + Words(text) +
                         "' is none of not_affected, affected, fixed, under_investigation");
}

Result<std::vector<std::string>> Purls(const json& owner) {
  auto list = ListAt(owner, "subcomponents");
  if (!list) return list.error();
  if ((*list)->size() > kMaxSubcomponents) {
    return ResourceExhausted("a statement names more than " + std::to_string(kMaxSubcomponents) +
                             " subcomponents");
  }
  std::vector<std::string> purls;
  for (const json& part : **list) purls.push_back(PurlOf(part));
  return purls;
}

Status ReadStatement(const json& statement, const std::string& time, VexDocument& out) {
  VexStatement read;
  read.ids = IdsOf(statement);
  if (read.ids.empty()) return InvalidArgument("vulnerability.name is missing");
  auto status = StatusOf(TextAt(statement, "status", 64));
  if (!status) return status.error();
  read.status = *status;
  read.justification = Words(TextAt(statement, "justification"));
  const std::string impact = Words(TextAt(statement, "impact_statement"));
  if (read.justification.empty()) {
    read.justification = impact;
  } else if (!impact.empty()) {
    read.justification += ": " + impact;
  }
  for (const char* field : {"timestamp", "last_updated"}) {
    if (const std::string own = TextAt(statement, field, 64); !own.empty()) read.time = own;
  }
  if (read.time.empty()) read.time = time;
  auto products = ListAt(statement, "products");
  if (!products) return products.error();
  for (const json& product : **products) {
    VexStatement one = read;
    one.product = PurlOf(product);
    auto parts = Purls(product.is_string() ? statement : product);
    if (!parts) return parts.error();
    one.subcomponents = *std::move(parts);
    if (Status added = Add(std::move(one), out); !added) return added;
  }
  return Ok();
}

}  // namespace

Status ReadOpenVex(const json& document, VexDocument& out) {
  out.id = Words(TextAt(document, "@id"));
  const std::string time = TextAt(document, "timestamp", 64);
  auto statements = ListAt(document, "statements");
  if (!statements) return statements.error();
  for (std::size_t i = 0; i < (*statements)->size(); ++i) {
    if (Status read = ReadStatement((**statements)[i], time, out); !read) {
      return Error(read.error()).Context("statements[" + std::to_string(i) + "]");
    }
  }
  return Ok();
}

}  // namespace landwaiter::matching::vex
