// GET, POST /tailnet/{tailnet}/acl; POST /tailnet/{tailnet}/acl/validate, /tailnet/{tailnet}/acl/preview.
#include <boost/json.hpp>

#include "base/text.h"
#include "core/identity/user_store.h"
#include "core/policy/hujson.h"
#include "core/policy/manage.h"
#include "core/policy/preview.h"
#include "core/tailnet/policy_node.h"
#include "http/handlers.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using identity::Operation;
using policy::Policy;

// JSON for who asks for it and does not ask for HuJSON; everybody else gets the text as it was written.
bool wants_json(const Call& call) {
  const auto accept = to_lower(call.request.header("Accept").value_or(""));
  return accept.find("application/json") != std::string::npos && accept.find("hujson") == std::string::npos;
}

io::Response policy_response(const Call& call, const Policy& policy) {
  io::Response response;
  response.headers.push_back({"ETag", '"' + policy.hash() + '"'});
  if (wants_json(call)) {
    response.body = policy.strict_json();
  } else {
    response.content_type = "application/hujson";
    response.body = policy.text();
  }
  return response;
}

// What If-Match asks for, without the quotes that belong around it.
std::optional<std::string> expected_hash(const Call& call) {
  const auto header = call.request.header("If-Match");
  if (!header) return std::nullopt;
  auto text = trim(*header);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return std::string(text);
}

// Upstream's shape for tests that fail: one element for each test.
boost::json::object failures_json(const std::vector<policy::TestFailure>& failures) {
  boost::json::object body;
  if (failures.empty()) return body;
  boost::json::array data;
  for (const auto& failure : failures) {
    data.push_back(
        boost::json::object{{"user", failure.source},
                            {"errors", boost::json::array(failure.errors.begin(), failure.errors.end())}});
  }
  body["message"] = "test(s) failed";
  body["data"] = std::move(data);
  return body;
}

boost::json::object details_json(const Policy& policy, const std::vector<std::string>& warnings) {
  boost::json::object body;
  body["acl"] = to_base64(policy.text());
  body["warnings"] = boost::json::array(warnings.begin(), warnings.end());
  body["errors"] = nullptr;
  return body;
}

// Where the value begins, behind white space and comments.
std::size_t first_of_value(std::string_view text) {
  std::size_t at = 0;
  for (;;) {
    at += policy::white_space_length(text.substr(at));
    const auto comment = policy::comment_length(text.substr(at));
    if (comment == 0 || comment == std::string_view::npos) return at;
    at += comment;
  }
}

struct Preview {
  std::string type;
  std::string subject;
};

Result<Preview> wanted_preview(const Call& call) {
  Preview want{call.query_value("type").value_or(""), call.query_value("previewFor").value_or("")};
  if (want.type != "user" && want.type != "ipport") return malformed("type must be user or ipport", "type");
  if (want.subject.empty()) return malformed("previewFor is required", "previewFor");
  return want;
}

Result<std::vector<const policy::Rule*>> matches(core::Tx& tx, const TailnetId& tailnet, const Policy& policy,
                                                 const Preview& want) {
  if (want.type == "ipport") {
    const auto nodes = tailnet::policy_nodes(tx, tailnet);
    return policy::rules_for_destination(policy, want.subject, nodes);
  }
  const auto user = tx.users().find_by_login(tailnet, want.subject);
  if (!user) return malformed("user not found: " + std::string(clip(want.subject, 254)), "previewFor");
  return policy::rules_for_user(policy, user->login_name, user->role);
}

boost::json::array texts(const std::vector<std::string>& list) {
  return boost::json::array(list.begin(), list.end());
}

boost::json::object preview_json(const std::vector<const policy::Rule*>& rules, const Preview& want) {
  boost::json::array list;
  for (const auto* rule : rules) {
    list.push_back(boost::json::object{{"users", texts(rule->source_texts)},
                                       {"ports", texts(rule->destination_texts)},
                                       {"lineNumber", rule->line}});
  }
  return {{"matches", std::move(list)}, {"type", want.type}, {"previewFor", want.subject}};
}

}  // namespace

Answer get_policy_file(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_policy>(call.caller));
  const auto details = call.query_value("details").value_or("");
  if (details == "true" || details == "1") {
    auto work = [may](core::Tx& tx) -> Result<boost::json::object> {
      const auto policy = policy::read_policy(tx, may);
      return details_json(policy, policy::warnings(tx, may, policy));
    };
    CO_TRY(const auto body, co_await context.db.read(std::move(work)));
    co_return json_response(body);
  }
  auto work = [may](core::Tx& tx) -> Result<Policy> { return policy::read_policy(tx, may); };
  CO_TRY(const auto policy, co_await context.db.read(std::move(work)));
  co_return policy_response(call, policy);
}

Answer set_policy_file(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::write_policy>(call.caller));
  const policy::NewPolicy want{call.request.body, expected_hash(call)};
  auto work = [may, want, now = context.clock.now()](core::Tx& tx) {
    return policy::write_policy(tx, may, want, tailnet::policy_nodes(tx, may.tailnet()), now);
  };
  CO_TRY(const auto written, co_await context.db.write(std::move(work)));
  if (!written.failures.empty()) {
    auto body = failures_json(written.failures);
    body["status"] = 400;
    auto refused = json_response(body);
    refused.status = 400;
    co_return refused;
  }
  co_return policy_response(call, written.policy);
}

Answer validate_policy_file(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_policy>(call.caller));
  auto work = [may, text = call.request.body](core::Tx& tx) -> Result<std::vector<policy::TestFailure>> {
    // An array holds tests for the policy there is; anything else is a policy with its own tests.
    const auto first = text.substr(first_of_value(text), 1);
    if (first == "[") {
      const auto policy = policy::read_policy(tx, may);
      TRY(const auto tests, policy.parse_tests(text));
      return policy::examine(tx, may, policy, tests, tailnet::policy_nodes(tx, may.tailnet()));
    }
    TRY(const auto policy, policy::parse_policy(tx, may, text));
    return policy::examine(tx, may, policy, policy.tests(), tailnet::policy_nodes(tx, may.tailnet()));
  };
  CO_TRY(const auto failures, co_await context.db.read(std::move(work)));
  co_return json_response(failures_json(failures));
}

Answer preview_policy_file(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_policy>(call.caller));
  CO_TRY(auto want, wanted_preview(call));
  auto work = [may, want, text = call.request.body](core::Tx& tx) -> Result<boost::json::object> {
    // Without a body, the rules as they are.
    TRY(const auto policy, trim(text).empty() ? Result<Policy>(policy::read_policy(tx, may))
                                              : policy::parse_policy(tx, may, text));
    TRY(const auto rules, matches(tx, may.tailnet(), policy, want));
    return preview_json(rules, want);
  };
  CO_TRY(const auto body, co_await context.db.read(std::move(work)));
  co_return json_response(body);
}

}  // namespace latchkey::http
