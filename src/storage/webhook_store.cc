#include "storage/webhook_store.h"

#include "storage/columns.h"

namespace latchkey::storage {
namespace {

using webhooks::WebhookEndpoint;

#define ENDPOINT_COLUMNS                                                                               \
  "tailnet_id, id, url, provider, creator_id, creator_login, subscriptions, created_at, modified_at, " \
  "secret_id, secret, old_secret, old_until, failures, failing_since, warned, paused_until, "          \
  "last_attempt_at, last_status, last_error"

const Statement kFind{"SELECT " ENDPOINT_COLUMNS " FROM webhook_endpoints WHERE tailnet_id = $1 AND id = $2"};
const Statement kFindBySecret{"SELECT " ENDPOINT_COLUMNS " FROM webhook_endpoints WHERE secret_id = $1"};
const Statement kList{"SELECT " ENDPOINT_COLUMNS
                      " FROM webhook_endpoints WHERE tailnet_id = $1 ORDER BY created_at, id"};
const Statement kInsert{
    "INSERT INTO webhook_endpoints (" ENDPOINT_COLUMNS
    ", claim, claimed_until, deliveries, attempts) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
    " $13, $14, $15, $16, $17, $18, $19, $20, '', NULL, 0, 0)"};
const Statement kUpdate{
    "UPDATE webhook_endpoints SET subscriptions = $3, modified_at = $4, secret_id = $5, secret = $6,"
    " old_secret = $7, old_until = $8 WHERE tailnet_id = $1 AND id = $2"};
const Statement kRemove{"DELETE FROM webhook_endpoints WHERE tailnet_id = $1 AND id = $2"};

WebhookEndpoint endpoint_of(const Row& row) {
  WebhookEndpoint endpoint;
  endpoint.tailnet = TailnetId(row[0].text());
  endpoint.id = EndpointId(row[1].text());
  endpoint.url = row[2].text();
  const auto provider = webhooks::provider_from(row[3].text());
  if (!provider) throw DatabaseError("a webhook endpoint has an unknown provider");
  endpoint.provider = *provider;
  endpoint.creator = UserId(row[4].maybe_text().value_or(""));
  endpoint.creator_login = row[5].text();
  endpoint.subscriptions = list_of(row[6].text());
  endpoint.created = time_of(row[7]);
  endpoint.modified = time_of(row[8]);
  endpoint.secrets.id = CredentialId(row[9].text());
  endpoint.secrets.present = row[10].bytes();
  if (!row[11].is_null()) {
    endpoint.secrets.old = webhooks::WebhookSecrets::Old{row[11].bytes(), time_of(row[12])};
  }
  endpoint.health.failures = row[13].number();
  endpoint.health.failing_since = maybe_time_of(row[14]);
  endpoint.health.warned = row[15].flag();
  endpoint.health.paused_until = maybe_time_of(row[16]);
  endpoint.health.last_attempt = maybe_time_of(row[17]);
  endpoint.health.last_status = row[18].maybe_number();
  endpoint.health.last_error = row[19].text();
  return endpoint;
}

std::optional<WebhookEndpoint> first_of(const Rows& rows) {
  if (rows.empty()) return std::nullopt;
  return endpoint_of(rows.front());
}

Value old_secret(const WebhookEndpoint& endpoint) {
  return endpoint.secrets.old ? Value(endpoint.secrets.old->text) : Value();
}
Value old_until(const WebhookEndpoint& endpoint) {
  return endpoint.secrets.old ? time_value(endpoint.secrets.old->until) : Value();
}

}  // namespace

std::optional<WebhookEndpoint> SqlWebhookStore::find(const TailnetId& tailnet, const EndpointId& id) {
  return first_of(work_.connection().run(kFind, {tailnet.str(), id.str()}));
}

std::optional<WebhookEndpoint> SqlWebhookStore::find_by_secret(const CredentialId& secret) {
  return first_of(work_.connection().run(kFindBySecret, {secret.str()}));
}

std::vector<WebhookEndpoint> SqlWebhookStore::list(const TailnetId& tailnet) {
  std::vector<WebhookEndpoint> endpoints;
  for (const auto& row : work_.connection().run(kList, {tailnet.str()})) {
    endpoints.push_back(endpoint_of(row));
  }
  return endpoints;
}

void SqlWebhookStore::insert(const WebhookEndpoint& endpoint, const audit::Act& act) {
  const auto& health = endpoint.health;
  work_.connection().run(kInsert, {endpoint.tailnet.str(),
                                   endpoint.id.str(),
                                   endpoint.url,
                                   std::string(to_string(endpoint.provider)),
                                   text_or_null(endpoint.creator.str()),
                                   endpoint.creator_login,
                                   list_text(endpoint.subscriptions),
                                   time_value(endpoint.created),
                                   time_value(endpoint.modified),
                                   endpoint.secrets.id.str(),
                                   endpoint.secrets.present,
                                   old_secret(endpoint),
                                   old_until(endpoint),
                                   health.failures,
                                   time_value(health.failing_since),
                                   health.warned,
                                   time_value(health.paused_until),
                                   time_value(health.last_attempt),
                                   Value(health.last_status),
                                   health.last_error});
  work_.record(act);
}

bool SqlWebhookStore::update(const WebhookEndpoint& endpoint, const audit::Act& act) {
  auto& connection = work_.connection();
  connection.run(kUpdate, {endpoint.tailnet.str(), endpoint.id.str(), list_text(endpoint.subscriptions),
                           time_value(endpoint.modified), endpoint.secrets.id.str(), endpoint.secrets.present,
                           old_secret(endpoint), old_until(endpoint)});
  if (connection.changed() == 0) return false;
  work_.record(act);
  return true;
}

bool SqlWebhookStore::remove(const TailnetId& tailnet, const EndpointId& id, const audit::Act& act) {
  auto& connection = work_.connection();
  connection.run(kRemove, {tailnet.str(), id.str()});
  if (connection.changed() == 0) return false;
  work_.record(act);
  return true;
}

}  // namespace latchkey::storage
