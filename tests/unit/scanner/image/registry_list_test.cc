// What a registry says it has, said well and said with malice.
#include "scanner/image/registry_list.h"

#include <gtest/gtest.h>

#include "tests/unit/scanner/image/registry_puller.h"

namespace landwaiter::image {
namespace {

using Names = std::vector<std::string>;

TEST(RegistryList, TheNextPageIsNamedByALink) {
  const struct {
    const char* name;
    std::string link, query;
  } kCases[] = {
      {"as the specification has it", "</v2/a/tags/list?n=2&last=b>; rel=\"next\"", "n=2&last=b"},
      {"without quotes", "</v2/a/tags/list?last=b>; rel=next", "last=b"},
      {"with another parameter", "</v2/a/tags/list?last=b>; title=x; rel=\"next\"", "last=b"},
      {"behind another link", "</x?a=1>; rel=\"prev\", </x?a=2>; rel=\"next\"", "a=2"},
      {"of another host: nothing of it but the query counts",
       "<http://169.254.169.254/latest?last=b>; rel=\"next\"", "last=b"},
      {"with a fragment", "</x?a=1#b>; rel=\"next\"", "a=1"},
      {"none", "", ""},
      {"of another kind", "</x?a=1>; rel=\"last\"", ""},
      {"without a query", "</v2/a/tags/list>; rel=\"next\"", ""},
      {"without an end", "</v2/a/tags/list?last=b; rel=\"next\"", ""},
      {"with a blank in it", "</x?a= b>; rel=\"next\"", ""},
      {"with a line break in it", "</x?a=1\r\nHost: b>; rel=\"next\"", ""},
      {"too long", "</x?a=" + std::string(3000, 'a') + ">; rel=\"next\"", ""},
  };
  for (const auto& c : kCases) EXPECT_EQ(NextPageQuery(c.link), c.query) << c.name;
}

TEST(RegistryList, ReadsAPage) {
  const struct {
    const char* name;
    std::string body;
    std::optional<Names> names;
  } kCases[] = {
      {"tags", R"({"name":"a","tags":["1","2"]})", Names{"1", "2"}},
      {"none", R"({"name":"a","tags":[]})", Names{}},
      {"null, as docker-registry writes none", R"({"name":"a","tags":null})", Names{}},
      {"no such member", "{}", Names{}},
      {"a page for people", "<html>", std::nullopt},
      {"half a page", R"({"tags":["1",)", std::nullopt},
      {"a text in place of a list", R"({"tags":"1"})", std::nullopt},
      {"numbers", R"({"tags":[1]})", std::nullopt},
      {"a list", "[]", std::nullopt},
      {"a million brackets", std::string(1'000'000, '['), std::nullopt},
  };
  for (const auto& c : kCases) {
    const auto names = ReadListPage(c.body, "tags");
    ASSERT_EQ(names.has_value(), c.names.has_value()) << c.name;
    if (names) EXPECT_EQ(*names, *c.names) << c.name;
  }
}

/// A registry that answers lists: `page` is asked with the request's target.
struct Lister {
  explicit Lister(FakeRegistry::Hook hook) : fake(std::move(hook)), puller({&fake.server}) {}
  Result<NameList> Tags(ListBounds bounds = {}) {
    return puller.registry->Tags(Reference(fake.Reference()), {}, bounds, {});
  }
  FakeRegistry fake;
  Puller puller;
};

TEST(RegistryList, FollowsThePages) {
  Lister lister([](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    if (r.target == "/v2/team/app/tags/list?n=1000") {
      return c.Reply(200, {{"Link", "</v2/team/app/tags/list?n=1000&last=2>; rel=\"next\""}},
                     R"({"tags":["1","2"]})");
    }
    if (r.target == "/v2/team/app/tags/list?n=1000&last=2") {
      return c.Reply(200, {}, R"({"tags":["2","3"]})");
    }
    return std::nullopt;
  });
  const auto tags = lister.Tags();
  ASSERT_TRUE(tags) << tags.error().message;
  EXPECT_EQ(tags->names, (Names{"1", "2", "3"}));
  EXPECT_FALSE(tags->cut);
}

TEST(RegistryList, ListsRepositoriesWithoutOneInThePath) {
  Lister lister([](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    if (r.target != "/v2/_catalog?n=1000") return std::nullopt;
    return c.Reply(200, {}, R"({"repositories":["team/app","Team/App","a:1","../x","b"]})");
  });
  const auto found = lister.puller.registry->Repositories(lister.fake.server.Host(), {}, {}, {});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->names, (Names{"team/app", "b"}));
  EXPECT_EQ(found->unfit, 3u);
}

// Each answers every page alike, or with more without end.
TEST(RegistryList, EndsWhatHasNoEnd) {
  const struct {
    const char* name;
    std::function<bool(int page, Connection&)> page;
    ListBounds bounds;
    std::size_t names;
    int requests;
  } kCases[] = {
      {"a page that leads to itself",
       [](int, Connection& c) {
         return c.Reply(200, {{"Link", "</x?n=1000>; rel=\"next\""}}, R"({"tags":["1"]})");
       },
       {},
       1,
       1},
      {"two pages that lead to each other",
       [](int page, Connection& c) {
         return c.Reply(200, {{"Link", page % 2 ? "</x?a=1>; rel=next" : "</x?a=2>; rel=next"}},
                        R"({"tags":["1"]})");
       },
       {},
       1,
       3},
      {"empty pages without end",
       [](int page, Connection& c) {
         return c.Reply(200, {{"Link", "</x?a=" + std::to_string(page) + ">; rel=next"}},
                        R"({"tags":[]})");
       },
       {.max_pages = 20},
       0,
       20},
      {"new names without end",
       [](int page, Connection& c) {
         return c.Reply(200, {{"Link", "</x?a=" + std::to_string(page) + ">; rel=next"}},
                        R"({"tags":["1.)" + std::to_string(page) + R"("]})");
       },
       {.max_names = 7, .max_pages = 100},
       7,
       8},
  };
  for (const auto& c : kCases) {
    int page = 0;
    Lister lister([&](const SeenRequest&, Connection& connection) -> std::optional<bool> {
      return c.page(page++, connection);
    });
    const auto tags = lister.Tags(c.bounds);
    ASSERT_TRUE(tags) << c.name << ": " << tags.error().message;
    EXPECT_TRUE(tags->cut) << c.name;
    EXPECT_EQ(tags->names.size(), c.names) << c.name;
    EXPECT_EQ(page, c.requests) << c.name;
  }
}

TEST(RegistryList, NamesThatNobodyCouldPullAreLeftOut) {
  Lister lister([](const SeenRequest&, Connection& c) -> std::optional<bool> {
    return c.Reply(200, {},
                   "{\"tags\":[\"1\",\"\",\"a b\",\"\\u001b[31mred\",\"x/../y\",\"a@sha256:0\",\"" +
                       std::string(129, 'a') + "\",\"a\\nb\",\"\\u202e\"]}");
  });
  const auto tags = lister.Tags();
  ASSERT_TRUE(tags) << tags.error().message;
  EXPECT_EQ(tags->names, Names{"1"});
  EXPECT_EQ(tags->unfit, 8u);
}

TEST(RegistryList, AnAnswerThatIsNoListHasAReason) {
  const struct {
    const char* name;
    std::function<bool(Connection&)> answer;
    std::string_view reason;
  } kCases[] = {
      {"a page for people", [](Connection& c) { return c.Reply(200, {}, "<html>"); },
       scan_reason::kUnsupportedMediaType},
      {"a page of 5 MiB",
       [](Connection& c) {
         return c.Reply(200, {}, R"({"tags":[")" + std::string(5u << 20, 'a') + "\"]}");
       },
       scan_reason::kTooLarge},
      {"no such repository", WithStatus(404), scan_reason::kNotFound},
      {"forbidden", WithStatus(403), scan_reason::kPullUnauthorized},
      {"not allowed as a method", WithStatus(405), scan_reason::kRegistryUnavailable},
      {"a page that breaks off",
       [](Connection& c) {
         c.Send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"tags\":[");
         return false;
       },
       scan_reason::kRegistryUnavailable},
  };
  for (const auto& c : kCases) {
    Lister lister([&](const SeenRequest&, Connection& connection) -> std::optional<bool> {
      return c.answer(connection);
    });
    const auto tags = lister.Tags();
    ASSERT_FALSE(tags) << c.name;
    EXPECT_EQ(tags.error().reason, c.reason) << c.name;
  }
}

TEST(RegistryList, APauseIsKnownForAsLongAsItWasAskedFor) {
  Lister lister([](const SeenRequest&, Connection& c) -> std::optional<bool> {
    return c.Reply(429, {{"Retry-After", "3600"}}, "");
  });
  const ImageReference image = Reference(lister.fake.Reference());
  EXPECT_EQ(lister.puller.registry->PauseLeft(image, {}), 0ms);
  const auto tags = lister.Tags();
  ASSERT_FALSE(tags);
  EXPECT_EQ(tags.error().reason, scan_reason::kRateLimited);
  const auto left = lister.puller.registry->PauseLeft(image, {});
  EXPECT_GT(left, 3500s);
  EXPECT_LE(left, 3600s);
}

TEST(RegistryList, ATokenForTheCatalogueIsAskedForThat) {
  Lister* self = nullptr;
  Lister lister([&](const SeenRequest& r, Connection& c) -> std::optional<bool> {
    if (r.target.starts_with("/token")) return c.Reply(200, {}, R"({"token":"t"})");
    if (r.Header("authorization") == "Bearer t") {
      return c.Reply(200, {}, R"({"repositories":["a"]})");
    }
    return c.Reply(
        401,
        {{"WWW-Authenticate", "Bearer realm=\"http://" + self->fake.server.Host() +
                                  "/token\",service=\"r\",scope=\"registry:catalog:*\""}},
        "");
  });
  self = &lister;
  const auto found = lister.puller.registry->Repositories(lister.fake.server.Host(), {}, {}, {});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->names, Names{"a"});
  EXPECT_EQ(lister.fake.Count("GET", "/token?service=r&scope=registry%3Acatalog%3A%2A"), 1);
}

}  // namespace
}  // namespace landwaiter::image
