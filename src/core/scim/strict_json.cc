#include "core/scim/strict_json.h"

#include <algorithm>
#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/text.h"
#include "core/scim/refusal.h"

namespace latchkey::scim {
namespace {

namespace json = boost::json;

// Builds the value as Boost.JSON's own handler does, and keeps the names of the objects that are open.
class Handler {
 public:
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = 4096;
  static constexpr std::size_t max_string_size = json::string::max_size();

  bool duplicate() const { return duplicate_; }
  json::value release() { return stack_.release(); }

  bool on_document_begin(json::error_code&) {
    stack_.reset();
    return true;
  }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    names_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t size, json::error_code&) {
    names_.pop_back();
    stack_.push_object(size);
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t size, json::error_code&) {
    stack_.push_array(size);
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    key_ += std::string_view(part);
    stack_.push_chars(part);
    return true;
  }
  bool on_key(json::string_view part, std::size_t, json::error_code& error) {
    key_ += std::string_view(part);
    stack_.push_key(part);
    key_ = to_lower(key_);
    is_password_ = key_ == "password";
    if (!names_.back().insert(std::exchange(key_, {})).second) {
      duplicate_ = true;
      error = json::error::syntax;
      return false;
    }
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
    if (!is_password_) stack_.push_chars(part);
    return true;
  }
  bool on_string(json::string_view part, std::size_t, json::error_code&) {
    if (std::exchange(is_password_, false)) {
      stack_.push_null();
    } else {
      stack_.push_string(part);
    }
    return true;
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, json::error_code&) {
    return scalar([&] { stack_.push_int64(number); });
  }
  bool on_uint64(std::uint64_t number, json::string_view, json::error_code&) {
    return scalar([&] { stack_.push_uint64(number); });
  }
  bool on_double(double number, json::string_view, json::error_code&) {
    return scalar([&] { stack_.push_double(number); });
  }
  bool on_bool(bool flag, json::error_code&) {
    return scalar([&] { stack_.push_bool(flag); });
  }
  bool on_null(json::error_code&) {
    return scalar([&] { stack_.push_null(); });
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  template <class Push>
  bool scalar(Push push) {
    is_password_ = false;
    push();
    return true;
  }

  json::value_stack stack_;
  std::string key_;
  std::vector<std::set<std::string, std::less<>>> names_;
  bool is_password_ = false;
  bool duplicate_ = false;
};

}  // namespace

Result<json::value> read_json(std::string_view body) {
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  json::basic_parser<Handler> parser(options);
  json::error_code error;
  const auto used = parser.write_some(false, body.data(), body.size(), error);
  if (parser.handler().duplicate()) {
    return refuse(ScimType::invalid_syntax,
                  "An object has two members of the same name (letter case aside).");
  }
  if (error == json::error::too_deep) {
    return refuse(ScimType::invalid_syntax, "The request body is nested more than 32 deep.");
  }
  if (error) {
    return refuse(ScimType::invalid_syntax, "The request body is not valid JSON: " + error.message() + ".");
  }
  if (used < body.size()) {
    return refuse(ScimType::invalid_syntax, "Something follows the JSON value in the request body.");
  }
  return parser.handler().release();
}

Result<json::object> read_json_object(std::string_view body) {
  TRY(auto value, read_json(body));
  if (!value.is_object()) return refuse(ScimType::invalid_syntax, "The request body must be a JSON object.");
  return std::move(value.get_object());
}

const json::value* find_member(const json::object& object, std::string_view name) {
  for (const auto& member : object) {
    if (equals_ignore_case(name, std::string_view(member.key()))) return &member.value();
  }
  return nullptr;
}

bool lists_schema(const json::object& body, std::string_view urn) {
  const auto* list = find_member(body, "schemas");
  return list != nullptr && list->is_array() &&
         std::ranges::any_of(list->get_array(), [&](const json::value& each) {
           return each.is_string() && equals_ignore_case(std::string_view(each.get_string()), urn);
         });
}

}  // namespace latchkey::scim
