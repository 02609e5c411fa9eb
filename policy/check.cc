#include "policy/check.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "lib/base/text.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

std::string Quoted(std::string_view text) {
  return "'" + text::Printable(text::Truncate(text, 80)) + "'";
}

/// What stands there, for "expected a, got b".
std::string Got(const json& value) {
  if (value.is_null()) return "nothing (null)";
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number()) return "the number " + value.dump();
  if (value.is_string()) return "the text " + Quoted(value.get_ref<const std::string&>());
  return value.is_array() ? "a list" : "an object";
}

void WrongType(const json& value, std::string_view expected, const std::string& path,
               Complaints& complaints) {
  std::string what = "expected " + std::string(expected) + ", got " + Got(value);
  if (expected == "text" && (value.is_number() || value.is_boolean())) {
    what += "; put it in quotes";
  }
  complaints.Add(path, what);
}

std::string List(std::span<const std::string_view> values) {
  std::string list;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) list += i + 1 == values.size() ? " or " : ", ";
    list += values[i];
  }
  return list;
}

std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, corner + (a[i - 1] == b[j - 1] ? 0 : 1)});
      corner = above;
    }
  }
  return row[b.size()];
}

/// " (did you mean 'x'?)" for the nearest field, or all fields where none is near.
std::string Suggest(std::string_view name, const ObjectSchema& schema) {
  constexpr std::size_t kMaxTypo = 4;
  std::string_view best;
  std::size_t best_distance = kMaxTypo;
  std::string all;
  for (const Field& field : schema.fields) {
    all += (all.empty() ? "" : ", ") + std::string(field.name);
    if (name.size() > 64) continue;
    const std::size_t distance = Distance(text::ToLower(name), text::ToLower(field.name));
    if (distance < best_distance) {
      best_distance = distance;
      best = field.name;
    }
  }
  if (!best.empty()) return ", did you mean '" + std::string(best) + "'?";
  return ", expected one of " + all;
}

void CheckText(const json& value, const Field& field, const std::string& path,
               Complaints& complaints) {
  if (!value.is_string()) return WrongType(value, "text", path, complaints);
  const auto& text = value.get_ref<const std::string&>();
  if (!field.values.empty()) {
    const bool known =
        std::find(field.values.begin(), field.values.end(), text) != field.values.end();
    if (!known) {
      complaints.Add(path, Quoted(text) + " is unknown, expected one of " + List(field.values));
    }
    return;
  }
  if (field.max_length > 0 && text.size() > field.max_length) {
    complaints.Add(path, "is " + std::to_string(text.size()) + " bytes long, at most " +
                             std::to_string(field.max_length) + " are allowed");
    return;
  }
  if (field.check == nullptr) return;
  if (const Status good = field.check(text); !good) complaints.Add(path, good.error().message);
}

void CheckIntOrText(const json& value, const Field& field, const std::string& path,
                    Complaints& complaints) {
  if (value.is_number_unsigned() || value.is_number_integer()) {
    return CheckText(json(value.dump()), field, path, complaints);
  }
  if (!value.is_string()) return WrongType(value, "a number or text", path, complaints);
  CheckText(value, field, path, complaints);
}

void CheckNumber(const json& value, const Field& field, const std::string& path,
                 Complaints& complaints) {
  const bool integer = field.type == FieldType::kInteger;
  const std::string expected = (integer ? "a whole number from " : "a number from ") +
                               std::to_string(field.minimum) + " to " +
                               std::to_string(field.maximum);
  if (!value.is_number() || (integer && !value.is_number_integer())) {
    return WrongType(value, expected, path, complaints);
  }
  const double number = value.get<double>();
  if (!(number >= static_cast<double>(field.minimum) &&
        number <= static_cast<double>(field.maximum))) {
    WrongType(value, expected, path, complaints);
  }
}

void CheckList(const json& value, const Field& field, const std::string& path,
               Complaints& complaints) {
  if (!value.is_array()) return WrongType(value, "a list", path, complaints);
  if (value.size() < field.min_items) {
    complaints.Add(path, "is an empty list: leave the field out, or say what you mean");
    return;
  }
  if (value.size() > field.max_items) {
    complaints.Add(path, "has " + std::to_string(value.size()) + " entries, at most " +
                             std::to_string(field.max_items) + " are allowed");
    return;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string at = path + "[" + std::to_string(i) + "]";
    if (field.type == FieldType::kObjects) {
      CheckObject(value[i], *field.object, at, complaints);
    } else if (field.type == FieldType::kIntOrTexts) {
      CheckIntOrText(value[i], field, at, complaints);
    } else {
      CheckText(value[i], field, at, complaints);
    }
  }
}

void CheckMap(const json& value, const Field& field, const std::string& path,
              Complaints& complaints) {
  if (!value.is_object()) return WrongType(value, "an object", path, complaints);
  if (value.size() > field.max_items) {
    complaints.Add(path, "has " + std::to_string(value.size()) + " entries, at most " +
                             std::to_string(field.max_items) + " are allowed");
    return;
  }
  for (const auto& [key, item] : value.items()) {
    CheckText(item, field, path + "[" + Quoted(key) + "]", complaints);
  }
}

}  // namespace

void Complaints::Add(std::string_view path, std::string_view what) {
  if (list_.size() >= kMaxComplaints) {
    ++left_out_;
    return;
  }
  list_.push_back(text::Truncate(path, 256) + ": " + std::string(what));
}

void Complaints::Append(const Complaints& other) {
  for (const std::string& line : other.list_) {
    if (list_.size() >= kMaxComplaints) {
      ++left_out_;
    } else {
      list_.push_back(line);
    }
  }
  left_out_ += other.left_out_;
}

std::vector<std::string> Complaints::Lines() const {
  std::vector<std::string> lines = list_;
  if (left_out_ > 0) lines.push_back("and " + std::to_string(left_out_) + " more");
  return lines;
}

std::string Complaints::Joined() const { return text::Join(Lines(), "; "); }

void CheckFieldNames(const json& object, const ObjectSchema& schema, const std::string& path,
                     Complaints& complaints) {
  for (const auto& [name, value] : object.items()) {
    if (FindField(schema, name) != nullptr) continue;
    complaints.Add(path + "." + text::Printable(text::Truncate(name, 80)),
                   "unknown field" + Suggest(name, schema));
  }
  for (const Field& field : schema.fields) {
    if (field.required && !object.contains(field.name)) {
      complaints.Add(path + "." + std::string(field.name), "is required");
    }
  }
  if (object.size() < schema.min_fields) {
    complaints.Add(path, "is empty and would never fire, expected at least one of its fields");
  }
}

void CheckObject(const json& value, const ObjectSchema& schema, const std::string& path,
                 Complaints& complaints) {
  if (!value.is_object()) return WrongType(value, "an object", path, complaints);
  CheckFieldNames(value, schema, path, complaints);
  for (const Field& field : schema.fields) {
    const auto found = value.find(std::string(field.name));
    if (found == value.end()) continue;
    CheckField(*found, field, path + "." + std::string(field.name), complaints);
  }
}

void CheckField(const json& value, const Field& field, const std::string& path,
                Complaints& complaints) {
  switch (field.type) {
    case FieldType::kObject:
      return CheckObject(value, *field.object, path, complaints);
    case FieldType::kObjects:
    case FieldType::kTexts:
    case FieldType::kIntOrTexts:
      return CheckList(value, field, path, complaints);
    case FieldType::kText:
      return CheckText(value, field, path, complaints);
    case FieldType::kTextMap:
      return CheckMap(value, field, path, complaints);
    case FieldType::kInteger:
    case FieldType::kNumber:
      return CheckNumber(value, field, path, complaints);
    case FieldType::kBoolean:
      if (!value.is_boolean()) WrongType(value, "true or false", path, complaints);
      return;
  }
}

}  // namespace landwaiter::policy
