#include "lib/http/url.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "lib/base/text.h"

namespace landwaiter::http {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Handle = std::unique_ptr<CURLU, FreeUrl>;

constexpr unsigned kParseFlags = CURLU_DISALLOW_USER | CURLU_PATH_AS_IS;

Error Bad(std::string_view text, std::string_view why) {
  // The query is left out: presigned URLs carry credentials in theirs.
  const std::string_view shown = text.substr(0, text.find('?'));
  return InvalidArgument("url '" + text::Printable(text::Truncate(shown, 200)) + "' " +
                         std::string(why));
}

Result<std::string> Part(CURLU* url, CURLUPart part, std::string_view whole, unsigned flags = 0) {
  char* text = nullptr;
  const CURLUcode code = curl_url_get(url, part, &text, flags);
  if (code != CURLUE_OK) return Bad(whole, curl_url_strerror(code));
  const std::unique_ptr<char, decltype(&curl_free)> owner(text, &curl_free);
  return std::string(text);
}

Result<Url> FromHandle(CURLU* handle, std::string_view whole) {
  Url url;
  auto scheme = Part(handle, CURLUPART_SCHEME, whole);
  if (!scheme) return std::move(scheme).error();
  if (*scheme != "http" && *scheme != "https") {
    return Bad(whole, "has the scheme '" + text::Printable(text::Truncate(*scheme, 20)) +
                          "', not http or https");
  }
  auto host = Part(handle, CURLUPART_HOST, whole);
  if (!host) return std::move(host).error();
  auto port = Part(handle, CURLUPART_PORT, whole, CURLU_DEFAULT_PORT);
  if (!port) return std::move(port).error();
  auto path = Part(handle, CURLUPART_PATH, whole);
  if (!path) return std::move(path).error();
  url.scheme = std::move(*scheme);
  url.host = text::ToLower(*host);
  std::from_chars(port->data(), port->data() + port->size(), url.port);
  if (url.host.empty() || url.port <= 0 || url.port > 65535) return Bad(whole, "has no host");
  url.target = path->empty() ? "/" : std::move(*path);
  char* query = nullptr;
  if (curl_url_get(handle, CURLUPART_QUERY, &query, 0) == CURLUE_OK) {
    const std::unique_ptr<char, decltype(&curl_free)> owner(query, &curl_free);
    url.target += "?" + std::string(query);
  }
  return url;
}

Status CheckText(std::string_view text) {
  if (text.empty()) return Bad(text, "is empty");
  if (text.size() > kMaxUrlBytes) return Bad(text, "is longer than 16 KiB");
  const bool clean = std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7F && c != '\\';
  });
  if (!clean) return Bad(text, "holds white space, a backslash or a control character");
  return Ok();
}

Result<Url> ParseOnto(std::string_view base, std::string_view text) {
  if (auto checked = CheckText(text); !checked) return std::move(checked).error();
  const Handle handle(curl_url());
  if (!handle) return Internal("url: out of memory");
  for (const std::string_view part : {base, text}) {
    if (part.empty()) continue;
    const CURLUcode code =
        curl_url_set(handle.get(), CURLUPART_URL, std::string(part).c_str(), kParseFlags);
    if (code != CURLUE_OK) return Bad(part, curl_url_strerror(code));
  }
  return FromHandle(handle.get(), text);
}

int DefaultPort(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

}  // namespace

Result<Url> Url::Parse(std::string_view text) {
  // curl takes "host/path" for http; here a scheme must be written.
  if (text.find("://") == std::string_view::npos) return Bad(text, "is not absolute");
  return ParseOnto("", text);
}

Result<Url> Url::Resolve(std::string_view location) const {
  return ParseOnto(ToString(), location);
}

std::string Url::ToString() const {
  std::string out = scheme + "://" + host;
  if (port != DefaultPort(scheme)) out += ":" + std::to_string(port);
  return out + target;
}

std::string Url::ForMessages() const {
  const std::string whole = ToString();
  return text::Printable(text::Truncate(whole.substr(0, whole.find('?')), 300));
}

std::string Url::HostPort() const { return host + ":" + std::to_string(port); }

bool Url::SameOrigin(const Url& other) const {
  return scheme == other.scheme && host == other.host && port == other.port;
}

std::string PercentEncode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

}  // namespace landwaiter::http
