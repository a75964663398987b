#include "http/application.h"
#include "http/form_body.h"

#include "base/text.h"
#include "core/audit/audit_store.h"
#include "core/tailnet/tailnet.h"
#include "http/responses.h"
#include "http/same_origin.h"
#include "http/scim/answers.h"

namespace latchkey::http {
namespace {

constexpr std::string_view kScim = "scim/v2";
constexpr std::string_view kProvisioning = "api/console/provisioning";
constexpr int kUnsupportedMediaType = 415;
constexpr std::size_t kMaxUserAgent = 256;
constexpr std::size_t kMaxTargetId = 64;
constexpr std::size_t kMaxRefusal = 512;

// Text that a client chose and that will be stored: without keys, bounded, printable, valid UTF-8.
std::string recorded(std::string_view text, std::size_t most) {
  std::string kept(clip(redact_keys(text), most));
  const bool valid = utf8_length(kept).has_value();
  for (char& c : kept) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte == 0x7F || (byte >= 0x80 && !valid)) c = '?';
  }
  return kept;
}

void describe(const io::Request& request, audit::Source& source) {
  source.request_id = request.id;
  source.user_agent = recorded(request.header("User-Agent").value_or(""), kMaxUserAgent);
}

bool takes_body(const io::Request& request) {
  return request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
}

// Whose changes are counted together; empty: nobody's.
std::string rate_name(const Call& call) {
  if (!call.caller.source.credential.empty()) return call.caller.source.credential.str();
  return call.session ? call.session->session.id : std::string();
}

bool is_change(const io::Request& request) {
  return request.method != "GET" && request.method != "HEAD";
}

}  // namespace

Application::Application(Context& context, const credentials::KeyMint& mint,
                         credentials::CredentialCache& cache, ApplicationSettings settings, Metrics& metrics)
    : context_(context),
      settings_(std::move(settings)),
      router_(routes(), settings_.path_prefix),
      guard_(settings_.guard),
      authenticator_(context.db, mint, cache, guard_, metrics, context.cache_is_current),
      sign_on_guard_(settings_.sign_on_guard),
      sessions_(context, guard_),
      write_rate_(settings_.writes_per_second, settings_.write_burst, settings_.limited_callers),
      refusals_unrecorded_(metrics.counter("latchkey_refusals_unrecorded_total",
                                           "Refused writes whose audit record could not be written")) {}

io::Handler Application::public_handler() {
  return [this](io::Request& request) { return answer(request, Door::public_); };
}

io::Handler Application::local_handler() {
  return [this](io::Request& request) { return answer(request, Door::local); };
}

io::awaitable<io::Response> Application::answer(io::Request& request, Door door) {
  const auto match = router_.find(request.method, request.path());
  const bool is_scim =
      match ? match->route->access == Access::provider : router_.is_below(request.path(), kScim);
  if (!context_.scim_available && (is_scim || router_.is_below(request.path(), kProvisioning))) {
    co_return error_response(not_found("404 page not found"));
  }
  const auto failed = [is_scim](const Error& error) {
    return is_scim ? scim_error_response(error) : error_response(error);
  };
  if (!match) co_return failed(match.error());
  // SCIM reads its query itself, and less strictly.
  auto query = is_scim ? FormPairs() : parse_form(request.query(), "query");
  if (!query) co_return failed(query.error());
  Call call{.request = request,
            .path = match->path,
            .query = *std::move(query),
            .guard = &guard_,
            .sign_on_guard = &sign_on_guard_};

  auto result = co_await dispatch(request, door, *match, call);
  io::Response response;
  if (result) {
    response = *std::move(result);
  } else {
    const Error error = result.error();
    if (!error.detail.empty()) {
      context_.log.warn(
          "request failed",
          {{"request", request.id}, {"operation", match->route->operation_id}, {"detail", error.detail}});
    }
    if (error.refusal && match->route->writes && !call.caller.tailnet.empty()) {
      co_await record_refusal(call, *match, error);
    }
    response = failed(error);
  }
  response.headers.insert(response.headers.end(), call.cookies.begin(), call.cookies.end());
  if (match->route->access != Access::anyone && !call.caller.source.credential.empty()) {
    const auto rate = write_rate_.look(call.caller.source.credential.str(), context_.clock.now());
    response.headers.push_back({"RateLimit-Limit", std::to_string(write_rate_.burst())});
    response.headers.push_back({"RateLimit-Remaining", std::to_string(rate.remaining)});
    response.headers.push_back({"RateLimit-Reset", std::to_string(rate.until_full.count())});
  }
  co_return response;
}

io::awaitable<Result<io::Response>> Application::dispatch(const io::Request& request, Door door,
                                                          const Match& match, Call& call) {
  const Route& route = *match.route;
  // Hidden equals missing: the local routes do not exist for anybody else.
  if (route.access == Access::local && door != Door::local) co_return not_found("404 page not found");
  CO_TRY(co_await admit(request, door, route, call));
  const auto counted = rate_name(call);
  if (route.writes && !counted.empty() && !write_rate_.take(counted, context_.clock.now()).allowed) {
    co_return Error{
        ErrorCode::rate_limited, "too many requests: this credential changes things too fast", {}, {}};
  }
  if (route.access == Access::provider && takes_body(request) && !is_scim_media_type(request)) {
    co_return scim_refusal(kUnsupportedMediaType, "Send application/scim+json or application/json.");
  }
  describe(request, call.caller.source);  // who is identified by a credential came with a source of its own
  co_return co_await route.handler(context_, call);
}

// Who the caller is, as far as the route asks.
io::awaitable<Result<void>> Application::admit(const io::Request& request, Door door, const Route& route,
                                               Call& call) {
  describe(request, call.caller.source);
  switch (route.access) {
    case Access::anyone:
      call.caller.source.address = client_address(request, settings_.trusted_proxies);
      co_return Result<void>();
    case Access::visitor:
      call.caller.source.address = client_address(request, settings_.trusted_proxies);
      co_return co_await sessions_.recognise(call);
    case Access::local:
      call.caller.kind = identity::Caller::Kind::local_administrator;
      call.caller.role = identity::Role::owner;
      call.caller.source.origin = audit::Origin::admin_console;
      co_return Result<void>();
    case Access::console:
      if (door == Door::public_ && !request.header("Authorization")) {
        call.caller.source.address = client_address(request, settings_.trusted_proxies);
        CO_TRY(co_await sessions_.recognise(call));
        if (!call.session) co_return unauthenticated("sign in first: there is no session, or it has ended");
        if (is_change(request)) CO_TRY(check_console_change(request, context_.public_url));
        co_return co_await check_tailnet(call);
      }
      break;
    case Access::provider:
      co_return co_await identify_provider(request, call);
    case Access::caller:
      break;
  }
  CO_TRY(co_await identify(request, door, call));
  co_return co_await check_tailnet(call);
}

io::awaitable<Result<void>> Application::identify(const io::Request& request, Door door, Call& call) {
  const bool local = door == Door::local && !request.header("Authorization");
  if (local) {
    const auto element = call.path.find("tailnet");
    std::string tailnet = element == call.path.end()
                              ? std::string(request.header("X-Latchkey-Tailnet").value_or("-"))
                              : element->second;
    if (tailnet == "-") tailnet = std::string(request.header("X-Latchkey-Tailnet").value_or("-"));
    CO_TRY(call.caller, co_await authenticator_.local_administrator(request, std::move(tailnet)));
    co_return Result<void>();
  }
  const std::string address = client_address(request, settings_.trusted_proxies);
  CO_TRY(call.caller, co_await authenticator_.authenticate(request, address, context_.clock.now()));
  call.caller.source.address = address;
  co_return Result<void>();
}

io::awaitable<Result<void>> Application::identify_provider(const io::Request& request, Call& call) {
  const std::string address = client_address(request, settings_.trusted_proxies);
  CO_TRY(call.caller, co_await authenticator_.authenticate_provider(request, address, context_.clock.now()));
  call.caller.source.address = address;
  co_return Result<void>();
}

io::awaitable<Result<void>> Application::check_tailnet(const Call& call) {
  const auto element = call.path.find("tailnet");
  if (element == call.path.end() || element->second == "-" || element->second == call.caller.tailnet.str()) {
    co_return Result<void>();
  }
  auto read = [id = call.caller.tailnet](core::Tx& tx) -> Result<std::optional<tailnet::Tailnet>> {
    return tx.tailnets().find(id);
  };
  CO_TRY(const auto own, co_await context_.db.read(std::move(read)));
  // Another tailnet's name is answered like one that does not exist.
  if (!own || !tailnet::is_meant_by(*own, element->second)) co_return not_found("tailnet not found");
  co_return Result<void>();
}

io::awaitable<void> Application::record_refusal(const Call& call, const Match& match, const Error& error) {
  audit::Target target;
  target.type = audit::TargetType::failed_request;
  for (const char* element : {"keyId", "deviceId", "userId", "inviteId"}) {
    const auto found = match.path.find(element);
    if (found != match.path.end()) target.id = recorded(found->second, kMaxTargetId);
  }
  target.name = match.route->operation_id;
  auto record =
      identity::record_by(call.caller, audit::Action::update, std::move(target), context_.clock.now());
  record.error = recorded(error.message, kMaxRefusal);
  auto write = [record = std::move(record)](core::Tx& tx) -> Result<void> {
    tx.audit().append(record);
    return {};
  };
  const auto written = co_await context_.db.write(std::move(write));
  if (!written) {
    refusals_unrecorded_.add();
    context_.log.error("refusal not recorded",
                       {{"request", call.request.id}, {"reason", written.error().message}});
  }
}

}  // namespace latchkey::http
