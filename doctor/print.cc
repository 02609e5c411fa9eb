#include "doctor/print.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "doctor/checks.h"
#include "lib/base/json.h"
#include "lib/base/text.h"

namespace landwaiter::doctor {
namespace {

using nlohmann::ordered_json;

struct Word {
  const char* json;
  const char* text;
};
Word WordOf(Grade grade) {
  switch (grade) {
    case Grade::kFault:
      return {"fault", "FAULT   "};
    case Grade::kWarning:
      return {"warning", "WARNING "};
    case Grade::kUnseen:
      return {"notLookedAt", "UNSEEN  "};
    case Grade::kNothing:
      return {"nothingToLookAt", "-       "};
  }
  return {"fault", "FAULT   "};
}

void Count(Grade grade, Diagnosis& out) {
  switch (grade) {
    case Grade::kFault:
      ++out.faults;
      break;
    case Grade::kWarning:
      ++out.warnings;
      break;
    case Grade::kUnseen:
      ++out.unseen;
      break;
    case Grade::kNothing:
      break;
  }
}

std::string Counted(std::size_t count, std::string_view noun) {
  std::string out = std::to_string(count) + " ";
  out.append(noun);
  if (count != 1) out += 's';
  return out;
}

}  // namespace

Status KnowsChecks(const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const auto& check : Checks()) known.emplace_back(check.name);
  for (const auto& name : names) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return InvalidArgument("there is no check \"" + text::Printable(name) +
                             "\"; there are: " + text::Join(known, ", "));
    }
  }
  return Ok();
}

Diagnosis Diagnose(const Installation& installation, const std::vector<std::string>& skip,
                   bool json) {
  Diagnosis out;
  ordered_json checks = ordered_json::array();
  for (const auto& check : Checks()) {
    if (std::find(skip.begin(), skip.end(), check.name) != skip.end()) continue;
    const Findings findings = check.look(installation);
    ordered_json listed = ordered_json::array();
    if (findings.empty()) {
      out.text.append("ok       ").append(check.name).append(": ").append(check.sound).append("\n");
    }
    for (const auto& finding : findings) {
      Count(finding.grade, out);
      const Word word = WordOf(finding.grade);
      // Objects hold what anybody wrote, and a terminal believes it.
      const std::string what = text::Printable(finding.what);
      const std::string todo = text::Printable(finding.todo);
      out.text.append(word.text).append(" ").append(check.name).append(": ").append(what);
      out.text.append("\n");
      if (!todo.empty()) out.text.append("         do: ").append(todo).append("\n");
      listed.push_back({{"grade", word.json}, {"what", what}, {"todo", todo}});
    }
    checks.push_back({{"name", check.name}, {"findings", std::move(listed)}});
  }
  out.text.append(Counted(out.faults, "fault")).append(", ");
  out.text.append(Counted(out.warnings, "warning")).append(", ");
  out.text.append(Counted(out.unseen, "thing")).append(" not looked at\n");
  if (json) out.text = ordered_json{{"checks", std::move(checks)}}.dump(2) + "\n";
  return out;
}

}  // namespace landwaiter::doctor
