// JSON bodies: the reader of members, then the operations that take the most of them, with a valid caller.
#include <cstdint>

#include "fuzz_world.h"
#include "http/json_body.h"

namespace {

using namespace latchkey;

// Each accessor on each member that some operation reads.
void read_members(const http::JsonBody& body, int depth) {
  for (const auto* name : {"description", "expirySeconds", "capabilities", "devices", "create", "tags",
                           "reusable", "maxUses", "allowedHostnames", "keyType", ""}) {
    const auto text = body.text(name);
    const auto flag = body.flag(name);
    const auto number = body.integer(name);
    const auto list = body.texts(name);
    const auto object = body.object(name);
    for (const Error& error : {text.ok() ? Error{} : text.error(), flag.ok() ? Error{} : flag.error(),
                               number.ok() ? Error{} : number.error(), list.ok() ? Error{} : list.error(),
                               object.ok() ? Error{} : object.error()}) {
      fuzz::require(error.fields.empty() || error.code == ErrorCode::malformed_input,
                    "a member of the wrong type is the client's mistake");
    }
    if (object.ok() && *object && depth < 4) read_members(**object, depth + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto& world = fuzz::world();
  const std::string body(fuzz::text_of(data, size));
  const auto parsed = http::JsonBody::parse(body);
  if (parsed.ok()) read_members(*parsed, 0);

  const auto made = world.api.call("POST", "/api/v2/tailnet/-/keys", world.token, {.body = body});
  fuzz::check_answer(made);
  fuzz::require(parsed.ok() || made.status == 400, "a body that is no JSON object is refused");
  if (made.status == 200) {
    const auto key = testing::json_of(made);
    const auto id = std::string(key.at("id").as_string());
    fuzz::require(credentials::parse_key_text(key.at("key").as_string()).ok(), "a created key is a key");
    fuzz::require(world.api.world.stored(CredentialId(id)).id.str() == id, "a created key is stored");
  }
  fuzz::check_answer(world.api.call_locally("POST", "/api/console/access-tokens", {.body = body}));
  fuzz::check_answer(world.api.call_locally("POST", "/api/local/tailnets", {.body = body}));
  return 0;
}
