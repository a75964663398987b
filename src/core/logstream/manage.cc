#include "core/logstream/manage.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/text.h"
#include "core/tailnet/settings_store.h"
#include "core/tailnet/tailnet_act.h"
#include "crypto/random.h"

namespace latchkey::logstream {
namespace {

using audit::Action;

// Queries of addresses may hold tokens, so they are left out.
boost::json::object audit_view(const Stream& stream) {
  const auto& settings = stream.settings;
  boost::json::object view{{"logType", to_string(stream.type)},
                           {"destinationType", to_string(stream.destination)},
                           {"compressionFormat", settings.compression},
                           {"uploadPeriodMinutes", settings.upload_period_minutes}};
  const std::pair<const char*, std::string_view> texts[] = {
      {"url", std::string_view(settings.url).substr(0, settings.url.find_first_of("?#"))},
      {"user", settings.user},
      {"s3Bucket", settings.s3_bucket},
      {"s3Region", settings.s3_region},
      {"s3KeyPrefix", settings.s3_key_prefix},
      {"s3AuthenticationType", settings.s3_authentication},
      {"s3AccessKeyId", settings.s3_access_key_id},
      {"s3RoleArn", settings.s3_role_arn},
      {"s3ExternalId", settings.s3_external_id},
      {"gcsBucket", settings.gcs_bucket},
      {"gcsKeyPrefix", settings.gcs_key_prefix}};
  for (const auto& [name, text] : texts) {
    if (!text.empty()) view[name] = text;
  }
  if (!settings.gcs_scopes.empty()) {
    view["gcsScopes"] = boost::json::array(settings.gcs_scopes.begin(), settings.gcs_scopes.end());
  }
  return view;
}

audit::Act act_of(core::Tx& tx, const MayWrite& may, Action action, LogType type, TimePoint now) {
  return tailnet::tailnet_act(tx, may.caller(), action, "LOGSTREAM_ENDPOINT",
                              audit::ChangeKind::logstream_updated, std::string(to_string(type)), now);
}

Error no_stream(LogType type) {
  return not_found("no stream is configured for the " + std::string(to_string(type)) + " log");
}

std::vector<std::uint8_t> sealed(const crypto::Sealer& sealer, const Stream& stream, std::string_view member,
                                 const SecretString& secret) {
  if (secret.expose().empty()) return {};
  return sealer.seal(seal_context(stream.tailnet, stream.type, member), secret);
}

// An id that one account's role trusts must not lead to another's: that is what it is for.
Result<void> link_external_id(core::Tx& tx, const Stream& stream) {
  if (stream.settings.s3_external_id.empty()) return {};
  const auto account = account_of_role(stream.settings.s3_role_arn).value();
  const auto found = tx.logstreams().find_external_id(stream.tailnet, stream.settings.s3_external_id);
  if (!found) {
    return malformed(
        "s3ExternalId is not one of this tailnet: POST /tailnet/{tailnet}/aws-external-id makes one",
        "s3ExternalId");
  }
  if (found->linked_account.empty()) {
    tx.logstreams().link_external_id(stream.tailnet, found->id, account);
  } else if (found->linked_account != account) {
    return malformed(
        "s3ExternalId is linked with AWS account " + found->linked_account + "; make another for " + account,
        "s3ExternalId");
  }
  return {};
}

// RFC 9562 section 5.4.
std::string random_uuid() {
  auto bytes = crypto::random_array<16>();
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0FU) | 0x40U);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3FU) | 0x80U);
  auto text = to_hex(bytes);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, 1, '-');
  return text;
}

}  // namespace

Result<Stream> read_stream(core::Tx& tx, const MayRead& may, LogType type) {
  auto found = tx.logstreams().find(may.tailnet(), type);
  if (!found) return no_stream(type);
  return *std::move(found);
}

Result<Stream> set_stream(core::Tx& tx, const MayWrite& may, LogType type, const NewStream& want,
                          const crypto::Sealer& sealer, TimePoint now) {
  const auto destination = destination_from(want.destination);
  if (!destination) {
    return malformed(
        "destinationType must be axiom, cribl, crowdstrike, datadog, elastic, gcs, panther, s3 or splunk",
        "destinationType");
  }
  Stream stream;
  stream.tailnet = may.tailnet();
  stream.type = type;
  stream.destination = *destination;
  TRY(stream.settings, check(*destination, want.settings, want.secrets));
  stream.sealed_token = sealed(sealer, stream, "token", want.secrets.token);
  stream.sealed_s3_secret = sealed(sealer, stream, "s3SecretAccessKey", want.secrets.s3_secret_access_key);
  // Whether it is made or changed is known before it is written.
  tx.settings().hold(may.tailnet());
  TRY(link_external_id(tx, stream));
  const auto before = tx.logstreams().find(may.tailnet(), type);
  auto act = act_of(tx, may, before ? Action::update : Action::create, type, now);
  if (before) act.record.old_value = audit_view(*before);
  act.record.new_value = audit_view(stream);
  tx.logstreams().save(stream, act);
  return stream;
}

Result<void> remove_stream(core::Tx& tx, const MayWrite& may, LogType type, TimePoint now) {
  const auto before = tx.logstreams().find(may.tailnet(), type);
  if (!before) return no_stream(type);
  auto act = act_of(tx, may, Action::delete_, type, now);
  act.record.old_value = audit_view(*before);
  if (!tx.logstreams().remove(may.tailnet(), type, act)) return no_stream(type);
  return {};
}

Result<ExternalId> obtain_external_id(core::Tx& tx, const MayWrite& may, bool reusable, TimePoint now) {
  tx.settings().hold(may.tailnet());
  if (reusable) {
    if (auto found = tx.logstreams().find_reusable_external_id(may.tailnet())) return *std::move(found);
  }
  tx.logstreams().forget_external_ids(may.tailnet(), kMaxUnusedExternalIds - 1);
  ExternalId made{may.tailnet(), random_uuid(), reusable, now, {}};
  auto act = tailnet::tailnet_act(tx, may.caller(), Action::create, "AWS_EXTERNAL_ID",
                                  audit::ChangeKind::logstream_updated, made.id, now);
  act.record.new_value = boost::json::object{{"externalId", made.id}, {"reusable", reusable}};
  tx.logstreams().insert_external_id(made, act);
  return made;
}

Result<ExternalId> check_external_id(core::Tx& tx, const MayWrite& may, std::string_view id,
                                     std::string_view role_arn) {
  auto found = tx.logstreams().find_external_id(may.tailnet(), id);
  if (!found) return not_found("AWS external id not found");
  if (!account_of_role(role_arn)) {
    return malformed("roleArn must name a role, such as arn:aws:iam::123456789012:role/log-writer",
                     "roleArn");
  }
  return *std::move(found);
}

}  // namespace latchkey::logstream
