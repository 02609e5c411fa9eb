#include "scanner/packages/json_stream.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace landwaiter::packages {
namespace {

// Keeps the path for the visitor; below its depth it only counts.
class Stream final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Stream(JsonVisitor& visitor, std::size_t max_depth) : visitor_(visitor), max_depth_(max_depth) {}

  bool null() override { return Value({}); }
  bool boolean(bool value) override {
    if (below_ == 0) visitor_.Bool(path_, value);
    return true;
  }
  bool number_integer(number_integer_t) override { return Value({}); }
  bool number_unsigned(number_unsigned_t number) override { return Value(std::to_string(number)); }
  bool number_float(number_float_t, const string_t&) override { return Value({}); }
  bool string(string_t& text) override { return Value(std::move(text)); }
  bool binary(binary_t&) override { return Value({}); }
  bool start_object(std::size_t) override { return Open(true); }
  bool end_object() override { return Close(); }
  bool start_array(std::size_t) override { return Open(false); }
  bool end_array() override { return Close(); }
  bool key(string_t& text) override {
    if (below_ == 0) path_.back() = std::move(text);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    error_at_ = position;
    return false;
  }

  std::size_t error_at() const { return error_at_; }

 private:
  bool Value(std::string text) {
    if (below_ == 0) visitor_.Text(path_, std::move(text));
    return true;
  }
  bool Open(bool is_object) {
    if (below_ > 0 || path_.size() == max_depth_) {
      ++below_;
      return true;
    }
    visitor_.Begin(path_, is_object);
    path_.emplace_back();
    return true;
  }
  bool Close() {
    if (below_ > 0) {
      --below_;
      return true;
    }
    path_.pop_back();
    visitor_.End(path_);
    return true;
  }

  JsonVisitor& visitor_;
  const std::size_t max_depth_;
  JsonPath path_;
  std::size_t below_ = 0;
  std::size_t error_at_ = 0;
};

}  // namespace

Status StreamJson(std::string_view text, JsonVisitor& visitor, std::size_t max_depth) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Stream stream(visitor, max_depth);
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &stream)) return Ok();
  return InvalidArgument("is no JSON: it breaks at byte " + std::to_string(stream.error_at()));
}

}  // namespace landwaiter::packages
