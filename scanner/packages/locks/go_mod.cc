// go.mod (Go Modules Reference, "go.mod files"): what "require" lists, "replace" applied as the go
// command does.
//
// The versions of "require" are minimal ones, and the very ones that are built where the module
// is the main one and lists all (Go 1.17 and later). Of two lines for one module the higher counts.
// A requirement of a version that "exclude" names is ignored since Go 1.16, so that another
// module's requirement or none decides: which version is built then, the file does not say, and it
// is left out. What a folder replaces has no published version. "retract", "tool" and the "go" and
// "toolchain" lines name no packages. An empty file is people's own, and requires nothing: it keeps
// the go command out of its folder.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "lib/base/text.h"
#include "scanner/packages/locks/go_version.h"
#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/rows.h"

namespace landwaiter::packages {
namespace {

bool IsFile(std::string_view path) { return BaseName(path) == "go.mod"; }

struct Module {
  std::string path;
  std::string version;  // "" for a folder, or for every version on a replacement's left side
};

// Words of a line, its comment and their quotes taken off.
std::vector<std::string> WordsOf(std::string_view line) {
  line = line.substr(0, line.find("//"));
  std::vector<std::string> words;
  std::size_t at = 0;
  while ((at = line.find_first_not_of(" \t", at)) != std::string_view::npos) {
    std::size_t end = std::min(line.find_first_of(" \t", at), line.size());
    std::string_view word = line.substr(at, end - at);
    if (word.size() >= 2 && (word[0] == '"' || word[0] == '`') && word.back() == word[0]) {
      word = word.substr(1, word.size() - 2);
    }
    words.emplace_back(word);
    at = end;
  }
  return words;
}

class GoMod {
 public:
  explicit GoMod(LockBuilder& out) : out_(out) {}

  void TakeLine(std::string_view line, std::size_t number) {
    std::vector<std::string> words = WordsOf(line);
    if (words.empty()) return;
    is_empty_ = false;
    if (!block_.empty()) {
      if (words[0] == ")") {
        block_.clear();
      } else {
        Directive(block_, words, number);
      }
      return;
    }
    const std::string verb = words[0];
    words.erase(words.begin());
    if (words.size() == 1 && words[0] == "(") {
      block_ = verb;
    } else {
      Directive(verb, words, number);
    }
  }

  void Finish() {
    if (!block_.empty()) out_.Fail("ends within a block");
    if (!has_module_ && !is_empty_) out_.Fail("is no go.mod: it declares no module");
    for (const auto& [path, version] : Selected()) {
      Module used{path, version};
      const Module* const instead = version.empty() ? nullptr : ReplacementOf(used);
      if (instead != nullptr) used = *instead;
      used.version.empty() ? out_.LeaveOut() : out_.Add(used.path, used.version);
    }
  }

 private:
  void Directive(const std::string& verb, const std::vector<std::string>& words,
                 std::size_t number) {
    if (verb == "module") {
      has_module_ = !words.empty();
    } else if (verb == "require") {
      if (words.size() != 2) return out_.FailAtLine(number, "requires no module with a version");
      required_.push_back({words[0], words[1]});
    } else if (verb == "exclude") {
      if (words.size() != 2) return out_.FailAtLine(number, "excludes no version of a module");
      excluded_.emplace(words[0], words[1]);
    } else if (verb == "replace") {
      const auto arrow = std::find(words.begin(), words.end(), "=>");
      const auto left = arrow - words.begin();
      const auto right = words.end() - arrow - 1;
      if (arrow == words.end() || left < 1 || left > 2 || right < 1 || right > 2) {
        return out_.FailAtLine(number, "replaces no module by another");
      }
      const std::string version = left == 2 ? words[1] : "";
      replaced_[{words[0], version}] = {arrow[1], right == 2 ? arrow[2] : ""};
    }
  }

  // The highest version of each module that is not excluded, "" where all are.
  std::map<std::string, std::string> Selected() const {
    std::map<std::string, std::string> selected;
    for (const auto& [path, version] : required_) {
      std::string& highest = selected[path];
      if (!excluded_.contains({path, version}) && IsOlderGoVersion(highest, version)) {
        highest = version;
      }
    }
    return selected;
  }

  // One of this version is stronger than one of all.
  const Module* ReplacementOf(const Module& module) const {
    auto found = replaced_.find({module.path, module.version});
    if (found == replaced_.end()) found = replaced_.find({module.path, ""});
    return found == replaced_.end() ? nullptr : &found->second;
  }

  LockBuilder& out_;
  std::string block_;  // the verb of the block at hand
  bool is_empty_ = true;
  bool has_module_ = false;
  std::vector<Module> required_;
  std::set<std::pair<std::string, std::string>> excluded_;
  std::map<std::pair<std::string, std::string>, Module> replaced_;
};

void Read(std::string_view bytes, LockBuilder& out) {
  GoMod file(out);
  Lines lines(bytes);
  while (const auto line = lines.Next()) file.TakeLine(*line, lines.number());
  file.Finish();
}

constexpr LockFormat kFormat = {.name = "go-mod",
                                .type = "golang",
                                .version = 2,
                                .is_file = IsFile,
                                .read = Read,
                                .may_be_empty = true};

}  // namespace

PackageSource GoModSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
