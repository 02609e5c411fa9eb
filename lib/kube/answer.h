// What the API server answers, read: the error in a Status object, and the lines of a watch. Pure,
// so that fuzzing and tables of cases reach it without a server.
#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/kube/api.h"

namespace landwaiter::kube {

/// The Error that an answer with `http_status` >= 400 means; the body's Status.reason and message
/// where it has one. `what` names the call ("get pods \"a/b\"").
Error ErrorOfAnswer(int http_status, std::string_view body, const std::string& what);

/// Splits the bytes of a watch into lines and each line into type and object.
class WatchDecoder {
 public:
  /// Longest line: one object.
  explicit WatchDecoder(std::size_t max_line_bytes);

  /// Calls `on_event` for each whole line in the bytes so far. Errors: ResourceExhausted for a line
  /// above the bound, DataLoss for a line that is no event, the server's own error for an ERROR
  /// event (410 with reason Gone), Cancelled when `on_event` returned false. After an error the
  /// decoder is of no more use.
  Status Feed(std::string_view bytes, const Api::EventHandler& on_event);
  /// Bytes of a line that never ended.
  bool HasPartialLine() const { return !line_.empty(); }

 private:
  Status Line(std::string_view line, const Api::EventHandler& on_event);

  const std::size_t max_line_bytes_;
  std::string line_;
};

}  // namespace landwaiter::kube
