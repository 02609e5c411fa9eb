// A look against registries that do well, that refuse, that lie and that have no end.
#include "controller/watch/look.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/support/fake_kube.h"
#include "tests/unit/controller/builders.h"

namespace landwaiter::controller {
namespace {

using namespace std::chrono_literals;
using image::NameList;

Error Refused(Code code, std::string_view reason) {
  return Error{code, "the registry's own words", std::string(reason)};
}

/// A registry of repositories with tags; each may be told to fail.
struct Registry {
  std::map<std::string, std::vector<std::string>> tags;  // repository → tags
  std::map<std::string, Digest> digests;                 // "repository:tag"; else by the tag's text
  std::map<std::string, Error> faults;  // "catalogue", a repository, or "repository:tag"
  bool endless = false;                 // lists say that there is more
  std::chrono::milliseconds pause{0};
  std::vector<std::string> asked;  // in order

  std::optional<Error> Fault(const std::string& what) {
    asked.push_back(what);
    const auto found = faults.find(what);
    return found == faults.end() ? std::nullopt : std::optional(found->second);
  }
  Result<Digest> Resolve(const ImageReference& image) {
    const std::string what = image.repository + ":" + image.tag;
    if (auto fault = Fault(what)) return *fault;
    const auto known = digests.find(what);
    return known == digests.end() ? DigestOf(what) : known->second;
  }
  RegistryLists Lists() {
    return {.tags = [this](const ImageReference& repository, const auto&, const auto&,
                           const auto&) -> Result<NameList> {
              if (auto fault = Fault(repository.repository)) return *fault;
              const auto found = tags.find(repository.repository);
              if (found == tags.end()) return Refused(Code::kNotFound, scan_reason::kNotFound);
              return NameList{found->second, endless, 0};
            },
            .repositories = [this](const auto&, const auto&, const auto&,
                                   const auto&) -> Result<NameList> {
              if (auto fault = Fault("catalogue")) return *fault;
              NameList list;
              for (const auto& [name, of] : tags) list.names.push_back(name);
              return list;
            },
            .pause_left = [this](const auto&, const auto&) { return pause; }};
  }
};

struct Bench {
  Registry registry;
  LookBounds bounds{.spacing = 0ms};
  resources::RegistryWatch watch;
  testing::FakeKube api;

  explicit Bench(std::vector<std::string> repositories) {
    watch.ns = "shop";
    watch.name = "w";
    watch.spec.registry = "r.io";
    watch.spec.repositories = std::move(repositories);
  }
  Look LookAt(const WatchedTags& before = {}) {
    CredentialReader credentials(api);
    Looker looker([this](const ImageReference& image, const auto&,
                         const auto&) { return registry.Resolve(image); },
                  registry.Lists(), credentials, bounds);
    auto look = looker.LookAt(watch, before, {});
    EXPECT_TRUE(look);
    return look ? *look : Look{};
  }
};

std::string First(const std::vector<Shortfall>& list) {
  return list.empty() ? "" : list.front().reason;
}

TEST(Look, FindsTheImagesOfEveryWantedTagOnce) {
  Bench bench({"shop/cart", "shop/*"});
  bench.registry.tags = {{"shop/cart", {"1.0", "latest"}}, {"shop/web", {"2.0"}}, {"other", {"1"}}};
  bench.registry.digests["shop/cart:latest"] = DigestOf("shop/cart:1.0");
  const Look look = bench.LookAt();
  EXPECT_TRUE(look.answered);
  EXPECT_EQ(look.repositories, 2u);
  EXPECT_EQ(look.tags, 3u);
  EXPECT_EQ(look.images.size(), 2u) << "latest is 1.0";
  EXPECT_TRUE(look.faults.empty());
  EXPECT_TRUE(look.left_out.empty());
  EXPECT_EQ(look.watched.at("r.io/shop/cart:latest"), DigestOf("shop/cart:1.0"));
}

TEST(Look, WithoutPatternsTheCatalogueIsNotAskedFor) {
  Bench bench({"shop/cart"});
  bench.registry.tags = {{"shop/cart", {"1.0"}}};
  bench.LookAt();
  EXPECT_EQ(bench.registry.asked, (std::vector<std::string>{"shop/cart", "shop/cart:1.0"}));
}

// What a registry refuses, and what of it is known all the same.
TEST(Look, SaysWhatARegistryRefuses) {
  const struct {
    const char* name;
    std::string at;
    Error error;
    std::string reason;
    std::size_t images;  // found or kept, of two repositories with two tags
    bool answered;
  } kCases[] = {
      {"a repository that is private", "shop/cart",
       Refused(Code::kUnauthenticated, scan_reason::kPullUnauthorized), "Unauthorized", 4, true},
      {"a repository that is gone", "shop/cart", Refused(Code::kNotFound, scan_reason::kNotFound),
       "NotFound", 2, true},
      {"a registry that is away", "shop/cart",
       Refused(Code::kUnavailable, scan_reason::kRegistryUnavailable), "RegistryUnavailable", 4,
       false},
      {"an address that is refused", "shop/cart",
       Refused(Code::kPermissionDenied, scan_reason::kAddressRefused), "AddressRefused", 4, false},
      {"an answer that is no list", "shop/cart",
       Refused(Code::kUnsupported, scan_reason::kUnsupportedMediaType), "UnsupportedMediaType", 4,
       true},
      {"a tag that may not be read", "shop/cart:1.0",
       Refused(Code::kPermissionDenied, scan_reason::kPullUnauthorized), "Unauthorized", 4, true},
      {"a tag that was deleted meanwhile", "shop/cart:1.0",
       Refused(Code::kNotFound, scan_reason::kNotFound), "", 3, true},
      {"a registry that breaks off", "shop/web:1.0",
       Refused(Code::kUnavailable, scan_reason::kRegistryUnavailable), "RegistryUnavailable", 4,
       true},
  };
  for (const auto& c : kCases) {
    Bench bench({"shop/cart", "shop/web"});
    bench.registry.tags = {{"shop/cart", {"1.0", "2.0"}}, {"shop/web", {"1.0", "2.0"}}};
    const WatchedTags before = bench.LookAt().watched;
    ASSERT_EQ(before.size(), 4u);
    bench.registry.faults.insert({c.at, c.error});
    const Look look = bench.LookAt(before);
    EXPECT_EQ(First(look.faults), c.reason) << c.name;
    EXPECT_EQ(look.watched.size(), c.images) << c.name;
    EXPECT_EQ(look.answered, c.answered) << c.name;
  }
}

TEST(Look, ARegistryThatAsksForAPauseIsAskedNothingMore) {
  Bench bench({"shop/cart", "shop/web"});
  bench.registry.tags = {{"shop/cart", {"1.0"}}, {"shop/web", {"1.0"}}};
  bench.registry.faults.insert(
      {"shop/cart", Refused(Code::kUnavailable, scan_reason::kRateLimited)});
  bench.registry.pause = 3600s;
  const Look look = bench.LookAt({{"r.io/shop/cart:1.0", DigestOf("kept")}});
  EXPECT_EQ(bench.registry.asked, std::vector<std::string>{"shop/cart"});
  EXPECT_EQ(First(look.faults), "RateLimited");
  EXPECT_EQ(look.pause, 3600s);
  EXPECT_EQ(look.watched.size(), 1u) << "what is known stays";
}

TEST(Look, ARegistryWithoutACatalogueIsNamedAsSuch) {
  for (const Error& error : {Refused(Code::kNotFound, scan_reason::kNotFound),
                             Refused(Code::kUnsupported, scan_reason::kRegistryUnavailable)}) {
    Bench bench({"shop/**", "web"});
    bench.registry.tags = {{"web", {"1"}}, {"shop/a", {"1"}}};
    bench.registry.faults.insert({"catalogue", error});
    const Look look = bench.LookAt({{"r.io/shop/a:1", DigestOf("shop/a:1")}});
    EXPECT_EQ(First(look.faults), "CatalogUnsupported");
    EXPECT_EQ(look.watched.size(), 2u) << "what has a name is looked at, what had a pattern stays";
  }
}

TEST(Look, KeepsItsBounds) {
  const struct {
    const char* name;
    std::size_t repositories, tags_each;
    std::uint64_t max_images;
    LookBounds bounds;
    std::string reason;
    std::size_t tags;
  } kCases[] = {
      {"as many as are allowed", 2, 5, 10, {.spacing = 0ms}, "", 10},
      {"one image too many", 2, 5, 9, {.spacing = 0ms}, "TooManyImages", 9},
      {"a repository with too many tags",
       2,
       5,
       100,
       {.tags_of_repository = 4, .spacing = 0ms},
       "TooManyTags",
       8},
      {"too many tags together", 2, 5, 100, {.tags = 7, .spacing = 0ms}, "TooManyTags", 7},
      {"too many repositories",
       3,
       1,
       100,
       {.repositories = 2, .spacing = 0ms},
       "TooManyRepositories",
       2},
  };
  for (const auto& c : kCases) {
    Bench bench({"*"});
    bench.watch.spec.max_images = c.max_images;
    bench.bounds = c.bounds;
    for (std::size_t r = 0; r < c.repositories; ++r) {
      auto& tags = bench.registry.tags["r" + std::to_string(r)];
      for (std::size_t t = 0; t < c.tags_each; ++t) tags.push_back("1." + std::to_string(t));
    }
    const Look look = bench.LookAt();
    EXPECT_EQ(First(look.left_out), c.reason) << c.name;
    EXPECT_EQ(look.tags, c.tags) << c.name;
    EXPECT_LE(look.images.size(), c.max_images) << c.name;
  }
}

TEST(Look, OfTooManyTheHighestVersionsOfEachRepositoryCount) {
  Bench bench({"a", "b"});
  bench.watch.spec.max_images = 2;
  bench.registry.tags = {{"a", {"1.0", "2.0", "3.0"}}, {"b", {"1.0", "9.0"}}};
  const Look look = bench.LookAt();
  EXPECT_TRUE(look.watched.contains("r.io/a:3.0"));
  EXPECT_TRUE(look.watched.contains("r.io/b:9.0"));
}

TEST(Look, AListWithoutEndIsSaid) {
  Bench bench({"a"});
  bench.registry.tags = {{"a", {"1.0"}}};
  bench.registry.endless = true;
  const Look look = bench.LookAt();
  EXPECT_EQ(First(look.left_out), "TooManyTags");
  EXPECT_EQ(look.images.size(), 1u);
}

TEST(Look, WhatIsNotWantedAnyMoreIsNotKept) {
  Bench bench({"a"});
  bench.registry.tags = {{"a", {"2.0"}}};
  const Look look = bench.LookAt({{"r.io/a:1.0", DigestOf("gone")},
                                  {"r.io/b:1.0", DigestOf("other repository")},
                                  {"other.io/a:1.0", DigestOf("other registry")}});
  EXPECT_EQ(look.watched.size(), 1u);
  EXPECT_TRUE(look.watched.contains("r.io/a:2.0"));
}

TEST(Look, ATimeThatIsOverKeepsTheRestAsItWas) {
  Bench bench({"a"});
  bench.bounds.time = 0ms;
  bench.registry.tags = {{"a", {"1.0"}}};
  bench.registry.faults.insert({"a", Error{Code::kDeadlineExceeded, "no answer in time"}});
  const Look look = bench.LookAt({{"r.io/a:1.0", DigestOf("kept")}});
  EXPECT_EQ(First(look.left_out), "OutOfTime");
  EXPECT_EQ(look.watched.size(), 1u);
}

}  // namespace
}  // namespace landwaiter::controller
