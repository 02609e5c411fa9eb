#include "scanner/image/registry_list.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "scanner/image/failure.h"
#include "scanner/image/registry_errors.h"

namespace landwaiter::image {
namespace {

constexpr std::size_t kReadChunk = 64u << 10;
constexpr std::size_t kMaxValues = 200'000;  // of one page
constexpr std::size_t kMaxQuery = 2048;      // a name has 255 bytes at most

Result<std::string> ReadPage(http::ResponseBody& body, const std::string& what,
                             const Cancellation& cancel) {
  std::string bytes;
  std::string chunk(kReadChunk, '\0');
  for (;;) {
    const auto got = body.Read(chunk.data(), chunk.size());
    if (!got) return FromTransport(got.error(), cancel).Context(what);
    if (*got == 0) return bytes;
    bytes.append(chunk, 0, *got);
    if (bytes.size() > kMaxListPageBytes) {
      return Failure(
          Code::kResourceExhausted, scan_reason::kTooLarge,
          what + ": a page is above the limit of " + std::to_string(kMaxListPageBytes) + " bytes");
    }
  }
}

/// A name that could be pulled: what is none is left out here, and reaches no URL, log or status.
bool IsName(const Access& access, ListKind kind, const std::string& name) {
  const ImageReference& of = access.image;
  if (kind == ListKind::kTags) {
    const auto tagged = ImageReference::Parse(of.Name() + ":" + name);
    return tagged && tagged->tag == name && !tagged->digest;
  }
  const auto repository = ImageReference::Parse(of.registry + "/" + name);
  return repository && repository->repository == name && repository->tag_defaulted;
}

/// What RFC 3986 allows in a query, and no more.
bool IsQuery(std::string_view text) {
  return !text.empty() && text.size() <= kMaxQuery &&
         std::all_of(text.begin(), text.end(), [](char c) {
           const bool alnum =
               (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
           return alnum ||
                  std::string_view("-._~!$&'()*+,;=:@/?%").find(c) != std::string_view::npos;
         });
}

bool IsNext(std::string_view parameters) {
  for (const std::string_view parameter : text::Split(parameters, ';')) {
    const auto equals = parameter.find('=');
    if (equals == std::string_view::npos) continue;
    std::string_view value = text::Trim(parameter.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    if (text::EqualsIgnoreCase(text::Trim(parameter.substr(0, equals)), "rel") &&
        text::EqualsIgnoreCase(value, "next")) {
      return true;
    }
  }
  return false;
}

}  // namespace

Result<std::vector<std::string>> ReadListPage(std::string_view body, const char* field) {
  auto json = ParseJson(body, {kMaxListPageBytes, 8, kMaxValues});
  if (!json) return std::move(json).error();
  std::vector<std::string> names;
  JsonFields fields(*json, "");
  fields.Strings(field, names, kMaxValues, kMaxListPageBytes);
  if (Status done = fields.Done(); !done) return std::move(done).error();
  return names;
}

std::string NextPageQuery(std::string_view link) {
  // "<URL>; rel=next, <URL>; rel=last": a comma may stand within the brackets.
  while (true) {
    const auto open = link.find('<');
    if (open == std::string_view::npos) return "";
    const auto close = link.find('>', open);
    if (close == std::string_view::npos) return "";
    const std::string_view url = link.substr(open + 1, close - open - 1);
    const auto end = link.find('<', close);
    const std::string_view rest = link.substr(
        close + 1, end == std::string_view::npos ? std::string_view::npos : end - close - 1);
    const std::string_view parameters = rest.substr(0, rest.rfind(','));
    if (IsNext(parameters) || IsNext(rest)) {
      const auto question = url.find('?');
      if (question == std::string_view::npos) return "";
      const std::string_view query = url.substr(question + 1, url.find('#') - question - 1);
      return IsQuery(query) ? std::string(query) : "";
    }
    if (end == std::string_view::npos) return "";
    link = link.substr(end);
  }
}

Result<NameList> FetchNames(RegistryTransport& transport, Access& access, ListKind kind,
                            const ListBounds& bounds, const Cancellation& cancel) {
  const bool tags = kind == ListKind::kTags;
  RegistryRequest request;
  request.what =
      tags ? "tags of " + access.image.Name() : "repositories of " + access.image.registry;
  request.resolve = true;  // what tags there are is what they mean, too
  NameList list;
  std::set<std::string> queries;
  std::set<std::string> seen;
  std::string query = "n=" + std::to_string(kListPageSize);
  for (std::size_t page = 0;; ++page) {
    // One that is named twice leads round and round.
    if (page == bounds.max_pages || !queries.insert(query).second) {
      list.cut = true;
      return list;
    }
    request.path = (tags ? "tags/list?" : "_catalog?") + query;
    auto body = transport.Perform(access, request, cancel);
    if (!body) return std::move(body).error();
    auto bytes = ReadPage(**body, request.what, cancel);
    if (!bytes) return std::move(bytes).error();
    auto names = ReadListPage(*bytes, tags ? "tags" : "repositories");
    if (!names) {
      return Failure(Code::kUnsupported, scan_reason::kUnsupportedMediaType,
                     request.what + ": the answer is no list: " + names.error().message);
    }
    for (std::string& name : *names) {
      if (!IsName(access, kind, name)) {
        ++list.unfit;
      } else if (seen.insert(name).second) {
        if (list.names.size() == bounds.max_names) {
          list.cut = true;
          return list;
        }
        list.names.push_back(std::move(name));
      }
    }
    query = NextPageQuery((*body)->Head().HeaderValue("Link"));
    if (query.empty()) return list;
  }
}

}  // namespace landwaiter::image
