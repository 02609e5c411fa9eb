#include "scanner/updates/index.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/http/url.h"
#include "scanner/advisories/xml_stream.h"

namespace landwaiter::updates {
namespace {

using advisories::XmlAttributes;
using advisories::XmlHandler;
using advisories::XmlStream;

constexpr std::string_view kRepomdPath = "repodata/repomd.xml";
constexpr std::size_t kMaxIndexNameBytes = 255;

/// Of a file: no path, no query, no address.
bool IsPlainName(std::string_view name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '+' || c == '~';
  };
  return !name.empty() && name.size() <= kMaxIndexNameBytes && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), plain);
}

/// Of a file below a folder: names with '/' between them.
bool IsPlainPath(std::string_view path) {
  const auto names = text::Split(path, '/');
  return std::all_of(names.begin(), names.end(), IsPlainName);
}

/// Without what may be a credential.
std::string ShownUrl(std::string_view text) {
  const auto url = http::Url::Parse(text);
  return url ? url->ForMessages() : "what is no address";
}

Error NoIndex(const std::string& url, std::string_view expected) {
  return InvalidArgument(ShownUrl(url) + ": is no " + std::string(expected));
}

Result<Located> FollowName(const Located& at, std::string_view bytes) {
  const std::string_view name = text::Trim(bytes);
  if (!IsPlainName(name)) return NoIndex(at.url, "name of a file");
  const auto url = http::Url::Parse(at.url);
  if (!url) return url.error();
  const auto next = url->Resolve(name);
  if (!next) return next.error();
  return Located{next->ToString(), Index::kNone};
}

class Repomd final : public XmlHandler {
 public:
  std::string updateinfo;  // "" where it names none

 private:
  Status Open(std::string_view name, const XmlAttributes& attributes) override {
    if (name == "data") wanted_ = attributes.Get("type") == "updateinfo";
    if (name == "location" && wanted_) updateinfo = attributes.Get("href");
    return Ok();
  }
  Status Close(std::string_view name, std::string_view /*text*/) override {
    if (name == "data") wanted_ = false;
    return Ok();
  }
  bool wanted_ = false;
};

Result<Located> FollowRepomd(const Located& at, std::string_view bytes) {
  Repomd repomd;
  XmlStream xml(repomd);
  Status read = xml.Take(bytes);
  if (read) read = xml.Finish();
  if (!read) return std::move(read).error().Context(ShownUrl(at.url));
  if (!IsPlainPath(repomd.updateinfo))
    return NoIndex(at.url, "repomd.xml that names an updateinfo");
  // Its paths are those of the repository, in which it lies in repodata/.
  const std::string_view path = std::string_view(at.url).substr(0, at.url.find_first_of("?#"));
  if (!path.ends_with(kRepomdPath)) return NoIndex(at.url, "address of a repodata/repomd.xml");
  return Located{std::string(path.substr(0, path.size() - kRepomdPath.size())) + repomd.updateinfo,
                 Index::kNone};
}

/// "HOST/PATH" of "https://HOST/PATH".
std::string_view WithoutScheme(std::string_view url) {
  const auto scheme = url.find("://");
  return scheme == std::string_view::npos ? url : url.substr(scheme + 3);
}

std::string_view HostOf(std::string_view without_scheme) {
  return without_scheme.substr(0, without_scheme.find('/'));
}

/// The host whose folder below the mirror `url` is in; "" for what is not below it.
std::string_view HostBelow(std::string_view mirror, std::string_view url) {
  while (mirror.ends_with('/')) mirror.remove_suffix(1);
  if (!url.starts_with(mirror)) return {};
  url.remove_prefix(mirror.size());
  return url.starts_with('/') ? HostOf(url.substr(1)) : std::string_view();
}

/// Whether what is at `to` is of the server that gave `from`: of the same folder, on a mirror that
/// has one for each server.
bool IsOfItsServer(const std::string& from, const std::string& to, const std::string& mirror) {
  const auto giver = http::Url::Parse(from);
  const auto next = http::Url::Parse(to);
  if (!giver || !next || !giver->SameOrigin(*next)) return false;
  if (mirror.empty()) return true;
  const std::string_view host = HostBelow(mirror, from);
  return !host.empty() && host == HostBelow(mirror, to);
}

Result<Located> FollowMirrors(const Located& at, std::string_view bytes,
                              const std::string& mirror) {
  std::string_view first = text::Trim(bytes.substr(0, bytes.find('\n')));
  while (first.ends_with('/')) first.remove_suffix(1);
  const std::string_view named = WithoutScheme(first);
  const std::string_view path = named.substr(HostOf(named).size());
  const bool plain = path.empty() || IsPlainPath(path.substr(1));
  if (!plain || !http::Url::Parse(first)) return NoIndex(at.url, "list of repositories");
  const auto mirrored = Mirrored(std::string(first), mirror);
  if (!mirrored) return mirrored.error();
  const auto to = http::Url::Parse(*mirrored);
  if (!to || !IsOfItsServer(at.url, *mirrored, mirror)) {
    return Error{Code::kPermissionDenied, ShownUrl(at.url) + ": leads to " + ShownUrl(*mirrored) +
                                              ", which is another server"};
  }
  std::string repository = to->ToString();
  while (repository.ends_with('/')) repository.pop_back();
  return Located{repository + "/" + std::string(kRepomdPath), Index::kRepomd};
}

}  // namespace

Result<Located> Follow(const Located& at, std::string_view bytes, const std::string& mirror) {
  switch (at.index) {
    case Index::kNone:
      break;
    case Index::kName:
      return FollowName(at, bytes);
    case Index::kRepomd:
      return FollowRepomd(at, bytes);
    case Index::kMirrors:
      return FollowMirrors(at, bytes, mirror);
  }
  return Internal(ShownUrl(at.url) + ": is no index");
}

Result<std::string> Mirrored(const std::string& url, const std::string& mirror) {
  if (mirror.empty()) return url;
  const auto base = http::Url::Parse(mirror);
  if (!base) return InvalidArgument("mirror " + mirror + ": " + base.error().message);
  std::string text = mirror;
  while (text.ends_with('/')) text.pop_back();
  return text + "/" + std::string(WithoutScheme(url));
}

}  // namespace landwaiter::updates
