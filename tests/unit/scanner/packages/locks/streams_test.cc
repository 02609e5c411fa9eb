// YAML, TOML and XML as streams of values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "lib/base/text.h"
#include "lib/base/toml.h"
#include "scanner/packages/locks/xml_events.h"
#include "scanner/packages/locks/yaml_lines.h"

namespace landwaiter::packages {
namespace {

using testing::HasSubstr;

// "a/b=text", containers as "a/b{" and "}", elements of lists as "a/=".
class Told final : public JsonVisitor {
 public:
  void Text(const JsonPath& path, std::string text) override { Add(path, "=" + text); }
  void Bool(const JsonPath& path, bool value) override { Add(path, value ? "=yes" : "=no"); }
  void Begin(const JsonPath& path, bool is_object) override { Add(path, is_object ? "{" : "["); }
  void End(const JsonPath& /*path*/) override { told += "} "; }
  std::string told;

 private:
  void Add(const JsonPath& path, const std::string& what) {
    told += text::Join(path, "/") + what + " ";
  }
};

std::string Yaml(std::string_view text) {
  Told visitor;
  const Status read = StreamYaml(text, visitor);
  return read ? visitor.told : "! " + read.error().message;
}
std::string Toml(std::string_view text) {
  Told visitor;
  const Status read = StreamToml(text, visitor);
  return read ? visitor.told : "! " + read.error().message;
}

struct StreamCase {
  const char* name;
  const char* text;
  const char* told;
};
class YamlTest : public testing::TestWithParam<StreamCase> {};
class TomlTest : public testing::TestWithParam<StreamCase> {};

TEST_P(YamlTest, Tells) { EXPECT_EQ(Yaml(GetParam().text), GetParam().told); }
TEST_P(TomlTest, Tells) { EXPECT_EQ(Toml(GetParam().text), GetParam().told); }

std::string CaseName(const testing::TestParamInfo<StreamCase>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Table, YamlTest,
    testing::Values(
        StreamCase{"Nothing", "# only this\n\n", ""},
        StreamCase{"Maps", "a:\n  b: 1\n  c: x y # why\nd:\n", "{ a{ a/b=1 a/c=x y } d= } "},
        StreamCase{"Lists", "a:\n  - x\n  - y: 1\n    z: 2\n  -\n    w: 3\n",
                   "{ a[ a/=x a/{ a//y=1 a//z=2 } a/{ a//w=3 } } } "},
        StreamCase{"ListsAtTheKeysColumn", "a:\n- x\n- y\nb: 1\n", "{ a[ a/=x a/=y } b=1 } "},
        StreamCase{"ListsInLists", "- - x\n  - y\n- z\n", "[ [ /=x /=y } =z } "},
        StreamCase{"Quotes", "\"a: b\": 'it''s'\n'c': \"d\\\"e\" # f\n", "{ a: b=it's c=d\"e } "},
        StreamCase{"Flow", "a: {b: 'x, y', c: [1, {d: 2}], e: http://f}\n",
                   "{ a{ a/b=x, y a/c[ a/c/=1 a/c/{ a/c//d=2 } } a/e=http://f } } "},
        StreamCase{"EmptyFlow", "a: {}\nb: []\n", "{ a{ } b[ } } "},
        StreamCase{"BlockScalars", "a: |\n  b: 1\n\n  c\nd: >-\n  e: 2\nf: 3\n", "{ a= d= f=3 } "},
        StreamCase{"PlainTextGoesOn", "a: x\n  y: z\n  w\nb: 1\n", "{ a=x b=1 } "},
        StreamCase{"QuotedTextGoesOn", "a: \"x\n  b: 1\n  y\" # z\nc: 2\n", "{ a= c=2 } "},
        StreamCase{"LongKeys", "? \"a, b\"\n: c: 1\n  d: 2\n? e\n:\n  f: 3\ng: 4\n",
                   "{ a, b{ a, b/c=1 a, b/d=2 } e{ e/f=3 } g=4 } "},
        StreamCase{"OneDocument", "---\na: 1\n--- \n...\n# end\n", "{ a=1 } "},
        StreamCase{"TwoDocuments", "---\na: 1\n---\nb: 2\n",
                   "! line 4 begins a second document, which no file of its kind has"},
        StreamCase{"TwoDocumentsOfLists", "- a\n...\n- b\n",
                   "! line 3 begins a second document, which no file of its kind has"},
        StreamCase{"ColonsInKeys", "/a@npm:1:\n  b: 1\n", "{ /a@npm:1{ /a@npm:1/b=1 } } "},
        StreamCase{"Anchors", "a: &x 1\n",
                   "! line 1 has an anchor, an alias or a tag, which no "
                   "lock file has"},
        StreamCase{"AliasesInFlow", "a: [*x]\n",
                   "! line 1 has an anchor, an alias or a tag, "
                   "which no lock file has"},
        StreamCase{"Tabs", "a:\n\tb: 1\n", "! line 2 is indented with a tab"},
        StreamCase{"Columns", "a:\n    b: 1\n  c: 2\n",
                   "! line 3 is indented as no line before it"},
        StreamCase{"OpenFlow", "a: {b: 1,\n  c: 2}\n",
                   "! line 1 has a flow map with a key without a value"},
        StreamCase{"OpenQuote", "a: \"b\nc: 1\n", "! line 2 has a quoted text without an end"},
        StreamCase{"NoMap", "just text\n", "! line 1 is no entry of a map"}),
    CaseName);

INSTANTIATE_TEST_SUITE_P(
    Table, TomlTest,
    testing::Values(
        StreamCase{"Nothing", "", "{ } "},
        StreamCase{"Values", "a = 1\nb = \"x\" # y\nc = true\nd = 1.5\n'e f' = 'g\\'\n",
                   "{ a=1 b=x c=yes d= e f=g\\ } "},
        StreamCase{"Tables", "[a.b]\nc = 1\n[d]\ne.f = 2\n", "{ a/b{ a/b/c=1 } d{ d/e/f=2 } } "},
        StreamCase{"ArraysOfTables", "[[p]]\nn = 1\n[p.s]\nt = 2\n[[p]]\nn = 3\n[m]\nk = 4\n",
                   "{ p/{ p//n=1 p//s{ p//s/t=2 } } p/{ p//n=3 } m{ m/k=4 } } "},
        StreamCase{"Arrays", "a = [\n  \"x\", # y\n  { b = 1, c = [2] },\n]\nd = []\n",
                   "{ a[ a/=x a/{ a//b=1 a//c[ a//c/=2 } } } d[ } } "},
        StreamCase{"LongTexts", "a = \"\"\"\n[[p]]\n\\\"x\"\"\"\nb = '''y'z'''\n",
                   "{ a=\n[[p]]\n\"x b=y'z } "},
        StreamCase{"Escapes", "a = \"\\u00e9\\\\\\n\"\n", "{ a=\xC3\xA9\\\n } "},
        StreamCase{"OpenText", "a = \"\"\"x\n", "! line 2 has a string without an end"},
        StreamCase{"TwoOnALine", "a = 1 b = 2\n", "! line 1 goes on behind a value"},
        StreamCase{"NoKey", "= 1\n", "! line 1 has no key where one is due"},
        StreamCase{"OpenTable", "[a\n", "! line 1 has a table without a ']'"}),
    CaseName);

TEST(YamlDocumentsTest, AreToldOneByOne) {
  Told visitor;
  EXPECT_TRUE(StreamYaml("a: |\n  x\n---\nb:\n  c:\n...\n---\nd: [1]\n", visitor, Documents::kAll));
  EXPECT_EQ(visitor.told, "{ a= } { b{ b/c= } } { d[ d/=1 } } ");
}

TEST(StreamDepthTest, IsBounded) {
  std::string flow = "a: ";
  std::string nested;
  std::string array = "a = ";
  for (int i = 0; i < 100'000; ++i) {
    flow += '[';
    nested += "- ";
    array += '[';
  }
  EXPECT_THAT(Yaml(flow), HasSubstr("nests deeper than 16"));
  EXPECT_THAT(Yaml(nested + "x"), HasSubstr("nests deeper than 16"));
  EXPECT_THAT(Toml(array), HasSubstr("nests too deep"));
}

class Elements final : public XmlVisitor {
 public:
  void Begin(const XmlPath& path, const char* const* attributes) override {
    told += "<" + path.back() + (attributes[0] != nullptr ? attributes[1] : "") + " ";
  }
  void End(const XmlPath& path, std::string_view text) override {
    told += path.back() + "=" + std::string(text) + " ";
  }
  std::string told;
};

TEST(XmlTest, TellsElementsAndTheirText) {
  Elements elements;
  const Status read = StreamXml(
      "\xEF\xBB\xBF<?xml version=\"1.0\"?><x:a b=\"c\"> d<e/>&lt;<!-- f --></x:a>", elements);
  EXPECT_TRUE(read);
  EXPECT_EQ(elements.told, "<ac <e e= a=d< ");
}

struct EncodingCase {
  const char* declared;
  std::string text;
};

TEST(XmlTest, ReadsWhatOthersWroteBeforeUtf8) {
  const EncodingCase kCases[] = {
      {"ISO-8859-1", "M\xFCller"},  {"us-ascii", "Mueller"},     {"windows-1252", "M\xFCller\x80"},
      {"ISO-8859-15", "M\xFCller"}, {"UTF-16", "M\xC3\xBCller"}, {"utf-8", "M\xC3\xBCller"},
  };
  for (const EncodingCase& c : kCases) {
    Elements elements;
    const Status read = StreamXml("<?xml version=\"1.0\" encoding=\"" + std::string(c.declared) +
                                      "\"?><a><n>" + c.text + "</n><v>1</v></a>",
                                  elements);
    EXPECT_TRUE(read) << c.declared << read.error().message;
    EXPECT_THAT(elements.told, HasSubstr("v=1")) << c.declared;
  }
  Elements elements;
  EXPECT_FALSE(StreamXml("<?xml version=\"1.0\" encoding=\"x-own\"?><a/>", elements));
}

TEST(XmlTest, FaultsNameTheirLine) {
  Elements elements;
  EXPECT_THAT(StreamXml("<a>\n</b>", elements).error().message, HasSubstr("line 2 is no XML"));
  EXPECT_FALSE(StreamXml("", elements));
}

}  // namespace
}  // namespace landwaiter::packages
