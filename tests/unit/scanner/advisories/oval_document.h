// OVAL documents by hand.
#pragma once

#include <string>

namespace landwaiter::advisories {

/// A document in the making: tests are made with their object and state and named in criteria.
class OvalDocument {
 public:
  /// A criterion on a package; `state` is the inside of its state, "" for none.
  std::string Test(const std::string& object, const std::string& state, const std::string& comment,
                   const std::string& attributes = "") {
    const std::string n = std::to_string(++count_);
    tests_ += "<red:rpminfo_test id=\"oval:x:tst:" + n + "\" " + attributes +
              "><red:object object_ref=\"oval:x:obj:" + n + "\"/>" +
              (state.empty() ? "" : "<red:state state_ref=\"oval:x:ste:" + n + "\"/>") +
              "</red:rpminfo_test>";
    objects_ += "<red:rpminfo_object id=\"oval:x:obj:" + n + "\"><red:name>" + object +
                "</red:name></red:rpminfo_object>";
    states_ += "<red:rpminfo_state id=\"oval:x:ste:" + n + "\">" + state + "</red:rpminfo_state>";
    return "<criterion test_ref=\"oval:x:tst:" + n + "\" comment=\"" + comment + "\"/>";
  }
  std::string Earlier(const std::string& package, const std::string& evr,
                      const std::string& comment = "x is earlier") {
    return Test(package, "<red:evr operation=\"less than\">" + evr + "</red:evr>", comment);
  }
  OvalDocument& Definition(const std::string& kind, const std::string& metadata,
                           const std::string& criteria) {
    definitions_ += "<definition id=\"oval:x:def:" + std::to_string(++count_) + "\" class=\"" +
                    kind + "\"><metadata>" + metadata + "</metadata>" + criteria + "</definition>";
    return *this;
  }
  std::string Xml() const {
    return "<oval_definitions xmlns:red=\"r\"><definitions>" + definitions_ +
           "</definitions><tests>" + tests_ + "</tests><objects>" + objects_ +
           "</objects><states>" + states_ + "</states></oval_definitions>";
  }

 private:
  int count_ = 0;
  std::string definitions_, tests_, objects_, states_;
};

inline std::string And(const std::string& inside) {
  return "<criteria operator=\"AND\">" + inside + "</criteria>";
}
inline std::string Or(const std::string& inside) {
  return "<criteria operator=\"OR\">" + inside + "</criteria>";
}
inline std::string Reference(const std::string& source, const std::string& id) {
  return "<reference source=\"" + source + "\" ref_id=\"" + id + "\" ref_url=\"https://x/\"/>";
}

}  // namespace landwaiter::advisories
