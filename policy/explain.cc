#include "policy/explain.h"

#include "lib/base/text.h"
#include "policy/schema.h"

namespace landwaiter::policy {
namespace {

constexpr std::size_t kWidth = 100;

std::string Takes(const Field& field) {
  const bool list = field.type == FieldType::kTexts;
  std::string takes(FieldTypeName(field.type));
  if (!field.values.empty()) {
    takes = list ? "list of " : "";
    for (std::size_t i = 0; i < field.values.size(); ++i) {
      takes += (i > 0 ? " | " : "") + std::string(field.values[i]);
    }
  } else if (field.type == FieldType::kInteger || field.type == FieldType::kNumber) {
    takes += " from " + std::to_string(field.minimum) + " to " + std::to_string(field.maximum);
  }
  if (field.required) return takes + ", required";
  if (!field.default_json.empty()) return takes + ", default " + std::string(field.default_json);
  return takes;
}

void Wrap(std::string_view text, std::size_t indent, std::string& out) {
  std::string line(indent, ' ');
  for (const std::string_view word : text::Split(text, ' ')) {
    if (line.size() > indent && line.size() + 1 + word.size() > kWidth) {
      out += line + "\n";
      line.assign(indent, ' ');
    }
    if (line.size() > indent) line += ' ';
    line += word;
  }
  out += line + "\n";
}

void Print(const ObjectSchema& schema, std::size_t indent, std::string& out) {
  for (const Field& field : schema.fields) {
    out += std::string(indent, ' ') + std::string(field.name) + "  <" + Takes(field) + ">\n";
    Wrap(field.help, indent + 4, out);
    if (field.object != nullptr) Print(*field.object, indent + 2, out);
  }
}

std::string Names(const ObjectSchema& schema) {
  std::string names;
  for (const Field& field : schema.fields) {
    names += (names.empty() ? "" : ", ") + std::string(field.name);
  }
  return names;
}

}  // namespace

Result<std::string> ExplainPolicy(std::string_view path) {
  if (path == "spec") path = {};
  if (path.starts_with("spec.")) path.remove_prefix(std::string_view("spec.").size());
  const ObjectSchema* schema = &SpecSchema();
  std::string out;
  if (path.empty()) {
    Print(*schema, 0, out);
    return out;
  }
  const Field* field = nullptr;
  for (const std::string_view part : text::Split(path, '.')) {
    field = schema == nullptr ? nullptr : FindField(*schema, part);
    if (field == nullptr) {
      return NotFound("field '" + text::Printable(text::Truncate(part, 80)) + "' is unknown" +
                      (schema == nullptr ? ", nothing stands below it"
                                         : ", expected one of " + Names(*schema)));
    }
    schema = field->object;
  }
  const ObjectSchema only{std::span(field, 1)};
  Print(only, 0, out);
  return out;
}

}  // namespace landwaiter::policy
