// Paths and queries of the API (Kubernetes API Concepts, "Resource URIs"), percent-encoded.
#pragma once

#include <string>
#include <string_view>

#include "lib/kube/api.h"

namespace landwaiter::kube {

/// "get pods \"shop/cart\"", for messages.
std::string What(std::string_view verb, const Resource& resource, const ObjectKey& key);
/// "/api/v1/namespaces/shop/pods", "/apis/landwaiter.io/v1alpha1/imagescans".
std::string CollectionPath(const Resource& resource, std::string_view ns);
std::string ObjectPath(const Resource& resource, const ObjectKey& key,
                       std::string_view subresource = {});
/// `next` is the continue token of the page before.
std::string ListPath(const Resource& resource, const ListOptions& options, std::string_view next);
std::string WatchPath(const Resource& resource, const WatchOptions& options);
std::string PatchPath(const Resource& resource, const ObjectKey& key, const PatchOptions& options);

}  // namespace landwaiter::kube
