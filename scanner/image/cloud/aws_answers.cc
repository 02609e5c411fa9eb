#include "scanner/image/cloud/aws_answers.h"

#include <expat.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "lib/base/json.h"
#include "scanner/image/cloud/exchange.h"

namespace landwaiter::image::cloud {
namespace {

constexpr int kMaxXmlDepth = 32;

/// The text of the elements of one document, by their names; STS answers with five levels.
struct XmlFields {
  std::map<std::string, std::string> texts;
  std::string name;
  int depth = 0;
  XML_Parser parser = nullptr;

  static void XMLCALL Begin(void* user, const XML_Char* name, const XML_Char** /*attributes*/) {
    auto& fields = *static_cast<XmlFields*>(user);
    fields.name = name;
    if (++fields.depth > kMaxXmlDepth) XML_StopParser(fields.parser, XML_FALSE);
  }
  static void XMLCALL End(void* user, const XML_Char* /*name*/) {
    auto& fields = *static_cast<XmlFields*>(user);
    fields.name.clear();
    --fields.depth;
  }
  static void XMLCALL Text(void* user, const XML_Char* text, int size) {
    auto& fields = *static_cast<XmlFields*>(user);
    if (!fields.name.empty()) fields.texts[fields.name].append(text, std::size_t(size));
  }
  static void XMLCALL Doctype(void* user, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    XML_StopParser(static_cast<XmlFields*>(user)->parser, XML_FALSE);  // no entities
  }
};

Result<std::map<std::string, std::string>> ReadXml(const std::string& text) {
  const std::unique_ptr<XML_ParserStruct, void (*)(XML_Parser)> parser(XML_ParserCreate("UTF-8"),
                                                                       XML_ParserFree);
  if (parser == nullptr) return Internal("no memory to read XML");
  XmlFields fields;
  fields.parser = parser.get();
  XML_SetUserData(parser.get(), &fields);
  XML_SetElementHandler(parser.get(), XmlFields::Begin, XmlFields::End);
  XML_SetCharacterDataHandler(parser.get(), XmlFields::Text);
  XML_SetStartDoctypeDeclHandler(parser.get(), XmlFields::Doctype);
  if (XML_Parse(parser.get(), text.data(), static_cast<int>(text.size()), 1) != XML_STATUS_OK) {
    return Unavailable("its answer is no XML");
  }
  return std::move(fields.texts);
}

Result<AwsKeys> Whole(AwsKeys keys, const std::string& ends, const std::string& what) {
  const auto time = ParseTime(ends);
  if (keys.id.empty() || keys.secret.empty() || !time) {
    return Unavailable(what + ": its answer holds no credentials");
  }
  keys.ends = *time;
  return keys;
}

}  // namespace

Result<AwsKeys> KeysOfSts(const std::string& body, const std::string& what) {
  auto fields = ReadXml(body);
  if (!fields) return std::move(fields).error().Context(what);
  AwsKeys keys;
  keys.id = (*fields)["AccessKeyId"];
  keys.secret = Secret((*fields)["SecretAccessKey"]);
  keys.session_token = Secret((*fields)["SessionToken"]);
  return Whole(std::move(keys), (*fields)["Expiration"], what);
}

Result<AwsKeys> KeysOfMetadata(const std::string& body, const std::string& what) {
  auto json = ParseJson(body, {kMaxAnswer, 8, 1000});
  if (!json) return Unavailable(what + ": its answer is no JSON");
  AwsKeys keys;
  std::string secret, token, ends;
  JsonFields fields(*json, "");
  fields.String("AccessKeyId", keys.id, kMaxToken);
  fields.String("SecretAccessKey", secret, kMaxToken);
  fields.String("Token", token, kMaxToken);
  fields.String("Expiration", ends, 64);
  keys.secret = Secret(std::move(secret));
  keys.session_token = Secret(std::move(token));
  return Whole(std::move(keys), ends, what);
}

}  // namespace landwaiter::image::cloud
