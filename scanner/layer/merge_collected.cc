#include "scanner/layer/merge_collected.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "lib/base/text.h"
#include "scanner/layer/merge_integrity.h"
#include "scanner/layer/path.h"
#include "scanner/packages/os_release.h"
#include "scanner/packages/passwd.h"

namespace landwaiter::layer {
namespace {

constexpr std::string_view kWildcards = "*?";

// The parts before the first one with a wildcard; all of a path without any.
std::string LiteralPart(std::string_view pattern) {
  const std::size_t wildcard = pattern.find_first_of(kWildcards);
  if (wildcard == std::string_view::npos) return std::string(pattern);
  const std::size_t slash = pattern.rfind('/', wildcard);
  return slash == std::string_view::npos ? std::string() : std::string(pattern.substr(0, slash));
}

// It depends on the last part of a path alone: the folder's name does not matter.
bool IsAboutNames(std::string_view pattern) {
  if (pattern == "**") return true;
  return pattern.starts_with("**/") && pattern.substr(3).find('/') == std::string_view::npos;
}

bool IsWithin(std::string_view path, std::string_view folder) {
  return folder.empty() || path == folder ||
         (path.starts_with(folder) && path[folder.size()] == '/');
}

// Something below `folder` may be what the pattern names.
bool MayReachInto(std::string_view pattern, std::string_view folder) {
  const std::string literal = LiteralPart(pattern);
  return IsWithin(literal, folder) || IsWithin(folder, literal);
}

class CollectedMerge {
 public:
  CollectedMerge(Stack& stack, const Collected& collected, MergedImage& image)
      : stack_(stack), tree_(stack.tree()), collected_(collected), image_(image) {}

  void Run(std::span<const LayerInventory* const> layers) {
    const Collection& wanted = collected_.collection;
    for (const auto* layer : layers) {
      for (const Coverage& gap : layer->gaps) Gap(gap.source, gap.reason);
    }
    if (!wanted.files.empty()) Files();
    if (wanted.passwd) Passwd();
    if (wanted.secrets != 0) Secrets(layers);
    if (wanted.malware) Malware(layers);
    if (wanted.integrity) Integrity();
    if (!wanted.files.empty()) Cover(kFilesCoverage);
    if (wanted.passwd) Cover(kPasswdCoverage);
    if (wanted.secrets != 0) Cover(kSecretsCoverage);
    if (wanted.malware) Cover(kMalwareCoverage);
    if (wanted.integrity) Cover(kIntegrityCoverage);
  }

 private:
  void Files();
  void FindAliases();
  void AddFile(const std::string& path, const File& file);
  void AddSymlink(const std::string& path, const Node& node);
  void Passwd();
  void Secrets(std::span<const LayerInventory* const> layers);
  void Malware(std::span<const LayerInventory* const> layers);
  void Integrity() {
    if (!image_.records_fault.empty()) Gap(kIntegrityCoverage, image_.records_fault);
    const std::string gap = MergeIntegrity(tree_, image_);
    if (!gap.empty()) Gap(kIntegrityCoverage, gap);
  }
  void Gap(std::string_view source, const std::string& reason) {
    gaps_.emplace(std::string(source), reason);  // the first of each
  }
  void Cover(std::string_view source);
  bool HasRoom();
  std::vector<std::string> WantedNames(const std::string& path, bool special) const;

  Stack& stack_;
  Tree& tree_;
  const Collected& collected_;
  MergedImage& image_;
  std::vector<PathAlias> to_patterns_;  // real path → the name that a pattern has for it
  std::map<std::string, CollectedFile> found_;
  std::map<std::string, std::string> gaps_;  // source → reason
};

void CollectedMerge::Cover(std::string_view source) {
  Coverage line{.source = std::string(source)};
  if (const auto gap = gaps_.find(line.source); gap != gaps_.end()) {
    line.state = CoverageState::kFailed;
    line.reason = gap->second;
  }
  image_.coverage.push_back(std::move(line));
  std::sort(image_.coverage.begin(), image_.coverage.end(),
            [](const auto& a, const auto& b) { return a.source < b.source; });
}

void CollectedMerge::FindAliases() {
  std::set<PathAlias> aliases;
  for (const FileWish& wish : collected_.collection.files) {
    const std::string literal = LiteralPart(wish.pattern);
    const auto place = tree_.Resolve(literal, LastPart::kFollow);
    if (place && place->path != literal) aliases.insert({place->path, literal});
  }
  to_patterns_.assign(aliases.begin(), aliases.end());
  for (const auto& [written, moved_to] : stack_.moved()) {
    const auto& real = moved_to;  // a binding cannot be captured
    const auto& wishes = collected_.collection.files;
    const bool matters = std::any_of(wishes.begin(), wishes.end(), [&](const FileWish& wish) {
      return !IsAboutNames(wish.pattern) && MayReachInto(wish.pattern, real);
    });
    const bool to_pattern =
        std::any_of(to_patterns_.begin(), to_patterns_.end(), [&](const PathAlias& alias) {
          return IsWithin(real, alias.real) || IsWithin(alias.real, real);
        });
    if (matters || to_pattern) aliases.insert({written, real});
  }
  const auto& given = collected_.aliases;
  for (const PathAlias& alias : aliases) {
    if (std::find(given.begin(), given.end(), alias) != given.end()) continue;
    if (given.size() + image_.aliases.size() >= kMaxAliases) {
      Gap(kFilesCoverage, "links of the image give its files more than " +
                              std::to_string(kMaxAliases) + " other names");
      return;
    }
    image_.aliases.push_back(alias);
  }
}

std::vector<std::string> CollectedMerge::WantedNames(const std::string& path, bool special) const {
  std::vector<std::string> names = NamesOf(path, to_patterns_);
  std::erase_if(names, [&](const std::string& name) {
    const auto& wishes = collected_.collection.files;
    return std::none_of(wishes.begin(), wishes.end(), [&](const FileWish& wish) {
      return (special || !wish.special_only) && text::GlobMatch(wish.pattern, name);
    });
  });
  return names;
}

bool CollectedMerge::HasRoom() {
  if (found_.size() < kMaxCollectedFiles) return true;
  Gap(kFilesCoverage, "the image has more than " + std::to_string(kMaxCollectedFiles) +
                          " files that the policies' rules ask for");
  return false;
}

void CollectedMerge::AddFile(const std::string& path, const File& file) {
  const FileMark& mark = *file.mark;
  for (std::string& name : WantedNames(path, IsSpecial(mark.mode, mark.capabilities))) {
    if (!HasRoom()) return;
    CollectedFile out;
    out.path = std::move(name);
    if (out.path != path) out.leads_to = path;
    out.kind = mark.kind;
    out.mode = mark.mode;
    out.uid = mark.uid;
    out.gid = mark.gid;
    out.size = mark.size;
    out.layer = file.layer;
    out.capabilities = mark.capabilities;
    out.sha256 = mark.sha256;
    out.matches = mark.matches;
    out.unread = mark.unread;
    found_.insert_or_assign(out.path, std::move(out));
  }
}

// What it leads to is another file; a rule that a path must not exist means it, too.
void CollectedMerge::AddSymlink(const std::string& path, const Node& node) {
  for (std::string& name : WantedNames(path, false)) {
    if (!HasRoom()) return;
    CollectedFile out;
    out.path = name;
    out.kind = CollectedKind::kSymlink;
    out.leads_to = node.target;
    found_.emplace(std::move(name), std::move(out));  // a file that it leads to says more
  }
}

void CollectedMerge::Files() {
  FindAliases();
  for (const auto& [path, node] : tree_.Files()) {
    if (node->file->mark) AddFile(path, *node->file);
  }
  for (const auto& [path, node] : tree_.Symlinks()) AddSymlink(path, *node);
  for (auto& [path, file] : found_) image_.files.push_back(std::move(file));
}

void CollectedMerge::Passwd() {
  const auto place = tree_.Resolve(packages::kPasswdPath, LastPart::kFollow);
  if (!place || place->node == nullptr || place->node->file == nullptr) return;
  if (!image_.passwd) {
    Gap(kPasswdCoverage, std::string(packages::kPasswdPath) + " was not read: it is too large");
    return;
  }
  auto parsed = packages::ParsePasswd(*image_.passwd);
  if (!parsed) return Gap(kPasswdCoverage, parsed.error().message);
  image_.passwd_file = *std::move(parsed);
}

// Of every layer: what a later one hides is in the image all the same.
void CollectedMerge::Secrets(std::span<const LayerInventory* const> layers) {
  std::map<std::pair<int, std::string>, std::string> in_tree;  // layer and path there → final path
  for (const auto& [path, node] : tree_.Files()) {
    const File& file = *node->file;
    if (!file.secrets.empty()) in_tree.emplace(std::pair(file.layer, file.written_as), path);
  }
  auto& out = image_.secrets;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    for (const KeptFile& kept : layers[i]->files) {
      for (const SecretFound& found : kept.secrets) {
        SecretFound& secret = out.emplace_back(found);
        secret.layer = static_cast<int>(i);
        const auto place = in_tree.find({secret.layer, found.path});
        secret.final = place != in_tree.end();
        if (secret.final) secret.path = place->second;
      }
    }
  }
  if (out.size() > kMaxSecrets) {  // those that a container sees first
    std::stable_partition(out.begin(), out.end(), [](const SecretFound& s) { return s.final; });
    out.resize(kMaxSecrets);
    Gap(kSecretsCoverage,
        "the image's layers hold more than " + std::to_string(kMaxSecrets) + " secrets");
  }
  std::sort(out.begin(), out.end(), [](const SecretFound& a, const SecretFound& b) {
    return std::tie(a.path, a.line, a.rule, a.layer) < std::tie(b.path, b.line, b.rule, b.layer);
  });
}

// What clamd knows in any layer is told, what is not final as such; that it did not look matters of
// files that a container sees.
void CollectedMerge::Malware(std::span<const LayerInventory* const> layers) {
  std::map<std::pair<int, std::string>, std::string> in_tree;  // layer and path there → final path
  std::size_t unscanned = 0;
  std::string first;
  std::set<const File*> seen;  // a file counts once, whatever names it has
  for (const auto& [path, node] : tree_.Files()) {
    const File& file = *node->file;
    if (file.malware) in_tree.emplace(std::pair(file.layer, file.written_as), path);
    if (file.unscanned.empty() || !seen.insert(&file).second) continue;
    if (++unscanned == 1) first = "/" + path + ": " + file.unscanned;
  }
  if (unscanned == 1) Gap(kMalwareCoverage, "1 file was not looked at: " + first);
  if (unscanned > 1) {
    Gap(kMalwareCoverage,
        std::to_string(unscanned) + " files were not looked at, the first is " + first);
  }
  auto& out = image_.malware;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    for (const KeptFile& kept : layers[i]->files) {
      if (!kept.malware) continue;
      MalwareFound& found = out.emplace_back(*kept.malware);
      found.layer = static_cast<int>(i);
      const auto place = in_tree.find({found.layer, found.path});
      found.final = place != in_tree.end();
      if (found.final) found.path = place->second;
    }
  }
  if (out.size() > kMaxMalware) {  // those that a container sees first
    std::stable_partition(out.begin(), out.end(), [](const MalwareFound& m) { return m.final; });
    out.resize(kMaxMalware);
    Gap(kMalwareCoverage, "the image's layers hold more than " + std::to_string(kMaxMalware) +
                              " files that are malware");
  }
  std::sort(out.begin(), out.end(), [](const MalwareFound& a, const MalwareFound& b) {
    return std::tie(a.path, a.signature, a.layer) < std::tie(b.path, b.signature, b.layer);
  });
}

}  // namespace

void MergeCollected(Stack& stack, std::span<const LayerInventory* const> layers,
                    const Collected& collected, MergedImage& image) {
  CollectedMerge(stack, collected, image).Run(layers);
}

}  // namespace landwaiter::layer
