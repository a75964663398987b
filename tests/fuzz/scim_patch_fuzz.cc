// SCIM bodies: a resource that is accepted reads back the same, and a PATCH keeps what the schema demands.
//
// The input is a JSON text: a list of operations for a PATCH of a user and of a group, a resource, or a bulk
// request.
#include <boost/json.hpp>
#include <cstdint>
#include <vector>

#include "base/text.h"
#include "core/scim/bulk.h"
#include "core/scim/document.h"
#include "core/scim/patch.h"
#include "core/scim/rendering.h"
#include "core/scim/strict_json.h"
#include "require.h"

namespace {

using namespace latchkey;
namespace json = boost::json;

void check_refusal(const Error& error) {
  fuzz::require(!error.protocol_code.empty(), "a refusal has a word of its own");
  fuzz::require(!error.message.empty(), "a refusal says why");
  fuzz::require(utf8_length(error.message).has_value(), "a refusal is valid UTF-8");
}

// A document is what a client that sends it back would make.
void check_made(const scim::ResourceType& type, const json::object& document) {
  fuzz::require(scim::check_document(type, document).ok(), "a document keeps what its schema demands");
  auto sent = json::parse(json::serialize(document)).as_object();
  const auto again = scim::read_resource(type, sent);
  fuzz::require(again.ok(), "a document can be sent back");
  auto expected = document;
  for (const char* name : {"id", "meta", "groups"}) expected.erase(name);
  fuzz::require(*again == scim::finish_document(type, expected), "what is sent back is the same");
  const auto complete = scim::complete_document(type, document, {"x1", {}, {}, 1}, "https://x/scim/v2");
  fuzz::require(complete.contains("meta") && complete.contains("schemas"), "an answer is complete");
}

void check_patch(const scim::ResourceType& type, const json::object& before, const json::value& operations) {
  json::object body;
  body["schemas"] = json::array{scim::kPatchOpUrn};
  body["Operations"] = operations;
  const auto read = scim::read_patch(body);
  if (!read) return check_refusal(read.error());
  const auto patched = scim::apply_patch(type, before, *read);
  if (!patched) return check_refusal(patched.error());
  check_made(type, patched->document);
  fuzz::require(patched->changed == (patched->document != before), "changed says whether it changed");
  fuzz::require(patched->document.at("id") == before.at("id"), "an id stays");
}

void check_bulk(const json::object& body) {
  auto request = scim::read_bulk(body, 1, {.max_operations = 100, .max_payload_bytes = 100});
  if (!request) return;
  std::vector<bool> seen(request->operations.size(), false);
  scim::BulkIds ids;
  for (const auto position : request->order) {
    fuzz::require(!seen.at(position), "an operation has one place");
    seen.at(position) = true;
    auto& operation = request->operations[position];
    if (operation.refusal) continue;
    static_cast<void>(scim::resolve(operation, ids));
    if (!operation.bulk_id.empty()) ids.emplace(operation.bulk_id, "u1");
  }
  fuzz::require(request->order.size() == seen.size(), "every operation has a place");
}

json::object document(const scim::ResourceType& type, std::string_view text) {
  return scim::finish_document(type, json::parse(json::string_view(text.data(), text.size())).as_object());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto kUser = document(scim::user_type(), R"({"id":"u1","userName":"ines","active":true,
      "name":{"familyName":"okoro"},"emails":[{"value":"a@x","type":"work","primary":true},{"value":"b@x"}],
      "groups":[{"value":"g1"}],"addresses":[{"locality":"l"}],"x509Certificates":[{"value":"MAo="}],
      "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"u2"}},
      "meta":{"version":"1"}})");
  static const auto kGroup = document(scim::group_type(), R"({"id":"g1","displayName":"ops",
      "members":[{"value":"u1"},{"value":"u2","type":"User"},{"value":"g2","type":"Group"}]})");
  const auto body = scim::read_json(fuzz::text_of(data, size));
  if (!body) {
    check_refusal(body.error());
    return 0;
  }
  check_patch(scim::user_type(), kUser, *body);
  check_patch(scim::group_type(), kGroup, *body);
  if (!body->is_object()) return 0;
  check_bulk(body->get_object());
  for (const auto& type : scim::resource_types()) {
    const auto made = scim::read_resource(type, body->get_object());
    made.ok() ? check_made(type, *made) : check_refusal(made.error());
    const auto& stored = &type == &scim::user_type() ? kUser : kGroup;
    const auto replaced = scim::replace_resource(type, stored, body->get_object());
    if (replaced.ok()) check_made(type, *replaced);
  }
  return 0;
}
