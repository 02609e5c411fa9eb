#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "tests/unit/report/report_builder.h"

namespace landwaiter::report {
namespace {

using nlohmann::json;

/// The keywords of JSON Schema 2020-12 that docs/report-v1.schema.json uses; any other is an error,
/// so that none can stand there without being checked.
class Checker {
 public:
  explicit Checker(const json& root) : root_(root) {}

  void Check(const json& value, const json& schema, const std::string& path) {
    if (schema.contains("$ref")) {
      const std::string name = schema["$ref"].get<std::string>().substr(8);  // "#/$defs/"
      return Check(value, root_["$defs"].at(name), path);
    }
    for (const auto& [keyword, argument] : schema.items()) {
      Keyword(keyword, argument, value, schema, path);
    }
  }

 private:
  static bool HasType(const json& value, const std::string& type) {
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    return type == value.type_name();
  }

  void Keyword(const std::string& keyword, const json& argument, const json& value,
               const json& schema, const std::string& path) {
    static const std::set<std::string> kPassive = {"description", "title", "$schema", "$id",
                                                   "$defs"};
    if (kPassive.contains(keyword)) return;
    if (keyword == "type") {
      const auto types = argument.is_array() ? argument.get<std::vector<std::string>>()
                                             : std::vector<std::string>{argument};
      bool fits = false;
      for (const std::string& type : types) fits |= HasType(value, type);
      EXPECT_TRUE(fits) << path << ": " << value.dump();
    } else if (keyword == "const") {
      EXPECT_EQ(value, argument) << path;
    } else if (keyword == "enum") {
      EXPECT_NE(std::find(argument.begin(), argument.end(), value), argument.end())
          << path << ": " << value.dump();
    } else if (keyword == "minimum") {
      EXPECT_TRUE(!value.is_number() || value >= argument) << path;
    } else if (keyword == "maximum") {
      EXPECT_TRUE(!value.is_number() || value <= argument) << path;
    } else if (keyword == "pattern") {
      EXPECT_TRUE(
          std::regex_search(value.get<std::string>(), std::regex(argument.get<std::string>())))
          << path << ": " << value.dump();
    } else if (keyword == "required") {
      for (const auto& name : argument) {
        EXPECT_TRUE(!value.is_object() || value.contains(name)) << path << "." << name;
      }
    } else if (keyword == "properties" || keyword == "additionalProperties") {
      if (keyword == "additionalProperties" && schema.contains("properties")) return;
      CheckProperties(value, schema, path);
    } else if (keyword == "items") {
      for (std::size_t i = 0; i < value.size(); ++i) {
        Check(value[i], argument, path + "[" + std::to_string(i) + "]");
      }
    } else {
      ADD_FAILURE() << "the schema uses '" << keyword << "', which this test does not check";
    }
  }

  void CheckProperties(const json& value, const json& schema, const std::string& path) {
    if (!value.is_object()) return;
    const json properties = schema.value("properties", json::object());
    for (const auto& [name, item] : value.items()) {
      if (properties.contains(name)) {
        Check(item, properties[name], path + "." + name);
      } else if (schema["additionalProperties"].is_object()) {
        Check(item, schema["additionalProperties"], path + "." + name);
      } else {
        ADD_FAILURE() << path << "." << name << " is not in the schema";
      }
    }
  }

  const json& root_;
};

void ExpectValid(const ScanReport& report) {
  const std::string text = Rendered("json", report);
  const json value = json::parse(text);
  EXPECT_EQ(text, value.dump(2, ' ', true) + "\n") << "sorted, two blanks a level, ASCII";
  const json schema = json::parse(std::ifstream("docs/report-v1.schema.json"));
  Checker(schema).Check(value, schema, "report");
}

TEST(Json, AFullReportIsValid) {
  ScanReport report = AReport();
  report.policies.push_back(AVerdict(Verdict::kFail));
  report.policies.push_back(AVerdict(Verdict::kUnknown));
  report.policies.back().coming = {{"in-time", true, "2026-12-04T00:00:00Z", "CVE-1 in a"}};
  report.platforms[0].findings[0].cvss_score = 9.8;
  report.platforms[0].findings[0].known_exploited = true;
  report.platforms[0].findings[0].epss_score = 0.5;
  report.platforms[0].findings[0].epss_percentile = 1.0;
  report.platforms[0].findings[0].weaknesses = {"CWE-79"};
  report.platforms[0].findings[1].title = "a \"quoted\" \\ title\n\t\x7f of \xC3\xA9";
  Inventory& inventory = report.inventory.platforms[0];
  inventory.config.labels = {{"a", "b"}, {"c", ""}};
  inventory.packages[0].licenses = {"GPL-2.0-only", "MIT \xE2\x80\x93"};
  inventory.hints = inventory.packages;
  inventory.declared_base = DeclaredBase{"debian:12", "sha256:as written"};
  report.bases = {BaseImage{"debian:12", report.inventory.digest, 1}};
  ExpectValid(report);
}

TEST(Json, PackagesAndFindingsSayWhetherTheyCameWithTheBase) {
  ScanReport report = AReport();
  const json unknown = json::parse(Rendered("json", report))["platforms"][0];
  EXPECT_EQ(unknown["base"], nullptr);
  EXPECT_EQ(unknown["declaredBase"], nullptr);
  EXPECT_EQ(unknown["findings"][0]["fromBase"], nullptr) << "not known, which is not: no";
  Inventory& image = report.inventory.platforms[0];
  image.layers.push_back(image.layers[0]);
  image.packages[0].layer = 1;
  image.declared_base = DeclaredBase{"docker.io/library/debian:12", ""};
  report.bases = {BaseImage{"debian:12", report.inventory.digest, 1}};
  ExpectValid(report);
  const json known = json::parse(Rendered("json", report))["platforms"][0];
  EXPECT_EQ(known["base"]["name"], "debian:12");
  EXPECT_EQ(known["base"]["layers"], 1);
  EXPECT_EQ(known["declaredBase"]["name"], "docker.io/library/debian:12");
  EXPECT_EQ(known["declaredBase"]["digest"], "");
  EXPECT_EQ(known["findings"][0]["fromBase"], true);
  EXPECT_EQ(known["packages"][0]["fromBase"], false);
}

TEST(Json, AnEmptyReportIsValid) { ExpectValid(ScanReport{}); }

TEST(Json, AReportWithoutOsAndDatabaseIsValid) {
  ScanReport report = AReport();
  report.inventory.platforms[0].os.reset();
  report.inventory.platforms[0].config.uid.reset();
  report.platforms.clear();
  report.database = {};
  ExpectValid(report);
  const json value = json::parse(Rendered("json", report));
  EXPECT_EQ(value["complete"], false);
  EXPECT_EQ(value["verdict"], "Unknown");
  EXPECT_EQ(value["platforms"][0]["coverage"][0]["state"], "Skipped");
}

TEST(Json, TheSameFactsAreTheSameBytes) {
  ScanReport report = AReport();
  ScanReport turned = AReport();
  std::reverse(turned.platforms[0].findings.begin(), turned.platforms[0].findings.end());
  EXPECT_EQ(Rendered("json", report), Rendered("json", turned));
}

TEST(Json, HoldsNoEnvironment) {
  EXPECT_EQ(Rendered("json", AReport()).find("hunter2"), std::string::npos);
}

TEST(Json, NoFormatHoldsBuildArguments) {
  for (const char* command :
       {"|1 TOKEN=hunter2 /bin/sh -c make", "RUN |1 TOKEN=hunter2 /bin/sh -c make # buildkit",
        "RUN |2 A=1 TOKEN=hunter2 /bin/bash -ec make", "|1 TOKEN=hunter2"}) {
    ScanReport report = AReport();
    for (ImageLayer& layer : report.inventory.platforms[0].layers) layer.created_by = command;
    for (const Format& format : Formats()) {
      EXPECT_EQ(Rendered(format.name, report).find("hunter2"), std::string::npos)
          << format.name << ": " << command;
    }
  }
  ScanReport report = AReport();
  report.inventory.platforms[0].layers[0].created_by = "RUN |1 TOKEN=x /bin/sh -c make";
  EXPECT_EQ(json::parse(Rendered("json", report))["platforms"][0]["layers"][0]["createdBy"],
            "RUN |1 … /bin/sh -c make");
}

TEST(Json, IsAsciiWhateverTheAuthorWrote) {
  ScanReport report = AReport();
  report.platforms[0].findings[0].package = "evil\x1b\xff\xE2\x80\xAE";
  for (const char c : Rendered("json", report)) {
    ASSERT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7F)) << static_cast<int>(c);
  }
  ExpectValid(report);
}

TEST(Json, CountsWhatTheFilterHides) {
  ScanReport report = AReport();
  report.filter = {Severity::kMedium, true};
  const json value = json::parse(Rendered("json", report));
  EXPECT_EQ(value["platforms"][0]["hiddenFindings"], 3);
  EXPECT_EQ(value["platforms"][0]["findings"].size(), 1u);
  EXPECT_EQ(value["platforms"][0]["vulnerabilities"]["low"], 1);
}

}  // namespace
}  // namespace landwaiter::report
