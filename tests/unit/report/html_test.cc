#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "policy/facts.h"
#include "report/html/assets.h"
#include "report/html/markup.h"
#include "report/html/parts.h"
#include "tests/unit/report/report_builder.h"

namespace landwaiter::report {
namespace {

using nlohmann::json;

std::size_t Times(std::string_view text, std::string_view part) {
  std::size_t times = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++times;
  }
  return times;
}

bool Holds(std::string_view text, std::string_view part) { return Times(text, part) > 0; }

/// What stands between `begin` and `end`, which must be there.
std::string Between(const std::string& page, const std::string& begin, const std::string& end) {
  const auto from = page.find(begin);
  EXPECT_NE(from, std::string::npos) << begin;
  if (from == std::string::npos) return {};
  const auto to = page.find(end, from + begin.size());
  EXPECT_NE(to, std::string::npos) << end;
  return page.substr(from + begin.size(), to - from - begin.size());
}

json DataOf(const std::string& page) {
  return json::parse(Between(page, "<script type=\"application/json\" id=\"data\">", "</script>"));
}

TEST(Html, ShowsVerdictReasonAndWhatViolatesThePolicy) {
  ScanReport report = AReport();
  report.policies.push_back(AVerdict(Verdict::kFail));
  const std::string page = Rendered("html", report);
  for (const char* part :
       {"<title>Fail: registry.example.com/shop/cart:1.4</title>", "<h2>Verdict: Fail</h2>",
        "policy baseline has 1 violation", "<strong>no-critical</strong>: fails, 1 violation",
        "CVE-2023-0001 (Critical) in openssl 3.0.1-1, fixed in 3.0.2-1", "3 findings",
        "Debian GNU/Linux 12 (bookworm)", "osv:Debian, 2026-11-23T20:00:00Z",
        "1 finding is not listed: in kernel headers, where the host's kernel decides"}) {
    EXPECT_TRUE(Holds(page, part)) << part;
  }
  EXPECT_FALSE(Holds(page, "{{")) << "a name that nothing was put in place of";
  EXPECT_FALSE(Holds(page, "hunter2")) << "environment of the image";
}

TEST(Html, EachVerdictHasItsReason) {
  struct Case {
    const char* name;
    std::vector<PolicyVerdict> policies;
    bool gap;
    const char* verdict;
    const char* reason;
  };
  PolicyVerdict warns = AVerdict(Verdict::kFail);
  warns.verdict = Verdict::kWarn;
  warns.violations[0].fails = false;
  const Case cases[] = {
      {"no policy, everything read", {}, false, "Pass", "no policy was given"},
      {"no policy and a gap is not clean",
       {},
       true,
       "Unknown",
       "no policy was given and not everything could be read"},
      {"a policy that passes", {AVerdict(Verdict::kPass)}, false, "Pass", "1 policy was met"},
      {"a policy that warns", {warns}, false, "Warn", "policy baseline has 1 violation"},
      {"a policy that cannot be decided",
       {AVerdict(Verdict::kUnknown)},
       true,
       "Unknown",
       "policy baseline cannot be decided (1 reason)"},
      {"the worst counts",
       {AVerdict(Verdict::kUnknown), AVerdict(Verdict::kFail)},
       true,
       "Fail",
       "policy baseline has 1 violation"},
  };
  for (const Case& c : cases) {
    ScanReport report = AReport();
    report.policies = c.policies;
    if (c.gap) {
      report.inventory.platforms[0].coverage.push_back(
          {"npm", CoverageState::kFailed, "app/package.json: breaks off", 0});
    }
    const std::string page = Rendered("html", report);
    EXPECT_TRUE(
        Holds(page, std::string("<h2>Verdict: ") + c.verdict + "</h2>\n<p>" + c.reason + "</p>"))
        << c.name;
    EXPECT_EQ(Holds(page, "Not everything could be read"), c.gap) << c.name;
    EXPECT_EQ(Holds(page, "Everything that is there could be read"), !c.gap) << c.name;
  }
}

TEST(Html, WhatCouldNotBeReadStandsBesideTheVerdict) {
  ScanReport report = AReport();
  report.inventory.platforms[0].coverage.push_back(
      {"npm", CoverageState::kFailed, "app/package.json: breaks off", 0});
  const std::string page = Rendered("html", report);
  const auto gap = page.find("app/package.json: breaks off");
  ASSERT_NE(gap, std::string::npos);
  EXPECT_LT(gap, page.find("Findings by severity"));
  report.inventory.platforms.clear();
  report.platforms.clear();
  EXPECT_TRUE(Holds(Rendered("html", report), "No platform of the image was read"));
  EXPECT_TRUE(Holds(Rendered("html", ScanReport{}), "<h2>Verdict: Unknown</h2>"));
}

TEST(Html, PackagesThatWereNotMatchedAreNotClean) {
  ScanReport report = AReport();
  report.platforms.clear();
  report.database = {};
  const std::string page = Rendered("html", report);
  EXPECT_TRUE(Holds(page, "no advisory database was given"));
  EXPECT_TRUE(Holds(page, "<h2>Verdict: Unknown</h2>"));
}

TEST(Html, CountsBySeverityAndByLayerWithItsHistory) {
  ScanReport report = AReport();
  Inventory& image = report.inventory.platforms[0];
  image.layers.push_back(image.layers[0]);
  image.layers.push_back(image.layers[0]);
  image.layers[1].created_by = "RUN pip install <things>";
  report.platforms[0].findings[1].layer = 1;
  report.platforms[0].findings[2].layer = -1;
  report.bases = {BaseImage{"debian:12", report.inventory.digest, 1}};
  const std::string page = Rendered("html", report);
  const std::string severities = Between(page, "class=\"severities\"", "</table>");
  EXPECT_EQ(Times(severities, "<svg"), 6u);
  EXPECT_TRUE(Holds(severities, "Critical</th><td role=\"cell\" data-name=\"Findings\">"));
  const std::string layers = Between(page, "class=\"layers\"", "</table>");
  for (const char* part : {">1</th>", ">2</th>", ">layer not known</th>", "1 critical", "1 low",
                           "1 unknown", "RUN pip install &lt;things&gt;"}) {
    EXPECT_TRUE(Holds(layers, part)) << part;
  }
  EXPECT_FALSE(Holds(layers, "1 high")) << "the host's kernel decides";
  EXPECT_TRUE(Holds(page, "1 layer brought none"));
  EXPECT_TRUE(Holds(page, "debian:12, 1 of 3 layers"));
  const json data = DataOf(page);
  EXPECT_EQ(data["platforms"][0]["layers"][1], "RUN pip install <things>");
  EXPECT_EQ(data["findings"][0]["layer"], 1);
  EXPECT_FALSE(data["findings"][0].contains("base"));
  EXPECT_EQ(data["findings"][1]["base"], true);
}

TEST(Html, AFindingsDataSayWhatIsKnownAndNothingElse) {
  ScanReport report = AReport();
  Finding& finding = report.platforms[0].findings[1];
  finding.title = "x";
  finding.cvss_score = 9.8;
  finding.epss_score = 0.5;
  finding.known_exploited = true;
  finding.confidence = Confidence::kCpe;
  finding.aliases = {"GHSA-abcd-1234-efgh", "X-1"};
  finding.url = "https://security.example/1";
  report.excused = {{policy::ViolationId(finding), "baseline: X-1 until 2027-01-31: not reached"}};
  const json first = DataOf(Rendered("html", report))["findings"][0];
  EXPECT_EQ(first["id"], "CVE-2023-0001");
  EXPECT_EQ(first["fixed"], "3.0.2-1");
  EXPECT_EQ(first["exploited"], true);
  EXPECT_EQ(first["possible"], true);
  EXPECT_EQ(first["cvss"], 9.8);
  EXPECT_EQ(first["excused"], "baseline: X-1 until 2027-01-31: not reached");
  const json links = json::parse(R"json([
      ["osv", "https://security.example/1"],
      ["CVE-2023-0001 (NVD)", "https://nvd.nist.gov/vuln/detail/CVE-2023-0001"],
      ["GHSA-abcd-1234-efgh (GitHub)", "https://github.com/advisories/GHSA-abcd-1234-efgh"]])json");
  EXPECT_EQ(first["links"], links);
  const json second = DataOf(Rendered("html", report))["findings"][1];
  EXPECT_EQ(second["state"], "no fix");
  for (const char* absent :
       {"fixed", "title", "cvss", "epss", "exploited", "possible", "excused"}) {
    EXPECT_FALSE(second.contains(absent)) << absent;
  }
}

TEST(Html, FilterAndItsNoteAreTheTables) {
  ScanReport report = AReport();
  report.filter = {Severity::kMedium, true};
  const std::string page = Rendered("html", report);
  EXPECT_EQ(DataOf(page)["findings"].size(), 1u);
  EXPECT_TRUE(Holds(page, "1 finding is not listed: below Medium"));
  EXPECT_TRUE(Holds(page, "1 finding is not listed: no fixed version"));
  report.filter = {Severity::kCritical, false};
  EXPECT_EQ(DataOf(Rendered("html", report))["findings"][1]["id"], "CVE-2023-0003")
      << "an unknown severity is never hidden by severity";
}

TEST(Html, ManyFindingsAreAllInTheDataAndTheFirstAreRows) {
  ScanReport report = AReport();
  for (int i = 0; i < 20'000; ++i) {
    report.platforms[0].findings.push_back(
        AFinding("CVE-2024-" + std::to_string(10'000 + i), Severity::kHigh, "4"));
  }
  const std::string page = Rendered("html", report);
  EXPECT_EQ(DataOf(page)["findings"].size(), 20'003u);
  EXPECT_EQ(Times(Between(page, "<tbody id=\"rows\">", "</tbody>"), "<tr "), html::kStaticRows);
  EXPECT_TRUE(Holds(page, "20,003 findings"));
  EXPECT_TRUE(Holds(page, "19,503 findings more are in this file"));
  EXPECT_LT(page.size(), 12u << 20);
}

TEST(Html, OneRulesViolationsAreBounded) {
  ScanReport report = AReport();
  PolicyVerdict policy = AVerdict(Verdict::kFail);
  policy.violations.resize(5'000, policy.violations[0]);
  report.policies.push_back(policy);
  const std::string page = Rendered("html", report);
  EXPECT_EQ(Times(page, "<li>CVE-2023-0001"), 100u);
  EXPECT_TRUE(Holds(page, "5,000 violations"));
  EXPECT_TRUE(Holds(page, "and 4,900 more"));
}

TEST(Html, TheSameFactsAreTheSameBytes) {
  ScanReport turned = AReport();
  std::reverse(turned.platforms[0].findings.begin(), turned.platforms[0].findings.end());
  EXPECT_EQ(Rendered("html", AReport()), Rendered("html", turned));
}

TEST(Html, ThePolicyOfThePageAllowsItsOwnStyleAndScriptAlone) {
  const std::string page = Rendered("html", AReport());
  const std::string policy =
      Between(page, "http-equiv=\"Content-Security-Policy\" content=\"", "\">");
  EXPECT_TRUE(policy.starts_with("default-src 'none'; ")) << policy;
  EXPECT_FALSE(Holds(policy, "unsafe")) << policy;
  EXPECT_EQ(Between(page, "<style>", "</style>"), html::kStyle);
  const std::string script = Between(page, "</script>\n<script>", "</script>");
  EXPECT_EQ(script, html::kScript);
  EXPECT_TRUE(Holds(policy, "script-src " + html::CspHash(script) + ";")) << policy;
  EXPECT_TRUE(Holds(policy, "style-src " + html::CspHash(html::kStyle) + ";")) << policy;
  // Echoed by a shell: printf %s abc | openssl dgst -sha256 -binary | base64
  EXPECT_EQ(html::CspHash("abc"), "'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='");
}

// Whatever the text is, the page has the elements that it has with a harmless one.
TEST(Html, HostileTextIsTextWhereverItStands) {
  const std::pair<const char*, std::string> texts[] = {
      {"a script", "<script>alert(1)</script>"},
      {"the end of the data's element", "</script><script>alert(1)</script>"},
      {"a comment that would hide the end of the script", "<!--<script>"},
      {"an image with a handler", "<img src=x onerror=alert(1)>"},
      {"quotes that would end an attribute", "\" onmouseover=\"alert(1)\" x='"},
      {"entities", "&lt;script&gt;&#x3c;"},
      {"a name of the frame", "{{script}}{{data}}"},
      {"a javascript address", "javascript:alert(1)//https://a.example"},
      {"control characters", std::string("a\x1b[2J\x07\x00\x08z", 9)},
      {"lines", "a\nb\r\nc\td"},
      {"bidirectional overrides", "a\xE2\x80\xAEgnp.exe\xE2\x81\xA6z"},
      {"broken UTF-8", "a\xFF\xC3(\xED\xA0\x80z"},
      {"line separators of JavaScript",
       "a\xE2\x80\xA8"
       "b\xE2\x80\xA9"
       "c"},
      {"a closing style and title", "</style></title><h1>Verdict: Pass</h1>"},
      {"a very long text", std::string(5'000, 'x')},
  };
  const auto page_of = [](const std::string& text) {
    ScanReport report = AReport();
    report.image = text;
    report.inventory.platforms[0].layers[0].created_by = text;
    report.inventory.platforms[0].os->pretty_name = text;
    report.inventory.platforms[0].declared_base = DeclaredBase{text, text};
    report.inventory.platforms[0].coverage.push_back({text, CoverageState::kFailed, text, 0});
    report.database.feeds = {{text, text}};
    report.bases = {BaseImage{text, report.inventory.digest, 1}};
    PolicyVerdict policy = AVerdict(Verdict::kFail);
    policy.policy = policy.violations[0].rule = policy.violations[0].message = text;
    policy.unknown = policy.exceptions_used = policy.exceptions_ending = {text};
    report.policies.push_back(policy);
    Finding& finding = report.platforms[0].findings[1];
    for (std::string* field :
         {&finding.id, &finding.severity_source, &finding.cvss_vector, &finding.fixed_version,
          &finding.title, &finding.url, &finding.published, &finding.feed, &finding.advisory,
          &finding.package, &finding.package_type, &finding.installed_version, &finding.path,
          &finding.source_package}) {
      *field = text;
    }
    finding.aliases = finding.weaknesses = {text};
    return Rendered("html", report);
  };
  const std::string harmless = page_of("harmless");
  for (const auto& [name, text] : texts) {
    const std::string page = page_of(text);
    for (const char* element : {"<script", "</script", "<!--", "<img", "<h1", "<a ", "<style",
                                "</style", "<title", "<li>", "<tr ", "href=", "javascript:\""}) {
      EXPECT_EQ(Times(page, element), Times(harmless, element)) << name << ": " << element;
    }
    for (const char c : page) {
      ASSERT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << name;
    }
    for (const char* raw : {"\xE2\x80\xAE", "\xE2\x81\xA6", "\xFF", "\xED\xA0\x80", "\x7F"}) {
      EXPECT_FALSE(Holds(page, raw)) << name;
    }
    EXPECT_EQ(DataOf(page)["findings"].size(), 3u) << name;
  }
}

TEST(Markup, OnlyPlainWebAddressesAreLinked) {
  const std::pair<std::string, bool> addresses[] = {
      {"https://security.example/CVE-1?a=b#c", true},
      {"http://security.example", true},
      {"https://security.example:8443/x@1", true},
      {"javascript:alert(1)", false},
      {"JaVaScRiPt:alert(1)", false},
      {" javascript:alert(1)", false},
      {"java\nscript:alert(1)", false},
      {"data:text/html,<script>alert(1)</script>", false},
      {"vbscript:x", false},
      {"file:///etc/passwd", false},
      {"//security.example/x", false},
      {"https:security.example", false},
      {"https://", false},
      {"https:///path", false},
      {"https://nvd.nist.gov@evil.example/", false},
      {"https://a.example/\"onclick=alert(1)", false},
      {"https://a.example/<b>", false},
      {"https://a.example/a b", false},
      {"https://a.example\\@b.example/", false},
      {"https://\xD0\xB0.example/", false},
      {"https://a.example/\xE2\x80\xAE", false},
      {"https://a.example/" + std::string(3'000, 'x'), false},
      {"", false},
  };
  for (const auto& [address, is] : addresses) {
    EXPECT_EQ(html::IsLink(address), is) << address;
  }
}

TEST(Markup, ValuesAreNotLookedAtForNames) {
  const auto fill = [](std::string_view page) {
    std::ostringstream out;
    html::Fill(page,
               {{"a", [](std::ostream& to) { to << "{{b}}"; }},
                {"b", [](std::ostream& to) { to << "}}{{"; }}},
               out);
    return out.str();
  };
  EXPECT_EQ(fill("{{a}}-{{b}}"), "{{b}}-}}{{");
  EXPECT_EQ(fill("no name"), "no name");
}

TEST(Markup, DataOfAScriptStayTheSameJson) {
  const json value = {{"text", "</script><!--&amp;-->"}};
  const std::string inside = html::InScript(value.dump());
  EXPECT_EQ(inside.find_first_of("<>&"), std::string::npos);
  EXPECT_EQ(json::parse(inside), value);
}

}  // namespace
}  // namespace landwaiter::report
