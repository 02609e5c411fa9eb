#include "model/collection.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>
#include <utility>

#include "lib/base/json.h"

namespace landwaiter {
namespace {

bool Before(const FileWish& a, const FileWish& b) {
  return std::tie(a.pattern, a.special_only) < std::tie(b.pattern, b.special_only);
}

bool Includes(const std::vector<std::string>& all, const std::vector<std::string>& some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

void AddWish(const FileWish& wish, std::vector<FileWish>& wishes) {
  const auto at = std::lower_bound(wishes.begin(), wishes.end(), wish, Before);
  if (at == wishes.end() || Before(wish, *at)) {
    wishes.insert(at, wish);
    return;
  }
  at->sha256 = at->sha256 || wish.sha256;
  std::set<std::string> all(at->content.begin(), at->content.end());
  all.insert(wish.content.begin(), wish.content.end());
  at->content.assign(all.begin(), all.end());
}

bool Meets(const FileWish& have, const FileWish& wish) {
  return have.pattern == wish.pattern && (!have.special_only || wish.special_only) &&
         (have.sha256 || !wish.sha256) && Includes(have.content, wish.content);
}

Status ReadWish(JsonFields& fields, FileWish& wish) {
  fields.String("pattern", wish.pattern, kMaxFilePatternBytes);
  fields.Bool("specialOnly", wish.special_only);
  fields.Bool("sha256", wish.sha256);
  fields.Strings("content", wish.content, kMaxFileWishes, kMaxExpressionBytes);
  if (wish.pattern.empty()) fields.Fail("pattern", "is missing");
  return fields.Done();
}

}  // namespace

bool Collection::Add(const Collection& other) {
  Collection sum = *this;
  for (const FileWish& wish : other.files) AddWish(wish, sum.files);
  sum.passwd = sum.passwd || other.passwd;
  sum.secrets = std::max(sum.secrets, other.secrets);
  sum.malware = sum.malware || other.malware;
  sum.integrity = sum.integrity || other.integrity;
  if (sum.files.size() > kMaxFileWishes || ToJson(sum).size() > kMaxCollectionBytes) return false;
  *this = std::move(sum);
  return true;
}

bool Collection::Covers(const Collection& other) const {
  if ((other.passwd && !passwd) || (other.secrets != 0 && secrets != other.secrets)) return false;
  if ((other.malware && !malware) || (other.integrity && !integrity)) return false;
  return std::all_of(other.files.begin(), other.files.end(), [&](const FileWish& wish) {
    return std::any_of(files.begin(), files.end(),
                       [&](const FileWish& have) { return Meets(have, wish); });
  });
}

std::vector<std::string> Collection::Expressions() const {
  std::set<std::string> all;
  for (const FileWish& wish : files) all.insert(wish.content.begin(), wish.content.end());
  return {all.begin(), all.end()};
}

std::string ToJson(const Collection& collection) {
  if (collection.empty()) return {};
  nlohmann::json json = nlohmann::json::object();
  for (const FileWish& wish : collection.files) {
    nlohmann::json item{{"pattern", wish.pattern}};
    if (wish.special_only) item["specialOnly"] = true;
    if (wish.sha256) item["sha256"] = true;
    if (!wish.content.empty()) item["content"] = wish.content;
    json["files"].push_back(std::move(item));
  }
  if (collection.passwd) json["passwd"] = true;
  if (collection.secrets != 0) json["secrets"] = collection.secrets;
  if (collection.malware) json["malware"] = true;
  if (collection.integrity) json["integrity"] = true;
  return DumpJson(json);
}

Result<Collection> CollectionFromJson(std::string_view text) {
  Collection collection;
  if (text.empty()) return collection;
  auto json = ParseJson(text, {kMaxCollectionBytes, 8});
  if (!json) return std::move(json).error().Context("collection");
  JsonFields fields(*json, "");
  fields.Objects("files", kMaxFileWishes, [&](JsonFields& item) {
    FileWish wish;
    Status read = ReadWish(item, wish);
    std::sort(wish.content.begin(), wish.content.end());
    AddWish(wish, collection.files);  // whatever order they came in
    return read;
  });
  fields.Bool("passwd", collection.passwd);
  fields.Uint("secrets", collection.secrets);
  fields.Bool("malware", collection.malware);
  fields.Bool("integrity", collection.integrity);
  if (Status done = fields.Done(); !done) return std::move(done).error().Context("collection");
  return collection;
}

}  // namespace landwaiter
