#include "scanner/packages/locks/records.h"

#include <algorithm>
#include <utility>

namespace landwaiter::packages {

const Record::Field* Record::Find(std::string_view name) const {
  const auto found = std::find_if(fields_.begin(), fields_.end(),
                                  [&](const Field& field) { return field.name == name; });
  return found == fields_.end() ? nullptr : &*found;
}

std::string_view Record::operator[](std::string_view field) const {
  const Field* const found = Find(field);
  return found == nullptr ? std::string_view() : std::string_view(found->value);
}

void Record::Set(std::string_view field, std::string value, bool element) {
  const auto found = std::find_if(fields_.begin(), fields_.end(),
                                  [&](const Field& known) { return known.name == field; });
  if (found == fields_.end()) {
    fields_.push_back({std::string(field), std::move(value)});
  } else if (element) {
    found->value += "," + value;
  } else {
    found->value = std::move(value);
  }
}

bool RecordVisitor::Asked(std::string_view field) const {
  return std::find(fields_.begin(), fields_.end(), field) != fields_.end();
}

std::optional<std::string_view> RecordVisitor::Top(std::string_view key) const {
  const auto found = top_.find(key);
  if (found == top_.end()) return {};
  return found->second;
}

// A table of TOML is not told to begin before what is in it.
void RecordVisitor::TakeTop(const JsonPath& path, std::string_view text) {
  if (path.empty() || std::find(tops_.begin(), tops_.end(), path[0]) == tops_.end()) return;
  if (path.size() == 1) {
    top_[path[0]] = text;
  } else {
    top_.try_emplace(path[0]);
  }
}

void RecordVisitor::Begin(const JsonPath& path, bool is_object) {
  TakeTop(path, {});
  if (path.empty()) is_object_ = is_object;
  if (is_object && is_record_(path)) open_.emplace_back(path);
}

void RecordVisitor::Text(const JsonPath& path, std::string text) {
  TakeTop(path, text);
  if (open_.empty()) return;
  Record& record = open_.back();
  std::string field;
  for (std::size_t i = record.at().size(); i < path.size(); ++i) {
    if (path[i].empty() && i + 1 == path.size()) break;  // an element of a list
    if (!field.empty()) field += '/';
    field += path[i];
  }
  if (Asked(field)) record.Set(field, std::move(text), path.back().empty());
}

void RecordVisitor::End(const JsonPath& path) {
  if (open_.empty() || open_.back().at() != path) return;
  const Record record = std::move(open_.back());
  open_.pop_back();
  each_(record);
}

}  // namespace landwaiter::packages
