// A small tailnet for tests of rules: a database in memory, an owner, a user of every role, and the use cases
// a call away. Times are given, nothing sleeps.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/audit/audit_store.h"
#include "core/credentials/issue.h"
#include "core/credentials/manage.h"
#include "core/credentials/redeem.h"
#include "core/identity/authorize.h"
#include "core/identity/user_store.h"
#include "core/join/session.h"
#include "core/tailnet/create_tailnet.h"
#include "core/tailnet/settings.h"
#include "core/tx.h"
#include "crypto/seal.h"
#include "storage/sql_database.h"

namespace latchkey::testing {

// "nodekey:" and 64 hexadecimal digits that end in this number.
std::string public_key(std::string_view prefix, int number);

inline TimePoint at(const char* text) {
  return *from_rfc3339(text);
}

class World {
 public:
  // An engine in memory by default; storage tests bring PostgreSQL.
  explicit World(std::unique_ptr<storage::SqlDatabase> database = storage::open_sqlite_in_memory());

  storage::SqlDatabase& db() { return *db_; }
  const credentials::KeyMint& mint() const { return mint_; }
  const crypto::Sealer& sealer() const { return sealer_; }
  TimePoint now = at("2026-01-05T09:00:00Z");

  const tailnet::CreatedTailnet& tailnet() const { return made_; }
  // A user of that role, made on first use; the owner is the tailnet's.
  identity::User user(identity::Role role);
  identity::Caller caller(identity::Role role,
                          identity::Caller::Kind kind = identity::Caller::Kind::api_token);
  void set_status(identity::Role role, identity::UserStatus status);
  void set_role(identity::Role of, identity::Role role);

  Result<credentials::IssuedKey> issue_auth_key(identity::Role by, credentials::NewAuthKey want = {});
  Result<credentials::IssuedKey> issue_api_token(identity::Role by, credentials::NewApiToken want = {});
  Result<credentials::Credential> revoke(identity::Role by, const CredentialId& id);
  Result<credentials::Credential> redeem(const credentials::IssuedKey& key, std::string machine = "mkey:1",
                                         std::string hostname = "build-1");
  credentials::Credential stored(const CredentialId& id);
  // As the owner would; throws when it is refused. Empty: back to the standard policy.
  void store_policy(std::string text);

  // Devices: machines and node keys are told apart by number. Without a key: after a restart, or a first try.
  join::RegisterRequest join_request(int machine, int node_key, const credentials::IssuedKey* key = nullptr);
  Result<join::Registered> join(const join::RegisterRequest& request);
  // Joins with the key; throws when refused.
  tailnet::Device join(int machine, int node_key, const credentials::IssuedKey& key);
  std::optional<tailnet::Device> device(const DeviceId& id);
  // As the owner; throws when refused.
  void change_settings(const tailnet::SettingsChange& change);
  std::function<std::vector<std::string>(core::Tx&, const tailnet::Device&)> auto_approved;
  join::JoinContext join_context() const;
  std::vector<audit::Record> log(audit::AuditQuery query = {});

 private:
  std::unique_ptr<storage::SqlDatabase> db_;
  credentials::KeyMint mint_;
  crypto::Sealer sealer_{crypto::Key256({4, 5, 6})};
  tailnet::CreatedTailnet made_;
  std::vector<std::pair<identity::Role, UserId>> users_;
};

}  // namespace latchkey::testing
