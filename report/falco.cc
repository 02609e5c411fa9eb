#include "report/falco.h"

#include <algorithm>
#include <map>
#include <set>

#include "lib/base/text.h"

namespace landwaiter::report {
namespace {

constexpr char kHead[] =
    "# Written by Landwaiter, anew whenever verdicts change: edits are lost. How Falco reads it,\n"
    "# and how to change what fires: docs/runtime.md.\n";
// `evt.num` counts from 1.
constexpr char kNever[] = "(evt.num = 0)";
constexpr char kAlways[] = "(evt.num >= 0)";
constexpr char kListSuffix[] = "]\n";
constexpr std::size_t kDigestItem = 75;  // "sha256:…", quotes, comma, blank
constexpr std::size_t kIdItem = 68;
// Of a part that a list may leave empty because it does not fit in any more; headers, names of
// lists.
constexpr std::size_t kWasteOfAPart = kMaxFalcoListItems * kDigestItem + 8192;
constexpr std::size_t kRulesBytes = 16u << 10;  // without the lists of namespaces

/// RFC 1123, which is what a namespace's name is.
bool IsLabel(const std::string& name) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= 63 && plain(name.front()) && plain(name.back()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return plain(c) || c == '-'; });
}

Status CheckNamespaces(const FalcoNamespaces& namespaces) {
  for (const auto& name : namespaces.names) {
    if (IsLabel(name)) continue;
    return InvalidArgument("namespace " + text::JsonQuote(text::Printable(name)) +
                           ": is no name of a namespace (lower case, digits, '-', at most 63)");
  }
  return Ok();
}

/// One that fails in no namespace is as good as any other.
bool Fires(const FalcoImage& image) {
  return image.fails && (image.where.all || !image.where.names.empty());
}

std::string KeyOf(const FalcoNamespaces& where) {
  return where.all ? std::string() : text::Join(where.names, ",");
}

/// Images that fire in the same namespaces.
struct Group {
  std::string id;  // of its namespaces: a list keeps its name while they stay
  FalcoNamespaces where;
  std::vector<const FalcoImage*> images;
  std::vector<std::string> digest_lists;
  std::vector<std::string> id_lists;
};

FalcoNamespaces Union(const FalcoNamespaces& a, const FalcoNamespaces& b) {
  FalcoNamespaces out{a.all || b.all, {}};
  if (out.all) return out;
  std::set_union(a.names.begin(), a.names.end(), b.names.begin(), b.names.end(),
                 std::back_inserter(out.names));
  return out;
}

std::size_t NamespaceBytes(const FalcoNamespaces& where) {
  std::size_t bytes = 0;
  if (where.all) return bytes;
  for (const auto& name : where.names) bytes += name.size() + 6;
  return bytes;
}

void NameGroup(Group& group) {
  group.id = std::string(Sha256::Of(KeyOf(group.where)).Hex().substr(0, 8));
}

/// The smallest groups become one.
void MergeSmallest(std::vector<Group>& groups) {
  if (groups.size() <= kMaxFalcoGroups) return;
  std::stable_sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
    return a.images.size() > b.images.size();
  });
  Group rest;
  for (std::size_t i = kMaxFalcoGroups - 1; i < groups.size(); ++i) {
    rest.where = Union(rest.where, groups[i].where);
    rest.images.insert(rest.images.end(), groups[i].images.begin(), groups[i].images.end());
  }
  groups.resize(kMaxFalcoGroups - 1);
  const auto same = std::find_if(groups.begin(), groups.end(),
                                 [&](const Group& group) { return group.where == rest.where; });
  if (same == groups.end()) {
    groups.push_back(std::move(rest));
  } else {
    same->images.insert(same->images.end(), rest.images.begin(), rest.images.end());
  }
}

std::vector<Group> GroupsOf(const std::vector<const FalcoImage*>& failing, std::size_t room) {
  std::map<std::string, Group> by_key;
  for (const FalcoImage* image : failing) {
    Group& group = by_key[KeyOf(image->where)];
    group.where = image->where;
    group.images.push_back(image);
  }
  std::vector<Group> groups;
  groups.reserve(by_key.size());
  for (auto& [key, group] : by_key) groups.push_back(std::move(group));
  MergeSmallest(groups);
  Group everywhere{.id = {}, .where = {true, {}}, .images = {}, .digest_lists = {}, .id_lists = {}};
  std::erase_if(groups, [&](Group& group) {
    const std::size_t bytes = NamespaceBytes(group.where);
    const bool fits = !group.where.all && bytes <= room;
    if (fits) room -= bytes;
    if (!fits) {
      everywhere.images.insert(everywhere.images.end(), group.images.begin(), group.images.end());
    }
    return !fits;
  });
  if (!everywhere.images.empty()) groups.push_back(std::move(everywhere));
  for (Group& group : groups) NameGroup(group);
  std::sort(groups.begin(), groups.end(),
            [](const Group& a, const Group& b) { return a.id < b.id; });
  return groups;
}

/// Files of lists, a part each; a new one is begun where a list does not fit.
class ListWriter {
 public:
  explicit ListWriter(const FalcoLimits& limits, std::size_t reserved)
      : limits_(limits), reserved_(reserved) {
    Begin();
  }

  /// Returns the names of the lists. `items` are sorted, each once.
  std::vector<std::string> Write(const std::string& name, const std::set<std::string>& items) {
    std::vector<std::string> names;
    auto item = items.begin();
    while (item != items.end()) {
      names.push_back(name + "_" + std::to_string(names.size() + 1));
      std::string text = "\n- list: " + names.back() + "\n  items: [";
      for (std::size_t i = 0; i < kMaxFalcoListItems && item != items.end(); ++i, ++item) {
        text += (i == 0 ? "\"" : ", \"") + *item + "\"";
      }
      text += kListSuffix;
      if (parts_.back().text.size() + text.size() + reserved_ > limits_.part_bytes) Begin();
      parts_.back().text += text;
    }
    return names;
  }

  std::vector<FalcoFile> Take() { return std::move(parts_); }

 private:
  void Begin() {
    if (!parts_.empty()) reserved_ = 0;
    parts_.push_back({"landwaiter-" + std::to_string(parts_.size() + 1) + ".yaml", kHead});
  }

  const FalcoLimits limits_;
  std::size_t reserved_;
  std::vector<FalcoFile> parts_;
};

/// The names of other people's lists cannot be in quotes: the inner ones keep an item what it is.
std::string NamespaceList(const std::string& name, const FalcoNamespaces& namespaces) {
  std::string text = "\n- list: " + name + "\n  items: [";
  bool first = true;
  for (const auto& ns : namespaces.names) {
    text += (first ? "'\"" : ", '\"") + ns + "\"'";
    first = false;
  }
  return text + kListSuffix;
}

std::string Macro(const std::string& name, const std::string& condition) {
  return "\n- macro: " + name + "\n  condition: " + condition + "\n";
}

std::string In(const std::string& field, const std::vector<std::string>& lists) {
  return field + " in (" + text::Join(lists, ", ") + ")";
}

std::string FailingCondition(const std::vector<Group>& groups) {
  std::vector<std::string> clauses;
  for (const Group& group : groups) {
    std::string clause = "(" + In("container.image.digest", group.digest_lists) + " or " +
                         In("container.image.id", group.id_lists) + ")";
    if (!group.where.all) {
      clause.insert(0, "(").append(" and k8s.ns.name in (landwaiter_namespaces_");
      clause.append(group.id).append("))");
    }
    clauses.push_back(std::move(clause));
  }
  return clauses.empty() ? kNever : "(" + text::Join(clauses, " or ") + ")";
}

std::string WatchedCondition(const FalcoNamespaces& watched) {
  if (watched.all) return "(container.id != host)";
  return watched.names.empty() ? kNever : "(k8s.ns.name in (landwaiter_watched_namespaces))";
}

constexpr char kRules[] = R"(
- rule: Landwaiter failing image started
  desc: A container started whose image fails a ScanPolicy of its namespace.
  condition: landwaiter_container_started and landwaiter_failing_image
  output: >-
    Container of an image that fails its policies started
    (image=%container.image.repository:%container.image.tag digest=%container.image.digest
    image_id=%container.image.id namespace=%k8s.ns.name pod=%k8s.pod.name container=%container.name)
  priority: ERROR
  source: syscall
  tags: [container, landwaiter]

- rule: Landwaiter unscanned image started
  desc: A container started whose image was never scanned, in a namespace that a ScanPolicy is for.
  condition: >-
    landwaiter_container_started and landwaiter_lists_complete and landwaiter_watched_namespace
    and container.image.digest startswith "sha256:" and not landwaiter_known_image
  output: >-
    Container of an image that was never scanned started
    (image=%container.image.repository:%container.image.tag digest=%container.image.digest
    image_id=%container.image.id namespace=%k8s.ns.name pod=%k8s.pod.name container=%container.name)
  priority: WARNING
  source: syscall
  tags: [container, landwaiter]
)";

std::string RulesText(const FalcoRules& rules, const FalcoNamespaces& watched,
                      const std::vector<Group>& groups, std::vector<std::string> known_lists) {
  std::string text = kHead;
  if (rules.left_out > 0) {
    text += "# INCOMPLETE: " + std::to_string(rules.left_out) + " images found no room, " +
            std::to_string(rules.failing_left_out) +
            " of them fail. Those that fail worst are listed;\n"
            "# nothing is said of images that were never scanned.\n";
  }
  text += "- required_engine_version: 17\n";
  for (const Group& group : groups) {
    if (!group.where.all) text += NamespaceList("landwaiter_namespaces_" + group.id, group.where);
    known_lists.insert(known_lists.end(), group.digest_lists.begin(), group.digest_lists.end());
  }
  if (!watched.all && !watched.names.empty()) {
    text += NamespaceList("landwaiter_watched_namespaces", watched);
  }
  // What a runtime says of a new container, where Falco hears it; else its first process. The
  // latter alone would be missed where the runtime is asked too late.
  text += Macro("landwaiter_container_started",
                "(evt.type = container or (evt.type in (execve, execveat) and evt.rawres = 0 and "
                "proc.vpid = 1))");
  text += Macro("landwaiter_lists_complete", rules.left_out == 0 ? kAlways : kNever);
  text += Macro("landwaiter_failing_image", FailingCondition(groups));
  text +=
      Macro("landwaiter_known_image",
            known_lists.empty() ? kNever : "(" + In("container.image.digest", known_lists) + ")");
  text += Macro("landwaiter_watched_namespace", WatchedCondition(watched));
  return text + kRules;
}

const std::string& FirstDigest(const FalcoImage& image) {
  static const std::string kNone;
  return image.digests.empty() ? kNone : image.digests.front().ToString();
}

std::size_t Room(const FalcoLimits& limits, std::size_t reserved) {
  if (limits.part_bytes <= kWasteOfAPart) return 0;
  if (limits.parts == 1 && limits.part_bytes > (std::numeric_limits<std::size_t>::max() >> 2)) {
    return limits.part_bytes;  // no bound
  }
  const std::size_t all = limits.parts * (limits.part_bytes - kWasteOfAPart);
  return all > reserved ? all - reserved : 0;
}

/// Those that find room, worst first.
std::vector<const FalcoImage*> ChooseFailing(const FalcoInput& input, std::size_t& room,
                                             FalcoRules& rules) {
  std::vector<const FalcoImage*> failing;
  for (const FalcoImage& image : input.images) {
    if (Fires(image) && !image.digests.empty()) failing.push_back(&image);
  }
  std::sort(failing.begin(), failing.end(), [](const FalcoImage* a, const FalcoImage* b) {
    if (a->badness != b->badness) return a->badness > b->badness;
    return FirstDigest(*a) < FirstDigest(*b);
  });
  std::size_t taken = 0;
  while (taken < failing.size()) {
    const std::size_t bytes = failing[taken]->digests.size() * (kDigestItem + kIdItem);
    if (bytes > room) break;
    room -= bytes;
    ++taken;
  }
  rules.failing_left_out = failing.size() - taken;
  failing.resize(taken);
  rules.failing = taken;
  return failing;
}

}  // namespace

Result<FalcoRules> RenderFalcoRules(const FalcoInput& input, const FalcoLimits& limits) {
  if (Status fine = CheckNamespaces(input.watched); !fine) return fine.error();
  for (const FalcoImage& image : input.images) {
    if (Status fine = CheckNamespaces(image.where); !fine) return fine.error();
  }
  FalcoRules rules;
  FalcoNamespaces watched = input.watched;
  if (NamespaceBytes(watched) > kMaxFalcoNamespaceBytes / 2) watched = {true, {}};
  const std::size_t reserved = kRulesBytes + kMaxFalcoNamespaceBytes;
  std::size_t room = Room(limits, reserved);
  std::vector<Group> groups = GroupsOf(ChooseFailing(input, room, rules),
                                       kMaxFalcoNamespaceBytes - NamespaceBytes(watched));
  ListWriter lists(limits, reserved);
  std::set<std::string> listed;
  for (Group& group : groups) {
    std::set<std::string> digests;
    std::set<std::string> ids;
    for (const FalcoImage* image : group.images) {
      for (const Digest& digest : image->digests) {
        digests.insert(digest.ToString());
        ids.emplace(digest.Hex());
      }
    }
    group.digest_lists = lists.Write("landwaiter_failing_" + group.id + "_digests", digests);
    group.id_lists = lists.Write("landwaiter_failing_" + group.id + "_ids", ids);
    listed.merge(digests);
  }
  std::set<std::string> known;
  for (const FalcoImage& image : input.images) {
    if (Fires(image)) continue;
    ++rules.known;
    for (const Digest& digest : image.digests) {
      if (!listed.contains(digest.ToString())) known.insert(digest.ToString());
    }
  }
  rules.left_out = rules.failing_left_out;
  if (rules.failing_left_out > 0 || known.size() * kDigestItem > room) {
    rules.left_out += rules.known;
    rules.known = 0;
    known.clear();
  }
  const auto known_lists = lists.Write("landwaiter_known_digests", known);
  for (FalcoFile& file : lists.Take()) rules.parts.push_back({std::move(file)});
  rules.parts.front().push_back(
      {"landwaiter-rules.yaml", RulesText(rules, watched, groups, known_lists)});
  return rules;
}

}  // namespace landwaiter::report
