#include "http/authenticator.h"

#include "core/credentials/authenticate.h"
#include "core/identity/user_store.h"
#include "core/tailnet/tailnet.h"
#include "core/tx.h"
#include "http/authorization.h"

namespace latchkey::http {
namespace {

constexpr const char* kChecks = "latchkey_token_checks_total";
constexpr const char* kChecksHelp = "API token checks by how they ended";

using Found = std::optional<credentials::OwnedCredential>;

Result<identity::Caller> find_local_administrator(core::Tx& tx, const std::string& tailnet,
                                                  const std::optional<std::string>& login) {
  std::optional<tailnet::Tailnet> meant;
  if (tailnet.empty() || tailnet == "-") {
    const auto all = tx.tailnets().list();
    if (all.empty()) return not_found("this server has no tailnet yet: run latchkey init");
    if (all.size() > 1)
      return malformed("this server has several tailnets: name one with --tailnet", "tailnet");
    meant = all.front();
  } else {
    meant = tx.tailnets().find_by_name(tailnet);
    if (!meant) meant = tx.tailnets().find(TailnetId(tailnet));
  }
  if (!meant) return not_found("tailnet not found");
  const auto user = login ? tx.users().find_by_login(meant->id, *login) : tx.users().find_owner(meant->id);
  if (!user) return not_found("user not found");
  identity::Caller caller;
  caller.kind = identity::Caller::Kind::local_administrator;
  caller.tailnet = meant->id;
  caller.user = user->id;
  caller.login_name = user->login_name;
  caller.display_name = user->display_name;
  caller.role = user->role;
  // Upstream has no origin for a command line on the server; it is the administrator's console here.
  caller.source.origin = audit::Origin::admin_console;
  return caller;
}

}  // namespace

Authenticator::Authenticator(io::Database& db, const credentials::KeyMint& mint,
                             credentials::CredentialCache& cache, FailureGuard& guard, Metrics& metrics,
                             std::function<bool()> cache_is_current)
    : db_(db),
      mint_(mint),
      cache_(cache),
      guard_(guard),
      cache_is_current_(std::move(cache_is_current)),
      from_cache_(metrics.counter(kChecks, kChecksHelp, {{"outcome", "cached"}})),
      from_database_(metrics.counter(kChecks, kChecksHelp, {{"outcome", "looked_up"}})),
      refused_(metrics.counter(kChecks, kChecksHelp, {{"outcome", "refused"}})),
      throttled_(metrics.counter(kChecks, kChecksHelp, {{"outcome", "throttled"}})) {}

io::awaitable<Result<identity::Caller>> Authenticator::authenticate(const io::Request& request,
                                                                    std::string address, TimePoint now) {
  CO_TRY(const auto token, presented_token(request));
  auto parsed = credentials::parse_api_token(token.expose());
  co_return co_await check(std::move(parsed), token, std::move(address), now);
}

io::awaitable<Result<identity::Caller>> Authenticator::authenticate_provider(const io::Request& request,
                                                                             std::string address,
                                                                             TimePoint now) {
  CO_TRY(const auto key, presented_scim_key(request));
  auto parsed = credentials::parse_scim_key(key.expose());
  co_return co_await check(std::move(parsed), key, std::move(address), now);
}

io::awaitable<Result<identity::Caller>> Authenticator::check(Result<credentials::ParsedKey> parsed,
                                                             const SecretString& token, std::string address,
                                                             TimePoint now) {
  if (!parsed) {
    guard_.note_failure(address, now);
    refused_.add();
    co_return parsed.error();
  }
  const crypto::Digest presented = mint_.digest(token.expose());
  const auto cached = cache_is_current_() ? cache_.find(parsed->id) : nullptr;
  if (cached && credentials::is_genuine(presented, cached.get())) {
    auto caller = accept(*cached, address, now);
    if (caller.ok()) {
      from_cache_.add();
      co_return caller;
    }
  }
  co_return co_await look_up(*parsed, presented, std::move(address), now);
}

io::awaitable<Result<identity::Caller>> Authenticator::look_up(credentials::ParsedKey parsed,
                                                               crypto::Digest presented, std::string address,
                                                               TimePoint now) {
  if (auto checked = guard_.check(address, now); !checked) {
    throttled_.add();
    co_return checked.error();
  }
  const auto ticket = cache_.ticket(parsed.id);
  auto read = [id = parsed.id](core::Tx& tx) -> Result<Found> {
    return tx.credentials().find_for_authentication(id);
  };
  CO_TRY(const Found found, co_await db_.read(std::move(read)));
  if (credentials::is_genuine(presented, found ? &*found : nullptr)) {
    auto caller = accept(*found, address, now);
    if (caller.ok()) {
      cache_.insert(std::make_shared<const credentials::OwnedCredential>(*found), ticket);
      from_database_.add();
      co_return caller;
    }
    cache_.note_refused(found->credential, now);
  }
  guard_.note_failure(address, now);
  refused_.add();
  co_return unauthenticated(std::string(credentials::kApiTokenInvalid));
}

Result<identity::Caller> Authenticator::accept(const credentials::OwnedCredential& token,
                                               const std::string& address, TimePoint now) {
  auto caller = token.credential.type == credentials::KeyType::scim ? credentials::provider_of(token, now)
                                                                    : credentials::caller_of(token, now);
  if (caller.ok()) cache_.note_use(token.credential, now, address);
  return caller;
}

io::awaitable<Result<identity::Caller>> Authenticator::local_administrator(const io::Request& request,
                                                                           std::string tailnet) {
  std::optional<std::string> login;
  if (const auto header = request.header("X-Latchkey-User")) {
    login = std::string(*header);
    CO_TRY(identity::check_login_name(*login));
  }
  if (!tailnet.empty() && tailnet != "-") CO_TRY(tailnet::check_name(tailnet));
  auto read = [tailnet = std::move(tailnet), login](core::Tx& tx) {
    return find_local_administrator(tx, tailnet, login);
  };
  co_return co_await db_.read(std::move(read));
}

}  // namespace latchkey::http
