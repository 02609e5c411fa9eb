// Amazon Linux: updateinfo.xml of its repositories (repomd.xml names it). The key is the binary
// package. Advisories exist where a fix ships, so what is not fixed is not in them.
//
// Each topic of amazon-linux-extras is a repository of its own, with advisories of its own
// ("ALAS2DOCKER-2023-001", "ALASPHP8.2-2023-004"), and often has other versions of packages that
// the core or other topics have, too: kernel 4.14 is the core's, 5.10 of the topic "kernel-5.10".
// Where the number of the topic is the beginning of a fixed version, the row speaks of versions
// from that number on. All rows of topics are an ecosystem of their own ("Amazon Linux:2:extras"),
// since the others need to be held against the core's; live patches are such a topic.
#include <algorithm>

#include "lib/base/text.h"
#include "scanner/advisories/feeds/readers.h"
#include "scanner/advisories/feeds/updateinfo.h"

namespace landwaiter::advisories {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNumber(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsDigit);
}

/// What stands before "-2023-001": "ALAS2", "ALAS2DOCKER", "ALASKERNEL-5.10"; "" for no such id.
std::string_view NameOf(std::string_view id) {
  for (int number = 0; number < 2; ++number) {
    const std::size_t dash = id.rfind('-');
    if (dash == std::string_view::npos || !IsNumber(id.substr(dash + 1))) return {};
    id = id.substr(0, dash);
  }
  return id;
}

struct Series {
  std::string_view release;  // "2"; "" for an id that is none of Amazon's
  std::string_view topic;    // "PHP8.2"; "" for the core
};

Series SeriesOf(std::string_view id) {
  std::string_view name = NameOf(id);
  constexpr std::string_view kStart = "ALAS";
  if (!name.starts_with(kStart)) return {};
  name.remove_prefix(kStart.size());
  if (name.empty()) return {"1", ""};
  // Only the second generation has extras, and most of their ids leave it out.
  if (!IsDigit(name.front())) return {"2", name};
  for (const std::string_view release : {"2023", "2022", "2"}) {
    if (!name.starts_with(release)) continue;
    const std::string_view topic = name.substr(release.size());
    const bool is_topic = topic.empty() || !IsDigit(topic.front());
    return is_topic ? Series{release, topic} : Series{};
  }
  return {};
}

std::string EcosystemOfUpdate(const Update& update) {
  const Series series = SeriesOf(update.id);
  if (series.release.empty()) return {};
  return "Amazon Linux:" + std::string(series.release) + (series.topic.empty() ? "" : ":extras");
}

/// The number that a topic ends in: "8.2" of "PHP8.2", "5.10" of "KERNEL-5.10", "" of "DOCKER".
std::string_view NumberOf(std::string_view topic) {
  const std::size_t end = topic.find_last_not_of("0123456789.");
  const std::string_view number = topic.substr(end == std::string_view::npos ? 0 : end + 1);
  return number.starts_with('.') || number.ends_with('.') ? std::string_view() : number;
}

/// "1:8.2" for a fix of "1:8.2.15-1.amzn2" in the topic "PHP8.2": the first version of the topic.
std::string FirstOfTopic(const Update& update, std::string_view evr) {
  const std::string_view number = NumberOf(SeriesOf(update.id).topic);
  const std::string_view upstream = evr.substr(evr.find(':') + 1);  // npos + 1 is 0
  if (number.empty() || !upstream.starts_with(number)) return {};
  if (upstream.size() > number.size() && IsDigit(upstream[number.size()])) return {};
  return std::string(evr.substr(0, evr.size() - upstream.size())) + std::string(number);
}

}  // namespace

std::unique_ptr<FeedReader> MakeAmazonFeed() {
  return MakeUpdateinfoReader({"amazon", "Amazon Linux errata", EcosystemOfUpdate, FirstOfTopic});
}

}  // namespace landwaiter::advisories
