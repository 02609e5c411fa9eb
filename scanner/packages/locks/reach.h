// Which packages of a lock file more than development needs, where the file records the graph of
// them and not the answer. Inside this room only.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace landwaiter::packages {

class Reach {
 public:
  void AddRoot(std::string_view node) { roots_.push_back(Index(node)); }
  void AddEdge(std::string_view from, std::string_view to);
  /// Follows the edges from the roots, which need not be known in any order.
  void Run();
  /// After Run. False for nodes that were never named.
  bool Has(std::string_view node) const;

 private:
  std::size_t Index(std::string_view node);

  std::map<std::string, std::size_t, std::less<>> index_;
  std::vector<std::vector<std::size_t>> edges_;
  std::vector<std::size_t> roots_;
  std::vector<bool> reached_;
};

}  // namespace landwaiter::packages
