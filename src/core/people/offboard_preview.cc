#include "core/people/offboard_preview.h"

#include <algorithm>
#include <unordered_map>

#include "base/text.h"
#include "core/credentials/credential_store.h"
#include "core/identity/group_store.h"
#include "core/identity/user_store.h"
#include "core/people/incident.h"
#include "core/people/invite_store.h"
#include "core/policy/mentions.h"
#include "core/policy/policy_store.h"
#include "core/tailnet/device_store.h"
#include "core/tailnet/settings_store.h"
#include "core/webhooks/webhook_store.h"

namespace latchkey::people {
namespace {

using credentials::Credential;
using credentials::KeyType;
using tailnet::Device;

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

void add_detail(std::string& detail, const std::string& more) {
  if (more.empty()) return;
  detail += (detail.empty() ? "" : "; ") + more;
}

HoldingKind kind_of(KeyType type) {
  switch (type) {
    case KeyType::api:
      return HoldingKind::api_token;
    case KeyType::auth:
      return HoldingKind::auth_key;
    case KeyType::client:
      return HoldingKind::client;
    case KeyType::federated:
      return HoldingKind::identity;
    case KeyType::scim:
      return HoldingKind::scim_key;
    case KeyType::webhook:
      break;
  }
  return HoldingKind::webhook;
}

std::string detail_of(const Credential& key) {
  std::string detail;
  if (key.type == KeyType::auth) {
    add_detail(detail, key.grant.reusable ? "reusable" : "one-off");
    if (key.grant.ephemeral) add_detail(detail, "ephemeral");
    if (key.grant.preauthorized) add_detail(detail, "pre-approved");
  }
  if (key.federation) {
    add_detail(detail, "trusts " + key.federation->issuer + " for " + key.federation->subject);
  }
  if (!key.scopes.names.empty()) add_detail(detail, "scopes " + listed(key.scopes.names));
  add_detail(detail, listed(key.grant.tags));
  if (key.expires) add_detail(detail, "expires " + to_rfc3339(*key.expires));
  return detail;
}

std::string detail_of(const Device& device) {
  std::string detail;
  const auto& routes = device.enabled_routes;
  const bool exits = std::ranges::find(routes, "0.0.0.0/0") != routes.end();
  if (exits) add_detail(detail, "exit node");
  std::vector<std::string> served;
  std::ranges::copy_if(routes, std::back_inserter(served),
                       [](const auto& route) { return route != "0.0.0.0/0" && route != "::/0"; });
  if (!served.empty()) add_detail(detail, "routes " + listed(served));
  add_detail(detail, listed(device.tags));
  add_detail(detail, device.connected_to.empty() ? "offline" : "online");
  return detail;
}

// Gathers in the order in which people want to read it.
class Gathering {
 public:
  Gathering(core::Tx& tx, const identity::User& user, TimePoint now) : tx_(tx), user_(user), now_(now) {
    for (auto& person : tx.users().list(user.tailnet)) logins_[person.id] = std::move(person.login_name);
  }

  Result<std::vector<Holding>> all() {
    if (user_.role == identity::Role::owner) {
      holdings_.push_back({.kind = HoldingKind::ownership, .id = user_.tailnet.str(), .name = "the tailnet"});
    }
    devices_ = tx_.devices().list(user_.tailnet);
    keys_ = tx_.credentials().list_within(user_.tailnet, {.person = user_.id}, now_, kMostHoldings + 1);
    add_devices();
    for (const auto& key : keys_) {
      // Access tokens go with what minted them, within the hour.
      if (key.minted_by.empty()) add_key(key);
    }
    add_webhooks();
    add_invites();
    add_groups();
    add_mentions();
    add_contacts();
    if (holdings_.size() > kMostHoldings || keys_.size() > kMostHoldings) {
      return malformed("more than " + std::to_string(kMostHoldings) +
                       " things rest on this person: revoke keys by query first");
    }
    return std::move(holdings_);
  }

 private:
  std::string login_of(const UserId& id) const {
    const auto found = logins_.find(id);
    return found == logins_.end() ? id.str() : found->second;
  }

  // Whether an auth key of his let it in; also one that has ended, while that is remembered.
  bool joined_by_him(const Device& device) {
    if (device.auth_key.empty()) return false;
    if (const auto known = his_keys_.find(device.auth_key); known != his_keys_.end()) return known->second;
    const auto key = tx_.credentials().find(user_.tailnet, device.auth_key);
    return his_keys_[device.auth_key] = key && (key->owner == user_.id || key->creator == user_.id);
  }

  void add_devices() {
    for (const auto& device : devices_) {
      const bool own = device.user == user_.id;
      if (!own && !(tailnet::is_tagged(device) && joined_by_him(device))) continue;
      Holding holding;
      holding.kind = own ? HoldingKind::device : HoldingKind::tagged_device;
      holding.id = device.id.str();
      holding.name = device.name;
      holding.detail = detail_of(device);
      holding.last_used = device.connected_to.empty() ? device.last_seen : std::optional(now_);
      holdings_.push_back(std::move(holding));
    }
  }

  void add_key(const Credential& key) {
    Holding holding;
    holding.kind = kind_of(key.type);
    holding.id = key.id.str();
    holding.name = key.description;
    holding.detail = detail_of(key);
    holding.last_used = key.usage.last_used;
    holding.last_used_from = key.usage.last_address;
    if (key.type == KeyType::auth) {
      for (const auto& device : devices_) {
        if (device.auth_key != key.id) continue;
        const auto whose = tailnet::is_tagged(device) ? listed(device.tags) : login_of(device.user);
        name_user(holding, device.name + " (" + whose + ")");
      }
    }
    holdings_.push_back(std::move(holding));
  }

  static void name_user(Holding& holding, std::string name) {
    ++holding.users;
    if (holding.used_by.size() < kMostUsersNamed) holding.used_by.push_back(std::move(name));
  }

  void add_webhooks() {
    for (const auto& endpoint : tx_.webhooks().list(user_.tailnet)) {
      if (endpoint.creator != user_.id) continue;
      Holding holding;
      holding.kind = HoldingKind::webhook;
      holding.id = endpoint.id.str();
      holding.name = webhooks::masked_url(endpoint);
      holding.detail = listed(endpoint.subscriptions);
      holding.last_used = endpoint.health.last_attempt;
      holdings_.push_back(std::move(holding));
    }
  }

  void add_invites() {
    for (const auto& invite : tx_.invites().list(user_.tailnet)) {
      if (invite.inviter != user_.id || now_ >= invite.expires) continue;
      Holding holding;
      holding.kind = HoldingKind::invite;
      holding.id = invite.id.str();
      holding.name = invite.email;
      holding.detail =
          "as " + std::string(to_string(invite.role)) + "; expires " + to_rfc3339(invite.expires);
      holdings_.push_back(std::move(holding));
    }
  }

  void add_groups() {
    for (const auto& group : tx_.groups().groups_of(user_.tailnet, user_.id)) {
      Holding holding;
      holding.kind = HoldingKind::group;
      holding.id = group.id.str();
      holding.name = group.name;
      if (group.role) holding.detail = "makes its members " + std::string(to_string(*group.role));
      holdings_.push_back(std::move(holding));
    }
  }

  void add_mentions() {
    const auto text = tx_.policies().find(user_.tailnet);
    if (!text) return;
    for (const auto& mention : policy::mentions_of(*text, user_.login_name)) {
      Holding holding;
      holding.kind = HoldingKind::policy;
      holding.id = storable(clip(mention.path, 200));
      holding.name = "line " + std::to_string(mention.line);
      holdings_.push_back(std::move(holding));
    }
  }

  void add_contacts() {
    const auto contacts = tx_.settings().contacts(user_.tailnet);
    for (const auto kind : tailnet::kContactKinds) {
      const auto& set = contacts.of(kind);
      // Whoever set no address is reached at the owner's login name.
      const bool by_default = set.empty() && user_.role == identity::Role::owner;
      if (!by_default && !equals_ignore_case(set, user_.login_name)) continue;
      Holding holding;
      holding.kind = HoldingKind::contact;
      holding.id = std::string(to_string(kind));
      holding.name = user_.login_name;
      holdings_.push_back(std::move(holding));
    }
  }

  core::Tx& tx_;
  const identity::User& user_;
  TimePoint now_;
  std::unordered_map<UserId, std::string> logins_;
  std::vector<Device> devices_;
  std::vector<Credential> keys_;
  std::unordered_map<CredentialId, bool> his_keys_;
  std::vector<Holding> holdings_;
};

}  // namespace

Result<OffboardPreview> detail::preview_of(core::Tx& tx, const TailnetId& tailnet, const UserId& id,
                                           TimePoint now) {
  auto user = tx.users().find(tailnet, id);
  if (!user) return not_found("user not found");
  OffboardPreview preview;
  TRY(preview.holdings, Gathering(tx, *user, now).all());
  std::vector<std::string> ids{user->id.str() + " " + std::string(to_string(user->role)) + " " +
                               std::string(to_string(user->status))};
  for (const auto& holding : preview.holdings) {
    ids.push_back(std::string(to_string(holding.kind)) + " " + holding.id);
  }
  preview.fingerprint = fingerprint_of(ids);
  preview.user = *std::move(user);
  return preview;
}

Result<OffboardPreview> preview_offboarding(core::Tx& tx, const MayPreviewOffboarding& may, const UserId& id,
                                            TimePoint now) {
  return detail::preview_of(tx, may.tailnet(), id, now);
}

}  // namespace latchkey::people
