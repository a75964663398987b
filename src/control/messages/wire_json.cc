#include "control/messages/wire_json.h"

#include <boost/json/parse.hpp>

#include "base/text.h"
#include "control/messages/protocol_key.h"

namespace latchkey::control {
namespace {

constexpr std::size_t kMaxListed = 1024;

Error wrong_type(std::string_view name, std::string_view wanted) {
  return malformed(std::string(name) + " must be " + std::string(wanted), std::string(name));
}

}  // namespace

Result<WireObject> WireObject::parse(std::string_view body) {
  boost::system::error_code failed;
  auto value = boost::json::parse({body.data(), body.size()}, failed);
  if (failed || !value.is_object()) return malformed("the body is not a JSON object");
  return WireObject(std::move(value.as_object()));
}

const boost::json::value* WireObject::find(std::string_view name) const {
  if (const auto* exact = members_.if_contains({name.data(), name.size()})) {
    return exact->is_null() ? nullptr : exact;
  }
  for (const auto& member : members_) {
    if (equals_ignore_case({member.key().data(), member.key().size()}, name)) {
      return member.value().is_null() ? nullptr : &member.value();
    }
  }
  return nullptr;
}

Result<std::string> WireObject::text(std::string_view name) const {
  const auto* value = find(name);
  if (!value) return std::string();
  if (!value->is_string()) return wrong_type(name, "a string");
  return std::string(value->get_string());
}

Result<bool> WireObject::flag(std::string_view name) const {
  const auto* value = find(name);
  if (!value) return false;
  if (!value->is_bool()) return wrong_type(name, "true or false");
  return value->get_bool();
}

Result<std::int64_t> WireObject::integer(std::string_view name) const {
  const auto* value = find(name);
  if (!value) return std::int64_t{0};
  if (!value->is_int64()) return wrong_type(name, "an integer");
  return value->get_int64();
}

Result<std::vector<std::string>> WireObject::texts(std::string_view name) const {
  std::vector<std::string> list;
  const auto* value = find(name);
  if (!value) return list;
  if (!value->is_array() || value->get_array().size() > kMaxListed)
    return wrong_type(name, "a list of strings");
  for (const auto& element : value->get_array()) {
    if (!element.is_string()) return wrong_type(name, "a list of strings");
    list.emplace_back(element.get_string());
  }
  return list;
}

Result<WireObject> WireObject::object(std::string_view name) const {
  const auto* value = find(name);
  if (!value) return WireObject(boost::json::object());
  if (!value->is_object()) return wrong_type(name, "an object");
  return WireObject(value->get_object());
}

Result<std::optional<TimePoint>> WireObject::time(std::string_view name) const {
  TRY(const auto written, text(name));
  if (written.empty() || written.starts_with("0001-01-01T00:00:00")) return std::optional<TimePoint>();
  const auto parsed = from_rfc3339(written);
  if (!parsed) return wrong_type(name, "a time (RFC 3339)");
  return parsed;
}

Result<std::string> WireObject::key(std::string_view name, std::string_view prefix) const {
  TRY(const auto written, text(name));
  if (written.empty()) return written;
  auto key = canonical_key(prefix, written);
  if (!key) return wrong_type(name, "a key: " + std::string(prefix) + " and 64 hexadecimal digits");
  return *std::move(key);
}

}  // namespace latchkey::control
