// GET /whoami: which caller the presented credential makes. Beyond upstream; answers without the database.
#include <boost/json/array.hpp>

#include "http/handlers.h"
#include "http/responses.h"

namespace latchkey::http {

Answer who_am_i(Context&, Call& call) {
  const auto& caller = call.caller;
  boost::json::object body;
  body["tailnetId"] = caller.tailnet.str();
  if (caller.trust) {
    body["clientId"] = caller.trust->credential.str();
    body["tags"] = boost::json::array(caller.trust->tags.begin(), caller.trust->tags.end());
    body["keyId"] = caller.source.credential.str();
    co_return json_response(body);
  }
  body["userId"] = caller.user.str();
  body["loginName"] = caller.login_name;
  body["role"] = to_string(caller.role);
  if (!caller.source.credential.empty()) body["keyId"] = caller.source.credential.str();
  co_return json_response(body);
}

}  // namespace latchkey::http
