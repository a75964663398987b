#include "core/federation/jws.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <set>
#include <vector>

#include "base/text.h"

namespace latchkey::federation {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxHeader = 2048;
constexpr std::size_t kMaxDepth = 16;

// Only looks for names that stand twice in one object.
struct UniqueNames {
  static constexpr std::size_t max_object_size = 1024;
  static constexpr std::size_t max_array_size = 4096;
  static constexpr std::size_t max_key_size = 4096;
  static constexpr std::size_t max_string_size = 64UL * 1024;

  std::vector<std::set<std::string>> open;
  std::string name;
  bool twice = false;

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    open.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, json::error_code&) {
    open.pop_back();
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t, json::error_code&) { return true; }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    name.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, json::error_code&) {
    name.append(part.data(), part.size());
    twice = twice || !open.back().insert(std::move(name)).second;
    name.clear();
    return true;
  }
  bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
  bool on_double(double, json::string_view, json::error_code&) { return true; }
  bool on_bool(bool, json::error_code&) { return true; }
  bool on_null(json::error_code&) { return true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }
};

// What a workload shows is an ID token, an access token (RFC 9068) or a SPIFFE JWT-SVID. Logout tokens,
// security events, proofs of possession carry the same issuer's signature and are none of these.
bool is_type_of_token(const std::string& name) {
  return name == "jwt" || name == "at+jwt" || name == "jose";
}

std::string type_name(const json::value& typ) {
  if (!typ.is_string()) return {};
  auto name = to_lower(std::string_view(typ.get_string()));
  if (name.starts_with("application/")) name.erase(0, 12);
  return name;
}

bool has_unique_names(std::string_view text) {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::basic_parser<UniqueNames> parser(options);
  json::error_code failed;
  parser.write_some(false, text.data(), text.size(), failed);
  return !failed && !parser.handler().twice;
}

}  // namespace

Result<json::object> parse_strict_object(std::string_view text, std::string_view what) {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::error_code failed;
  auto value = json::parse(text, failed, {}, options);
  if (failed || !value.is_object()) return malformed(std::string(what) + " is not a JSON object");
  if (!has_unique_names(text)) return malformed(std::string(what) + " has a member twice");
  return std::move(value.get_object());
}

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Result<Jws> parse_jws(std::string_view text) {
  if (text.size() > kMaxToken) return malformed("the token is too long");
  const auto parts = split(text, '.');
  if (parts.size() != 3) return malformed("the token is no compact JWS of three parts");
  const auto header_text = from_base64url(parts[0]);
  const auto claims_text = from_base64url(parts[1]);
  if (!header_text || !claims_text || !from_base64url(parts[2])) {
    return malformed("a part of the token is not base64url");
  }
  if (parts[2].empty()) return malformed("the token is not signed");
  if (header_text->size() > kMaxHeader) return malformed("the token's header is too long");
  TRY(const auto header, parse_strict_object(*header_text, "the token's header"));
  for (const char* unknown : {"crit", "b64", "enc", "zip"}) {
    if (header.contains(unknown)) return malformed(std::string("the token's header asks for ") + unknown);
  }
  Jws jws;
  if (const auto* typ = header.if_contains("typ")) {
    jws.type = type_name(*typ);
    if (!is_type_of_token(jws.type))
      return malformed("the token is of another type: " +
                       storable(clip(redact_keys(json::serialize(*typ)), 64)));
  }
  const auto algorithm = crypto::jws_algorithm_from(text_of(header, "alg"));
  if (!algorithm) {
    return malformed("the token's algorithm is not an accepted one: " +
                     storable(clip(redact_keys(text_of(header, "alg")), 32)));
  }
  if (header.contains("kid") && text_of(header, "kid").empty())
    return malformed("the token's kid is no text");
  jws.algorithm = *algorithm;
  jws.kid = text_of(header, "kid");
  TRY(jws.claims, parse_strict_object(*claims_text, "the token's payload"));
  jws.compact = text;
  return jws;
}

}  // namespace latchkey::federation
