#include "lib/kube/paths.h"

namespace landwaiter::kube {
namespace {

/// RFC 3986, 2.3: unreserved characters stay.
std::string Encode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool stays = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (stays) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

class Query {
 public:
  void Add(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    text_ += text_.empty() ? '?' : '&';
    text_ += name;
    text_ += '=';
    text_ += Encode(value);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

std::string What(std::string_view verb, const Resource& resource, const ObjectKey& key) {
  std::string out = std::string(verb) + " " + std::string(resource.plural);
  if (!key.name.empty() || !key.ns.empty()) out += " \"" + key.ToString() + "\"";
  return out;
}

std::string CollectionPath(const Resource& resource, std::string_view ns) {
  std::string path =
      resource.group.empty() ? "/api/" : "/apis/" + std::string(resource.group) + "/";
  path += resource.version;
  if (resource.namespaced && !ns.empty()) path += "/namespaces/" + Encode(ns);
  return path + "/" + std::string(resource.plural);
}

std::string ObjectPath(const Resource& resource, const ObjectKey& key,
                       std::string_view subresource) {
  std::string path = CollectionPath(resource, key.ns) + "/" + Encode(key.name);
  if (!subresource.empty()) path += "/" + std::string(subresource);
  return path;
}

std::string ListPath(const Resource& resource, const ListOptions& options, std::string_view next) {
  Query query;
  query.Add("limit", std::to_string(options.page_size));
  query.Add("labelSelector", options.label_selector);
  query.Add("fieldSelector", options.field_selector);
  query.Add("continue", next);
  return CollectionPath(resource, options.ns) + query.text();
}

std::string WatchPath(const Resource& resource, const WatchOptions& options) {
  Query query;
  query.Add("watch", "true");
  query.Add("allowWatchBookmarks", "true");
  query.Add("resourceVersion", options.resource_version);
  query.Add("timeoutSeconds", std::to_string(options.timeout.count()));
  query.Add("labelSelector", options.label_selector);
  query.Add("fieldSelector", options.field_selector);
  return CollectionPath(resource, options.ns) + query.text();
}

std::string PatchPath(const Resource& resource, const ObjectKey& key, const PatchOptions& options) {
  Query query;
  query.Add("fieldManager", options.field_manager);
  if (options.force) query.Add("force", "true");
  return ObjectPath(resource, key, options.subresource) + query.text();
}

}  // namespace landwaiter::kube
