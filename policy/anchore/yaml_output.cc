#include "policy/anchore/yaml_output.h"

#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>

namespace landwaiter::policy {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kLine = 90;

void Emit(const ordered_json& value, YAML::Emitter& out);

std::size_t Length(const ordered_json& value) {
  return value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace).size();
}

void EmitObject(const ordered_json& value, YAML::Emitter& out) {
  if (value.empty() || Length(value) <= kLine) out << YAML::Flow;
  out << YAML::BeginMap;
  for (const auto& [name, item] : value.items()) {
    out << YAML::Key << name << YAML::Value;
    Emit(item, out);
  }
  out << YAML::EndMap;
}

void Emit(const ordered_json& value, YAML::Emitter& out) {
  if (value.is_object()) return EmitObject(value, out);
  if (value.is_array()) {
    if (value.empty() || Length(value) <= kLine) out << YAML::Flow;
    out << YAML::BeginSeq;
    for (const auto& item : value) Emit(item, out);
    out << YAML::EndSeq;
    return;
  }
  // Quoted, so that no reader takes "on" or "1.10" for anything but text.
  if (value.is_string()) {
    out << YAML::DoubleQuoted << value.get<std::string>();
  } else {
    out << value.dump();
  }
}

}  // namespace

std::string YamlDocument(const ordered_json& document) {
  YAML::Emitter out;
  out.SetIndent(2);
  out << YAML::BeginMap;
  for (const auto& [name, item] : document.items()) {
    out << YAML::Key << name << YAML::Value;
    // The parts of `spec` stand in blocks whatever their length: people edit them.
    if (name != "spec") {
      Emit(item, out);
      continue;
    }
    out << YAML::BeginMap;
    for (const auto& [field, value] : item.items()) {
      out << YAML::Key << field << YAML::Value;
      if (!value.is_array()) {
        Emit(value, out);
        continue;
      }
      out << YAML::BeginSeq;
      for (const auto& entry : value) Emit(entry, out);
      out << YAML::EndSeq;
    }
    out << YAML::EndMap;
  }
  out << YAML::EndMap;
  return "---\n" + std::string(out.c_str()) + "\n";
}

}  // namespace landwaiter::policy
