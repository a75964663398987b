#include "app/server.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "app/derp_map_source.h"
#include "app/listen_address.h"
#include "app/relay_door.h"
#include "app/request_probe.h"
#include "app/root_key_source.h"
#include "base/text.h"
#include "control/door.h"
#include "core/credentials/credential_cache.h"
#include "core/credentials/key_mint.h"
#include "core/identity/user_store.h"
#include "core/join/session.h"
#include "core/maintenance_store.h"
#include "core/tailnet/device_store.h"
#include "core/tailnet/policy_node.h"
#include "crypto/random.h"
#include "crypto/seal.h"
#include "http/application.h"
#include "io/http_server.h"
#include "io/runtime.h"
#include "storage/installation.h"
#include "storage/sql_database.h"
#include "workers/credential_work.h"
#include "workers/device_work.h"
#include "workers/session_work.h"
#include "workers/webhook_delivery.h"
#include "workers/webhook_work.h"

namespace latchkey::app {
namespace {

constexpr minutes kForgetInterval{30};
constexpr seconds kDepartures{2};
constexpr seconds kSayAlive{30};
constexpr milliseconds kFeedPromise{1000};  // design: revoked on one replica, refused on all within a second

// The path of the public address, which a proxy may leave on requests.
std::string path_prefix(const std::string& public_url) {
  const auto scheme = public_url.find("://");
  if (scheme == std::string::npos) return {};
  const auto slash = public_url.find('/', scheme + 3);
  return slash == std::string::npos ? std::string() : public_url.substr(slash);
}

Result<void> prepare_data_dir(const std::filesystem::path& directory) {
  if (directory.empty()) return malformed("no data directory: give --data-dir DIR");
  std::error_code failed;
  if (std::filesystem::create_directories(directory, failed)) ::chmod(directory.c_str(), 0700);
  if (!std::filesystem::is_directory(directory, failed)) {
    return malformed("data directory " + directory.string() + " cannot be made: " + failed.message());
  }
  return {};
}

// Where events send people.
std::string console_url(std::string server) {
  while (server.ends_with('/')) server.pop_back();
  return server + "/admin";
}

// "login.example.com" of "https://login.example.com:8443/latchkey".
std::string host_of(const std::string& public_url) {
  const auto scheme = public_url.find("://");
  if (scheme == std::string::npos) return {};
  const auto host = public_url.substr(scheme + 3);
  return host.substr(0, host.find_first_of(":/"));
}

credentials::Issuer issuer_of(const credentials::KeyMint& mint, const Settings& settings) {
  credentials::Issuer issuer{mint, {settings.keys_longest_auth_key, settings.keys_longest_api_token}};
  if (auto host = host_of(settings.public_url); !host.empty()) issuer.audience_host = std::move(host);
  issuer.allow_http_issuers = settings.federation_allow_http;
  return issuer;
}

http::ApplicationSettings application_settings(const Settings& settings,
                                               std::vector<http::AddressBlock> proxies) {
  http::ApplicationSettings out;
  out.path_prefix = path_prefix(settings.public_url);
  out.trusted_proxies = std::move(proxies);
  out.guard.failures_per_second = static_cast<double>(settings.guard_failures_per_second);
  out.guard.failure_burst = static_cast<double>(settings.guard_failure_burst);
  out.writes_per_second = static_cast<double>(settings.api_writes_per_second);
  out.write_burst = static_cast<double>(settings.api_write_burst);
  return out;
}

io::HttpSettings http_settings(const Settings& settings) {
  io::HttpSettings out;
  out.max_connections = static_cast<std::size_t>(settings.http_max_connections);
  out.max_connections_per_address = static_cast<std::size_t>(settings.http_max_connections_per_address);
  out.max_body_bytes = static_cast<std::size_t>(settings.http_max_body_bytes);
  out.idle_deadline = settings.http_idle;
  out.stop_timeout = settings.http_stop;
  return out;
}

std::unique_ptr<storage::SqlDatabase> open_database(const Settings& settings, const crypto::Key256& root,
                                                    const Log& log) {
  storage::DatabaseOptions options{
      .keys = {.audit_chain =
                   crypto::HmacKey(crypto::hkdf_sha256(root, crypto::kAuditChainPurpose).expose())},
      .readers = static_cast<std::size_t>(settings.database_readers),
      .log = log};
  if (settings.database.expose().empty()) {
    return storage::open_sqlite(settings.data_dir / "latchkey.db", std::move(options));
  }
  return storage::open_postgres(settings.database, std::move(options));
}

// What is read off the parts when somebody asks for the metrics.
struct Gauges {
  explicit Gauges(Metrics& metrics)
      : queued_writes(metrics.gauge("latchkey_database_queued_writes", "Writes waiting for the writer")),
        queued_reads(metrics.gauge("latchkey_database_queued_reads", "Reads waiting for a reader")),
        commits(metrics.gauge("latchkey_database_commits", "Commits since the start")),
        writes(metrics.gauge("latchkey_database_writes",
                             "Durable writes since the start; several share a commit")),
        cached(metrics.gauge("latchkey_credentials_cached", "Credentials held in memory")) {}

  Gauge& queued_writes;
  Gauge& queued_reads;
  Gauge& commits;
  Gauge& writes;
  Gauge& cached;
};

// Whom the server may call, by who names the address.
struct Guards {
  io::AddressGuard issuers;
  io::AddressGuard webhooks;
};

Result<io::AddressGuard> guard_of(const std::string& setting, const std::vector<std::string>& networks) {
  auto guard = io::AddressGuard::make(networks);
  if (!guard) return malformed(setting + ": " + guard.error().message);
  return guard;
}

}  // namespace

std::filesystem::path local_socket(const std::filesystem::path& data_dir) {
  return data_dir / "latchkey.sock";
}

// In the order in which they are built; torn down in reverse.
struct Server::Parts {
  Parts(const Settings& wanted, const Log& log_to, std::unique_ptr<storage::SqlDatabase> database,
        const crypto::Key256& root, std::vector<http::AddressBlock> proxies, Guards guards)
      : settings(wanted),
        log(log_to),
        runtime(static_cast<unsigned>(wanted.http_threads), log_to),
        db(std::move(database)),
        mint(crypto::HmacKey(crypto::hkdf_sha256(root, crypto::kCredentialDigestPurpose).expose())),
        sealer(crypto::hkdf_sha256(root, crypto::kSealPurpose)),
        cache(static_cast<std::size_t>(wanted.cache_credentials)),
        fetcher(
            {std::move(guards.issuers), wanted.federation_allow_http, wanted.federation_ca_file.string()}),
        issuer_keys([this](io::FetchRequest request) { return fetcher.fetch(std::move(request)); }, clock),
        vault(crypto::hkdf_sha256(root, crypto::kWebhookSealPurpose)),
        sign_on_keys(crypto::HmacKey(crypto::hkdf_sha256(root, crypto::kSignOnPurpose).expose())),
        sign_on_rules{sign_on_keys,
                      sealer,
                      mint,
                      wanted.federation_allow_http,
                      {wanted.sessions_idle, wanted.sessions_absolute}},
        context{*db,
                clock,
                issuer_of(mint, wanted),
                {mint, vault, wanted.webhooks_allow_http},
                log_to,
                [this](std::string path) { return back_up(std::move(path)); },
                [this] { return cache_is_current(); },
                [this] { return db->health(); },
                {[this](const io::Request& request) { return door.key(request); },
                 [this](const io::Request& request, const std::string& address) {
                   return door.upgrade(request, address);
                 }},
                &issuer_keys,
                &sealer,
                {},
                {&sign_on_rules,
                 [this](io::OutboundRequest request) { return fetcher.send(std::move(request)); }}},
        application(context, mint, cache, application_settings(wanted, std::move(proxies)), metrics),
        probe(metrics, log_to, wanted.log_access),
        work{*db, clock, log_to, metrics, crypto::random_hex(8)},
        webhook_delivery(runtime, work, vault,
                         {.guard = std::move(guards.webhooks),
                          .allow_http = wanted.webhooks_allow_http,
                          .ca_file = wanted.webhooks_ca_file.string(),
                          .alone = db->engine() == storage::Engine::sqlite}),
        hub(runtime, *db, clock, log_to, metrics, work.replica),
        control(*db, clock, log_to, {mint, tailnet::auto_approved_routes},
                crypto::x25519_from_private(crypto::hkdf_sha256(root, crypto::kControlKeyPurpose)), hub,
                metrics,
                {static_cast<double>(wanted.devices_handshakes_per_second),
                 static_cast<double>(wanted.devices_handshake_burst)}),
        door(control),
        http(runtime, http_settings(wanted), log_to, &probe) {
    context.scim_available = wanted.scim_available;
    context.sync_rules = wanted.scim_rules;
  }

  io::awaitable<Result<void>> back_up(std::string path);
  io::awaitable<io::Response> serve_metrics(io::Request& request);
  bool cache_is_current() const {
    return db->engine() == storage::Engine::sqlite || db->feed().fresh_within(kFeedPromise);
  }

  // What every part that keeps something in memory hears of each change.
  void apply(std::span<const audit::Change> changes) {
    cache.apply(changes);
    hub.apply(changes);
    control.login_waits.apply(changes);
    if (doors == Doors::all) webhook_delivery.wake();
  }

  Result<void> listen(Doors doors, const crypto::Key256& root);
  Result<void> listen_relay(const crypto::Key256& root);
  io::awaitable<std::optional<TailnetId>> admit_to_relay(std::string node_key);
  Result<void> take_derp_map(const std::string& further);
  Result<void> say_alive();
  Result<void> listen_metrics();
  void start_work();

  Settings settings;
  Log log;
  SystemClock clock;
  Metrics metrics;
  Gauges gauges{metrics};
  io::Runtime runtime;
  std::unique_ptr<storage::SqlDatabase> db;
  credentials::KeyMint mint;
  crypto::Sealer sealer;
  credentials::CredentialCache cache;
  io::Fetcher fetcher;
  io::IssuerKeys issuer_keys;
  webhooks::WebhookVault vault;
  signon::SignOnKeys sign_on_keys;
  signon::SignOnContext sign_on_rules;
  http::Context context;
  http::Application application;
  RequestProbe probe;
  workers::WorkContext work;
  workers::WebhookDelivery webhook_delivery;
  control::MapHub hub;
  workers::Presence presence{[this] { return hub.note_again(); }};
  control::ControlContext control;
  control::ControlDoor door;
  io::HttpServer http;
  std::unique_ptr<relay::Server> relay;
  std::optional<relay::EmbeddedRelay> embedded_relay;
  std::optional<std::string> first_relays;
  std::unique_ptr<DerpMapRefresh> derp_map_refresh;
  std::string url;
  Doors doors = Doors::all;
  bool stopped = false;
};

io::awaitable<Result<void>> Server::Parts::back_up(std::string path) {
  // On a reader's thread: it takes as long as the copy does.
  auto copy = [this, path = std::move(path)](core::Tx&) -> Result<void> {
    if (db->engine() != storage::Engine::sqlite) {
      return malformed("the database is PostgreSQL: back it up with pg_dump");
    }
    try {
      db->backup_to(path);
    } catch (const storage::DatabaseError& failed) {
      return conflict(std::string("backup failed: ") + failed.what());
    }
    return {};
  };
  co_return co_await db->read(std::move(copy));
}

io::awaitable<io::Response> Server::Parts::serve_metrics(io::Request& request) {
  io::Response response;
  if (request.path() != "/metrics") {
    response.status = 404;
    response.body = R"({"message":"metrics are at /metrics"})";
    co_return response;
  }
  const auto statistics = db->statistics();
  gauges.queued_writes.set(static_cast<double>(statistics.queued_writes));
  gauges.queued_reads.set(static_cast<double>(statistics.queued_reads));
  gauges.commits.set(static_cast<double>(statistics.groups));
  gauges.writes.set(static_cast<double>(statistics.writes));
  gauges.cached.set(static_cast<double>(cache.size()));
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = metrics.text();
  co_return response;
}

Result<void> Server::Parts::listen(Doors wanted_doors, const crypto::Key256& root) {
  doors = wanted_doors;
  http.listen_unix(local_socket(settings.data_dir).string(), application.local_handler());
  if (doors == Doors::local_only) return {};

  TRY(const auto where, split_listen("listen", settings.listen));
  std::optional<io::TlsFiles> tls;
  if (!settings.tls_certificate.empty()) tls = io::TlsFiles{settings.tls_certificate, settings.tls_key};
  try {
    const auto port = http.listen_tcp(where.host, where.port, application.public_handler(), tls);
    const bool v6 = where.host.find(':') != std::string::npos;
    url = (tls ? "https://" : "http://") + (v6 ? "[" + where.host + "]" : where.host) + ":" +
          std::to_string(port);
  } catch (const std::system_error& failed) {
    return malformed("cannot listen on " + settings.listen + ": " + failed.code().message());
  }
  if (!settings.public_url.empty()) url = settings.public_url;
  context.public_url = url;
  while (context.public_url.ends_with('/')) context.public_url.pop_back();
  TRY(listen_relay(root));
  return listen_metrics();
}

// Devices that may take part, by the node key that they hold now.
io::awaitable<std::optional<TailnetId>> Server::Parts::admit_to_relay(std::string node_key) {
  auto read = [node_key = std::move(node_key),
               now = clock.now()](core::Tx& tx) -> Result<std::optional<TailnetId>> {
    const auto device = tx.devices().find_by_node_key(node_key);
    if (!device || !device->authorized || tailnet::is_key_expired(*device, now))
      return std::optional<TailnetId>();
    std::optional<identity::User> owner;
    if (!device->user.empty()) owner = tx.users().find(device->tailnet, device->user);
    if (tailnet::is_blocked(*device, owner)) return std::optional<TailnetId>();
    return std::optional(device->tailnet);
  };
  const auto admitted = co_await db->read(std::move(read));
  co_return admitted ? *admitted : std::nullopt;
}

Result<void> Server::Parts::listen_relay(const crypto::Key256& root) {
  auto admit = [this](std::string node_key) { return admit_to_relay(std::move(node_key)); };
  TRY(auto opened, open_relay(settings, runtime, root, std::move(admit), metrics, log, clock.now()));
  relay = std::move(opened.server);
  control.public_url = settings.public_url;
  if (!settings.tls_certificate.empty()) control.scheme = "https";
  hub.set_derp_map(std::move(opened.map.json));
  embedded_relay = std::move(opened.embedded);
  first_relays = std::move(opened.further);
  if (relay) hub.on_departed([this](const std::string& node_key) { relay->disconnect(node_key); });
  return {};
}

Result<void> Server::Parts::take_derp_map(const std::string& further) {
  TRY(auto map, relay::make_derp_map(embedded_relay, further));
  hub.set_derp_map(std::move(map.json));
  return {};
}

// Before the first device connects. One process has a SQLite file, so others that left leases are gone.
Result<void> Server::Parts::say_alive() {
  const bool alone = db->engine() == storage::Engine::sqlite;
  return db->write_now([this, alone, now = clock.now()](core::Tx& tx) -> Result<void> {
    if (alone) tx.maintenance().forget_leases(TimePoint::max());
    join::say_alive(tx, work.replica, now);
    return {};
  });
}

Result<void> Server::Parts::listen_metrics() {
  if (settings.metrics_listen.empty()) return {};
  TRY(const auto where, split_listen("metrics.listen", settings.metrics_listen));
  try {
    const auto port = http.listen_tcp(where.host, where.port,
                                      [this](io::Request& request) { return serve_metrics(request); });
    log.info("metrics", {{"url", "http://" + where.host + ":" + std::to_string(port) + "/metrics"}});
  } catch (const std::system_error& failed) {
    if (!settings.metrics_listen_is_default) {
      return malformed("cannot listen on " + settings.metrics_listen +
                       " for metrics: " + failed.code().message());
    }
    log.warn("no metrics: the default port is taken; set metrics.listen",
             {{"listen", settings.metrics_listen}, {"reason", failed.code().message()}});
  }
  return {};
}

void Server::Parts::start_work() {
  workers::run_periodically(runtime, work, "note departures", kDepartures,
                            [this](workers::WorkContext&) { return hub.note_departures(); });
  workers::run_periodically(runtime, work, "say alive", kSayAlive,
                            [this](workers::WorkContext& shared) { return presence.turn(shared); });
  workers::run_periodically(runtime, work, "disconnect left", settings.keys_sweep, workers::disconnect_left);
  workers::run_periodically(runtime, work, "announce expired keys", settings.keys_sweep,
                            workers::announce_expired_keys);
  workers::run_periodically(runtime, work, "announce expired node keys", settings.keys_sweep,
                            workers::announce_expired_node_keys);
  workers::run_periodically(runtime, work, "remove gone devices", settings.keys_sweep,
                            [absence = settings.devices_ephemeral](workers::WorkContext& shared) {
                              return workers::remove_gone_devices(shared, absence);
                            });
  workers::run_periodically(runtime, work, "warn of expiry", settings.keys_sweep, workers::warn_of_expiry);
  workers::run_periodically(runtime, work, "forget webhook deliveries", kForgetInterval,
                            workers::forget_webhook_deliveries);
  workers::run_periodically(
      runtime, work, "flush usage", settings.keys_usage_flush,
      [this](workers::WorkContext& shared) { return workers::flush_usage(shared, cache); });
  workers::run_periodically(runtime, work, "forget sessions", kForgetInterval,
                            [this](workers::WorkContext& shared) {
                              return workers::forget_sessions(shared, sign_on_rules.limits);
                            });
  const workers::Retention retention{settings.keys_retention, settings.audit_retention};
  workers::run_periodically(
      runtime, work, "forget the old", kForgetInterval,
      [retention](workers::WorkContext& shared) { return workers::forget_the_old(shared, retention); });
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Server::~Server() {
  stop();
}

Result<std::unique_ptr<Server>> Server::open(const Settings& settings, const Log& log, Doors doors) {
  TRY(prepare_data_dir(settings.data_dir));
  TRY(const auto root, obtain_root_key(settings, log));
  TRY(auto issuers, guard_of("federation.allow_networks", settings.federation_allow_networks));
  TRY(auto receivers, guard_of("webhooks.allow_networks", settings.webhooks_allow_networks));
  std::vector<http::AddressBlock> proxies;
  for (const auto& text : settings.http_trusted_proxies) {
    TRY(auto block, http::AddressBlock::parse(text));
    proxies.push_back(std::move(block));
  }
  std::unique_ptr<Parts> parts;
  try {
    parts = std::make_unique<Parts>(settings, log, open_database(settings, root, log), root,
                                    std::move(proxies), Guards{std::move(issuers), std::move(receivers)});
    TRY(storage::bind_root_key(*parts->db, crypto::root_key_check(root)));
    if (doors == Doors::all) TRY(parts->say_alive());
    TRY(parts->listen(doors, root));
  } catch (const std::exception& failed) {
    return unavailable(failed.what());
  }
  parts->db->set_commit_hook(
      [parts = parts.get()](std::span<const audit::Change> changes) { parts->apply(changes); });
  parts->db->feed().subscribe(
      [parts = parts.get()](std::span<const audit::Change> changes) { parts->apply(changes); });
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

void Server::start() {
  // One process writes a SQLite file, and its commit hook tells everything: only replicas need to read the
  // feed.
  if (parts_->db->engine() == storage::Engine::postgres) parts_->db->feed().start();
  parts_->runtime.start();
  if (parts_->doors == Doors::all) {
    parts_->start_work();
    parts_->webhook_delivery.start(console_url(parts_->url));
  }
  parts_->http.start();
  if (parts_->relay) parts_->relay->start();
  if (parts_->doors == Doors::all && !parts_->settings.derp_map_url.empty()) {
    parts_->derp_map_refresh = std::make_unique<DerpMapRefresh>(
        parts_->settings, parts_->first_relays,
        [parts = parts_.get()](const std::string& further) { return parts->take_derp_map(further); },
        parts_->log);
  }
}

void Server::stop() {
  if (parts_->stopped) return;
  parts_->stopped = true;
  parts_->derp_map_refresh.reset();
  if (parts_->runtime.running()) {
    parts_->http.stop();
    if (parts_->relay) parts_->relay->stop();
    parts_->webhook_delivery.stop();
  }
  parts_->runtime.stop();
  parts_->db->feed().stop();
  try {
    const auto flushed = workers::flush_usage_now(*parts_->db, parts_->cache);
    if (!flushed) parts_->log.warn("last uses not written", {{"reason", flushed.error().message}});
  } catch (const std::exception& failed) {
    parts_->log.warn("last uses not written", {{"reason", failed.what()}});
  }
  parts_->db->stop();
}

std::string Server::url() const {
  return parts_->url;
}

}  // namespace latchkey::app
