#include "scanner/image/cloud/sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "lib/base/digest.h"
#include "lib/base/text.h"
#include "lib/http/url.h"

namespace landwaiter::image::cloud {
namespace {

constexpr const char* kAlgorithm = "AWS4-HMAC-SHA256";

std::string Hmac(const std::string& key, std::string_view text) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), bytes, &size);
  return std::string(reinterpret_cast<const char*>(bytes), size);
}

std::string Hex(const std::string& bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

std::string HashOf(std::string_view text) { return std::string(Sha256::Of(text).Hex()); }

/// "20150830T123600Z"
std::string AmzDate(TimePoint now) {
  std::string date;
  for (const char c : FormatTime(now)) {
    if (c != '-' && c != ':') date += c;
  }
  return date;
}

/// Without blanks at the ends, and one where several are in a row.
std::string Squeeze(std::string_view value) {
  std::string out;
  for (const char c : text::Trim(value)) {
    if (c != ' ' || out.empty() || out.back() != ' ') out += c;
  }
  return out;
}

std::string SortedQuery(std::string_view target) {
  const auto mark = target.find('?');
  if (mark == std::string_view::npos) return "";
  std::vector<std::string> pairs;
  for (const std::string_view pair : text::Split(target.substr(mark + 1), '&')) {
    pairs.emplace_back(std::string(pair) + (pair.find('=') == pair.npos ? "=" : ""));
  }
  std::sort(pairs.begin(), pairs.end());
  return text::Join(pairs, "&");
}

struct Canonical {
  std::string text;
  std::string signed_headers;
};

Canonical Canonicalize(const http::Request& request, const http::Url& url) {
  const bool usual = url.port == (url.scheme == "https" ? 443 : 80);
  std::map<std::string, std::string> headers{{"host", usual ? url.host : url.HostPort()}};
  for (const auto& [name, value] : request.headers) {
    std::string& all = headers[text::ToLower(name)];
    all += (all.empty() ? "" : ",") + Squeeze(value);
  }
  Canonical out;
  std::string lines;
  for (const auto& [name, value] : headers) {
    lines.append(name).append(":").append(value).append("\n");
    if (!out.signed_headers.empty()) out.signed_headers += ';';
    out.signed_headers += name;
  }
  out.text = request.method + "\n" + url.target.substr(0, url.target.find('?')) + "\n" +
             SortedQuery(url.target) + "\n" + lines + "\n" + out.signed_headers + "\n" +
             HashOf(request.body);
  return out;
}

}  // namespace

Status Sign(http::Request& request, const AwsKeys& keys, const SigningScope& scope, TimePoint now) {
  const auto url = http::Url::Parse(request.url);
  if (!url) return url.error();
  const std::string date = AmzDate(now);
  const std::string day = date.substr(0, 8);
  request.headers.push_back({"X-Amz-Date", date});
  if (!keys.session_token.empty()) {
    request.headers.push_back({"X-Amz-Security-Token", keys.session_token.Reveal()});
  }
  const Canonical canonical = Canonicalize(request, *url);
  const std::string within = day + "/" + scope.region + "/" + scope.service + "/aws4_request";
  const std::string to_sign =
      std::string(kAlgorithm) + "\n" + date + "\n" + within + "\n" + HashOf(canonical.text);
  std::string key = Hmac("AWS4" + keys.secret.Reveal(), day);
  for (const std::string& part : {scope.region, scope.service, std::string("aws4_request")}) {
    key = Hmac(key, part);
  }
  request.headers.push_back({"Authorization", std::string(kAlgorithm) + " Credential=" + keys.id +
                                                  "/" + within +
                                                  ", SignedHeaders=" + canonical.signed_headers +
                                                  ", Signature=" + Hex(Hmac(key, to_sign))});
  return Ok();
}

}  // namespace landwaiter::image::cloud
