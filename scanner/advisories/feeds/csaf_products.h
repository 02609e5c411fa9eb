// The products of a CSAF 2.0 document (OASIS, "Common Security Advisory Framework Version 2.0",
// section 3.2.2 Product Tree) as Red Hat fills it: products named by CPE, components named by purl,
// and relationships that put a component, or a module of components, into a product.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "scanner/advisories/json_fields.h"

namespace landwaiter::advisories {

/// A component of a product that is an rpm.
struct RedHatComponent {
  std::string ecosystem;  // "Red Hat:enterprise_linux:9::baseos"
  std::string package;
  std::string evr;           // "" for all versions
  std::string architecture;  // "src" too; "" for all
  std::string module;        // "nodejs:18"
  /// The product is one minor release of the several that `ecosystem` is.
  bool of_minor = false;
};

class CsafProducts {
 public:
  /// Errors: InvalidArgument naming the field.
  Status Read(const simdjson::dom::object& document);
  /// nullptr for a product that is no rpm in a product with a CPE of Red Hat's (an image, a jar).
  const RedHatComponent* Find(std::string_view product_id) const;
  /// Whether what has no version is listed by binary packages. Older documents name what is not
  /// fixed by its source package, and only by that.
  bool lists_binaries() const { return sources_ && binaries_; }

 private:
  struct Product {
    std::string ecosystem;
    std::string purl;
    bool of_minor = false;
    bool known = false;  // has a purl or CPE, or is a plain name
  };
  Status ReadBranches(const simdjson::dom::array& branches, const FieldPath& path, int depth);
  Status ReadProduct(const simdjson::dom::object& product, const FieldPath& path);
  Status ReadRelationship(const simdjson::dom::object& relationship, const FieldPath& path);
  void Relate(std::string_view whole, std::string_view component, std::string_view product);

  std::map<std::string, Product, std::less<>> products_;
  std::map<std::string, RedHatComponent, std::less<>> components_;
  /// Modules within products: they are components of a product and have components of their own.
  std::map<std::string, RedHatComponent, std::less<>> modules_;
  bool sources_ = false;
  bool binaries_ = false;
};

}  // namespace landwaiter::advisories
