#include "scanner/updates/addresses.h"

#include <set>

#include "lib/base/digest.h"
#include "lib/http/url.h"

namespace landwaiter::updates {
namespace {

constexpr std::string_view kPlace = "{}";
constexpr std::size_t kMaxNameBytes = 128;  // file systems take 255

/// Letters, digits, '-', '_', '.'; all else is '_'. Never starts with '.'.
std::string FileName(std::string_view text) {
  std::string name;
  for (const char c : text.substr(0, kMaxNameBytes)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    name += plain ? c : '_';
  }
  return name;
}

/// "all.zip" of "…/all.zip?x=y".
std::string_view LastName(const std::string& url) {
  const std::string_view path = std::string_view(url).substr(0, url.find_first_of("?#"));
  return path.substr(path.rfind('/') + 1);
}

/// ".zip" of "…/all.zip?x=y", ".json.gz" of "…/a.json.gz"; "" where there is none.
std::string Ending(const std::string& url) {
  const std::string_view path = LastName(url);
  const auto last = path.rfind('.');
  if (last == std::string_view::npos) return "";
  std::string_view ending = path.substr(last);
  const bool packed = ending == ".gz" || ending == ".zst" || ending == ".xz" || ending == ".bz2";
  const auto before = last == 0 ? std::string_view::npos : path.rfind('.', last - 1);
  if (packed && before != std::string_view::npos) ending = path.substr(before);
  return FileName(ending);
}

/// Enough to keep a person's addresses apart.
std::string HashOf(const std::string& address) {
  return std::string(Sha256::Of(address).Hex().substr(0, 12));
}

const FeedAddress* FindAddress(std::string_view name) {
  for (const FeedAddress& row : FeedAddresses()) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

std::string Replace(std::string text, std::string_view what, const std::string& with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

/// '+' is a blank only in forms.
std::string EncodePart(std::string_view part) {
  return Replace(http::PercentEncode(part), "+", "%20");
}

std::string Names() {
  std::string names;
  for (const FeedAddress& row : FeedAddresses()) {
    names += (names.empty() ? "" : ", ") + std::string(row.name);
  }
  return names;
}

class Chooser {
 public:
  explicit Chooser(const FileChoice& choice) : choice_(choice) {}

  Status Add(const std::string& feed) {
    const auto equals = feed.find('=');
    const std::string name = feed.substr(0, equals);
    const bool given = equals != std::string::npos;
    const FeedAddress* const row = FindAddress(name);
    if (row == nullptr) {
      return InvalidArgument("feed " + feed + ": " + name +
                             " is none that can be fetched: " + Names());
    }
    if (given) {
      FeedAddress one = *row;
      // A person's address is the feed's own, whatever upstream has in its place.
      one.index = Index::kNone;
      return Expand(one, feed.substr(equals + 1), given);
    }
    auto mirrored = Mirrored(std::string(row->address), choice_.mirror);
    if (!mirrored) return std::move(mirrored).error();
    return Expand(*row, *std::move(mirrored), given);
  }
  std::vector<FeedFile> Take() { return std::move(files_); }

 private:
  Status Expand(const FeedAddress& row, const std::string& address, bool given) {
    const std::string name(row.name);
    if (address.find(kPlace) == std::string::npos) {
      if (!given) return Put(row, address, FileName(name) + EndingOf(row, address));
      // Several addresses of one feed need names of their own, and some feeds say of which release
      // they are by the name of their file alone.
      const std::string file = LastPlainName(address);
      const std::string ending = Ending(address).empty() ? std::string(row.ending) : "";
      return Put(row, address, FileName(name) + "-" + HashOf(address) + "/" + file + ending);
    }
    const bool named = row.name == "osv" && !choice_.ecosystems.empty();
    std::vector<std::string> parts(row.parts.begin(), row.parts.end());
    if (named) parts = choice_.ecosystems;
    if (parts.empty()) {
      return InvalidArgument("feed " + name + "=" + address + ": has no parts that {} could be");
    }
    for (const std::string& part : parts) {
      if (row.name == "nvd" && !choice_.year.empty() && part > choice_.year)
        break;  // there is no such file yet
      // Parts of the table are paths where they have a '/'.
      std::string encoded = EncodePart(part);
      if (!named) encoded = Replace(std::move(encoded), "%2F", "/");
      const std::string url = Replace(address, kPlace, encoded);
      std::string file = name;
      file.append("-");
      file += row.file.empty() ? part : Replace(std::string(row.file), kPlace, part);
      file = FileName(file);
      if (row.file.empty()) file += EndingOf(row, url);
      if (Status status = Put(row, url, file); !status) return status;
    }
    return Ok();
  }

  /// Of the file in the store, that the build may know what it is.
  static std::string EndingOf(const FeedAddress& row, const std::string& url) {
    const std::string ending = row.index == Index::kNone ? Ending(url) : "";
    return ending.empty() ? std::string(row.ending) : ending;
  }
  static std::string LastPlainName(const std::string& url) {
    std::string_view last = LastName(url);
    if (last.size() > kMaxNameBytes) last.remove_prefix(last.size() - kMaxNameBytes);
    std::string name = FileName(last);
    if (name.empty() || name.front() == '.') name.insert(0, "_");
    return name;
  }

  Status Put(const FeedAddress& row, const std::string& url, const std::string& name) {
    if (const auto parsed = http::Url::Parse(url); !parsed) {
      return InvalidArgument("feed " + std::string(row.name) + "=" + url + ": " +
                             parsed.error().message);
    }
    FeedFile file{std::string(row.kind), url, name, row.index,
                  row.index == Index::kNone ? std::string() : choice_.mirror};
    if (!names_.insert(file.name).second) {
      return InvalidArgument("feed " + std::string(row.name) + ": " + url + " is named twice");
    }
    files_.push_back(std::move(file));
    return Ok();
  }

  const FileChoice& choice_;
  std::vector<FeedFile> files_;
  std::set<std::string> names_;
};

}  // namespace

Result<std::vector<FeedFile>> ChooseFiles(const FileChoice& choice) {
  Chooser chooser(choice);
  std::vector<std::string> feeds = choice.feeds;
  if (feeds.empty()) {
    for (const FeedAddress& row : FeedAddresses()) {
      if (row.by_default) feeds.emplace_back(row.name);
    }
  }
  for (const std::string& feed : feeds) {
    if (Status status = chooser.Add(feed); !status) return status.error();
  }
  return chooser.Take();
}

}  // namespace landwaiter::updates
