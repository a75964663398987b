#include "core/provisioning/switch.h"

#include "core/credentials/audit_view.h"
#include "core/credentials/authenticate.h"
#include "core/credentials/credential_store.h"
#include "core/provisioning/provisioning_store.h"
#include "core/tailnet/settings_act.h"
#include "core/tailnet/settings_store.h"

namespace latchkey::provisioning {
namespace {

constexpr std::string_view kProperty = "SCIM";

// The one act of somebody who switches: its records share a group. `reason` is for webhooks, when it is
// another than somebody's wish.
void end_key(core::Tx& tx, const credentials::Credential& key, const identity::Caller& caller,
             const std::string& group, TimePoint now, const char* reason = nullptr) {
  auto act =
      credentials::act_on(key, caller, audit::Action::revoke, audit::ChangeKind::credential_revoked, now);
  if (!group.empty()) act.record.group_id = group;
  if (reason != nullptr) act.record.new_value = boost::json::object{{"reason", reason}};
  tx.credentials().revoke(key.tailnet, key.id, now, act);
}

credentials::IssuedKey replace_key(core::Tx& tx, const MayManage& may, const credentials::Issuer& issuer,
                                   std::string group, TimePoint now) {
  credentials::Credential fresh;
  auto minted = issuer.mint.mint(credentials::KeyType::scim);
  fresh.id = std::move(minted.id);
  fresh.type = credentials::KeyType::scim;
  fresh.digest = minted.digest;
  fresh.tailnet = may.tailnet();
  fresh.creator = may.caller().user;
  fresh.created = whole_second(now);
  auto act = credentials::act_on(fresh, may.caller(), audit::Action::create,
                                 audit::ChangeKind::credential_created, now);
  if (group.empty()) group = act.record.group_id;
  act.record.group_id = group;
  if (const auto old = tx.credentials().find_scim_key(may.tailnet())) {
    end_key(tx, *old, may.caller(), group, now, "regenerated");
  }
  tx.credentials().insert(fresh, act);
  return {std::move(fresh), std::move(minted.text)};
}

void save(core::Tx& tx, const tailnet::SettingsAct& act, std::size_t first, std::size_t count,
          const Provisioning& state, TimePoint now) {
  const auto& tailnet = act.change().tailnet;
  tx.provisioning().save(tailnet, state, act.records().subspan(first, count),
                         {audit::ChangeKind::provisioning_updated, tailnet, tailnet.str(), 0, now});
}

// The two exclude each other: who is synced is approved by the provider.
void end_user_approval(core::Tx& tx, const TailnetId& tailnet, tailnet::SettingsAct& act) {
  auto settings = tx.settings().settings(tailnet);
  if (!settings.users_approval) return;
  const auto before = act.records().size();
  act.switched("USER_APPROVAL_REQUIRED", true, false);
  settings.users_approval = false;
  tx.settings().save(tailnet, settings, act.records().subspan(before), act.change());
}

}  // namespace

Status read_status(core::Tx& tx, const MayRead& may, TimePoint now) {
  Status status;
  status.provisioning = tx.provisioning().state(may.tailnet());
  status.key = tx.credentials().find_scim_key(may.tailnet());
  if (status.provisioning.enabled && status.key) {
    status.quiet = now - status.key->usage.last_used.value_or(status.key->created) >= kQuietAfter;
  }
  return status;
}

Result<credentials::IssuedKey> enable(core::Tx& tx, const MayManage& may, const credentials::Issuer& issuer,
                                      TimePoint now) {
  tx.settings().hold(may.tailnet());
  auto state = tx.provisioning().state(may.tailnet());
  if (state.enabled) {
    return conflict("provisioning is enabled already: to replace its key, generate a new one");
  }
  state.enabled = true;
  state.enabled_at = now;
  state.enabled_by = may.caller().login_name;
  tailnet::SettingsAct act(tx, may.caller(), audit::ChangeKind::settings_updated, now);
  act.switched(kProperty, false, true);
  const std::string group = act.records().front().group_id;
  save(tx, act, 0, 1, state, now);
  end_user_approval(tx, may.tailnet(), act);
  return replace_key(tx, may, issuer, group, now);
}

Result<credentials::IssuedKey> generate_key(core::Tx& tx, const MayManage& may,
                                            const credentials::Issuer& issuer, TimePoint now) {
  tx.settings().hold(may.tailnet());
  if (!tx.provisioning().state(may.tailnet()).enabled) {
    return conflict("provisioning is not enabled: enabling it makes a key");
  }
  return replace_key(tx, may, issuer, {}, now);
}

Result<std::optional<credentials::Credential>> revoke_key(core::Tx& tx, const MayManage& may, TimePoint now) {
  tx.settings().hold(may.tailnet());
  auto key = tx.credentials().find_scim_key(may.tailnet());
  if (key) {
    end_key(tx, *key, may.caller(), {}, now);
    key->revoked = now;
  }
  return key;
}

Result<void> disable(core::Tx& tx, const MayManage& may, bool and_key, TimePoint now) {
  tx.settings().hold(may.tailnet());
  auto state = tx.provisioning().state(may.tailnet());
  if (!state.enabled) return conflict("provisioning is not enabled");
  state.enabled = false;
  state.guard = {};
  tailnet::SettingsAct act(tx, may.caller(), audit::ChangeKind::settings_updated, now);
  act.switched(kProperty, true, false);
  save(tx, act, 0, 1, state, now);
  if (const auto key = tx.credentials().find_scim_key(may.tailnet()); key && and_key) {
    end_key(tx, *key, may.caller(), act.records().front().group_id, now);
  }
  return {};
}

Result<void> require_enabled(core::Tx& tx, const TailnetId& tailnet) {
  if (tx.provisioning().state(tailnet).enabled) return {};
  return unauthenticated(std::string(credentials::kScimKeyInvalid));
}

}  // namespace latchkey::provisioning
