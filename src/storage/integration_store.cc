#include "storage/integration_store.h"

#include "storage/columns.h"

namespace latchkey::storage {
namespace {

#define SELECT_INTEGRATIONS                                                                \
  "SELECT id, provider, cloud_id, client_id, directory_id, sealed_secret, updated_at FROM" \
  " posture_integrations WHERE tailnet_id = $1"

const Statement kList{SELECT_INTEGRATIONS " ORDER BY provider"};
const Statement kFind{SELECT_INTEGRATIONS " AND id = $2"};
const Statement kInsert{
    "INSERT INTO posture_integrations (tailnet_id, id, provider, cloud_id, client_id, directory_id,"
    " sealed_secret, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"};
const Statement kUpdate{
    "UPDATE posture_integrations SET cloud_id = $3, client_id = $4, directory_id = $5, sealed_secret = $6,"
    " updated_at = $7 WHERE tailnet_id = $1 AND id = $2"};
const Statement kRemove{"DELETE FROM posture_integrations WHERE tailnet_id = $1 AND id = $2"};

posture::Integration integration_of(const TailnetId& tailnet, const Row& row) {
  const auto provider = posture::provider_from(row.at(1).text());
  if (!provider) throw DatabaseError("a posture integration has an unknown provider");
  return {posture::IntegrationId(row.at(0).text()),
          tailnet,
          *provider,
          {row.at(2).text(), row.at(3).text(), row.at(4).text()},
          row.at(5).bytes(),
          time_of(row.at(6))};
}

}  // namespace

std::vector<posture::Integration> SqlIntegrationStore::list(const TailnetId& tailnet) {
  std::vector<posture::Integration> integrations;
  for (const auto& row : work_.connection().run(kList, {tailnet.str()})) {
    integrations.push_back(integration_of(tailnet, row));
  }
  return integrations;
}

std::optional<posture::Integration> SqlIntegrationStore::find(const TailnetId& tailnet,
                                                              const posture::IntegrationId& id) {
  const auto rows = work_.connection().run(kFind, {tailnet.str(), id.str()});
  if (rows.empty()) return std::nullopt;
  return integration_of(tailnet, rows.front());
}

bool SqlIntegrationStore::insert(const posture::Integration& integration, const audit::Act& act) {
  const auto& account = integration.account;
  work_.connection().run(
      kInsert, {integration.tailnet.str(), integration.id.str(), std::string(to_string(integration.provider)),
                account.cloud_id, account.client_id, account.tenant_id, integration.sealed_secret,
                time_value(integration.updated)});
  return work_.record_if_changed(act);
}

bool SqlIntegrationStore::update(const posture::Integration& integration, const audit::Act& act) {
  const auto& account = integration.account;
  work_.connection().run(
      kUpdate, {integration.tailnet.str(), integration.id.str(), account.cloud_id, account.client_id,
                account.tenant_id, integration.sealed_secret, time_value(integration.updated)});
  return work_.record_if_changed(act);
}

bool SqlIntegrationStore::remove(const TailnetId& tailnet, const posture::IntegrationId& id,
                                 const audit::Act& act) {
  work_.connection().run(kRemove, {tailnet.str(), id.str()});
  return work_.record_if_changed(act);
}

}  // namespace latchkey::storage
