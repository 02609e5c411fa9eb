// How the report API's answers are shown.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/report_client.h"
#include "lib/base/text.h"
#include "report/without_commands.h"

namespace landwaiter::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxCell = 80;

/// Columns of a terminal: one a code point.
std::size_t Width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

}  // namespace

void PrintJson(const json& value) {
  const std::string text = value.dump(2, ' ', true, json::error_handler_t::replace);
  std::printf("%s\n", report::WithoutCommands(text).c_str());
}

void PrintTable(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> cells = rows;
  std::vector<std::size_t> widths;
  for (auto& row : cells) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t c = 0; c < row.size(); ++c) {
      row[c] = text::Printable(row[c]);
      if (c + 1 < row.size()) row[c] = text::Truncate(row[c], kMaxCell);
      widths[c] = std::max(widths[c], Width(row[c]));
    }
  }
  for (const auto& row : cells) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      line += row[c];
      if (c + 1 < row.size()) line.append(widths[c] - Width(row[c]) + 2, ' ');
    }
    std::printf("%s\n", line.c_str());
  }
}

std::string Field(const json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  if (!object.is_object() || found == object.end() || found->is_null()) return "-";
  if (found->is_string()) {
    const std::string text = text::Printable(found->get_ref<const std::string&>());
    return text.empty() ? "-" : text;
  }
  return found->dump();
}

std::string CountsOf(const json& counts) {
  if (!counts.is_object()) return "-";
  std::string out;
  for (const char* severity : {"critical", "high", "medium", "low", "negligible", "unknown"}) {
    const auto found = counts.find(severity);
    if (found == counts.end() || !found->is_number_integer() || *found == 0) continue;
    out += (out.empty() ? "" : ", ") + found->dump() + " " + severity;
  }
  return out.empty() ? "none" : out;
}

std::string NamespacesOf(const json& used_by) {
  if (!used_by.is_object()) return "-";
  std::string out;
  for (const json& name : used_by.value("namespaces", json::array())) {
    if (name.is_string()) out += (out.empty() ? "" : ", ") + name.get<std::string>();
  }
  const auto more = used_by.find("more");
  if (more != used_by.end() && more->is_boolean() && more->get<bool>()) out += ", …";
  return out.empty() ? "-" : text::Printable(out);
}

int ExitCodeOfImage(const json& image) {
  const json admission = image.value("admission", json::object());
  if (Field(image, "verdict") == "Pending" || Field(admission, "action") == "-") {
    return kExitIncomplete;
  }
  if (Field(admission, "action") != "Deny") {
    // Nothing denies; but where no policy is about it what was not read is not clean.
    const bool judged = !admission.value("policies", json::array()).empty();
    return judged || Field(image, "verdict") != "Unknown" ? kExitOk : kExitIncomplete;
  }
  return Field(admission, "verdict") == "Fail" ? kExitPolicyFailed : kExitIncomplete;
}

}  // namespace landwaiter::cli
