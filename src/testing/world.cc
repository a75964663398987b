#include "testing/world.h"

#include <stdexcept>

#include "core/credentials/credential_store.h"
#include "core/policy/manage.h"
#include "core/tailnet/device_store.h"

namespace latchkey::testing {
namespace {

using identity::Operation;

crypto::HmacKey fixed_key() {
  const std::array<std::uint8_t, 32> bytes{1, 2, 3};
  return crypto::HmacKey(bytes);
}

identity::Caller administrator() {
  identity::Caller caller;
  caller.kind = identity::Caller::Kind::local_administrator;
  caller.role = identity::Role::owner;
  caller.source.origin = audit::Origin::admin_console;
  return caller;
}

}  // namespace

std::string public_key(std::string_view prefix, int number) {
  std::string digits = std::to_string(number);
  return std::string(prefix) + std::string(64 - digits.size(), 'a') + digits;
}

World::World(std::unique_ptr<storage::SqlDatabase> database) : db_(std::move(database)), mint_(fixed_key()) {
  auto made = db_->write_now([this](core::Tx& tx) -> Result<tailnet::CreatedTailnet> {
    TRY(const auto may, identity::authorize<Operation::create_tailnet>(administrator()));
    return tailnet::create_tailnet(tx, may, {"otter-reef.example", "olive@otter-reef.example"}, now);
  });
  made_ = *made;
  users_.emplace_back(identity::Role::owner, made_.owner.id);
}

identity::User World::user(identity::Role role) {
  for (const auto& [known, id] : users_) {
    if (known == role) {
      return *db_->read_now(
          [&](core::Tx& tx) -> Result<identity::User> { return *tx.users().find(made_.tailnet.id, id); });
    }
  }
  identity::User fresh;
  fresh.id = UserId(id_text('u', static_cast<unsigned long long>(role) + 1000));
  fresh.tailnet = made_.tailnet.id;
  fresh.login_name = std::string(to_string(role)) + "@otter-reef.example";
  fresh.display_name = fresh.login_name;
  fresh.role = role;
  fresh.created = now;
  const auto added = db_->write_now([&](core::Tx& tx) -> Result<void> {
    audit::Act act;
    act.record = identity::record_by(administrator(), audit::Action::create,
                                     {fresh.id.str(), fresh.login_name, audit::TargetType::user, {}}, now);
    act.record.tailnet = made_.tailnet.id;
    act.change = {audit::ChangeKind::user_created, made_.tailnet.id, fresh.id.str(), 0, now};
    if (!tx.users().insert(fresh, act)) return conflict("user exists");
    return {};
  });
  if (!added) throw std::runtime_error(added.error().message);
  users_.emplace_back(role, fresh.id);
  return fresh;
}

identity::Caller World::caller(identity::Role role, identity::Caller::Kind kind) {
  const auto who = user(role);
  identity::Caller caller;
  caller.kind = kind;
  caller.tailnet = who.tailnet;
  caller.user = who.id;
  caller.login_name = who.login_name;
  caller.display_name = who.display_name;
  caller.role = who.role;
  caller.source.address = "192.0.2.7";
  return caller;
}

namespace {

void change_user(storage::SqlDatabase& db, const identity::User& changed, TimePoint now) {
  const auto done = db.write_now([&](core::Tx& tx) -> Result<void> {
    audit::Act act;
    act.record = identity::record_by(
        administrator(), audit::Action::update,
        {changed.id.str(), changed.login_name, audit::TargetType::user, "USER_ROLE"}, now);
    act.record.tailnet = changed.tailnet;
    act.change = {audit::ChangeKind::user_updated, changed.tailnet, changed.id.str(), 0, now};
    tx.users().update(changed, act);
    return {};
  });
  if (!done) throw std::runtime_error(done.error().message);
}

}  // namespace

void World::set_status(identity::Role role, identity::UserStatus status) {
  auto changed = user(role);
  changed.status = status;
  change_user(*db_, changed, now);
}

void World::set_role(identity::Role of, identity::Role role) {
  auto changed = user(of);
  changed.role = role;
  change_user(*db_, changed, now);
}

Result<credentials::IssuedKey> World::issue_auth_key(identity::Role by, credentials::NewAuthKey want) {
  TRY(const auto may, identity::authorize<Operation::create_auth_key>(caller(by)));
  return db_->write_now(
      [&](core::Tx& tx) { return credentials::issue_auth_key(tx, may, want, {mint_, {}}, now); });
}

Result<credentials::IssuedKey> World::issue_api_token(identity::Role by, credentials::NewApiToken want) {
  TRY(const auto may, identity::authorize<Operation::create_api_token>(
                          caller(by, identity::Caller::Kind::local_administrator)));
  return db_->write_now(
      [&](core::Tx& tx) { return credentials::issue_api_token(tx, may, want, {mint_, {}}, now); });
}

Result<credentials::Credential> World::revoke(identity::Role by, const CredentialId& id) {
  TRY(const auto sight, identity::authorize<Operation::read_key>(caller(by)));
  TRY(const auto may, identity::authorize<Operation::revoke_key>(caller(by)));
  return db_->write_now([&](core::Tx& tx) { return credentials::revoke_key(tx, may, sight, id, now); });
}

Result<credentials::Credential> World::redeem(const credentials::IssuedKey& key, std::string machine,
                                              std::string hostname) {
  credentials::JoinRequest request;
  request.key_text = key.text;
  request.machine = std::move(machine);
  request.hostname = std::move(hostname);
  request.device = {"nExampleCNTRL", audit::ActorType::node, {}, request.hostname};
  request.source.origin = audit::Origin::node;
  return db_->write_now([&](core::Tx& tx) { return credentials::redeem(tx, request, mint_, now); });
}

void World::store_policy(std::string text) {
  const auto may = identity::authorize<Operation::write_policy>(caller(identity::Role::owner));
  const policy::NewPolicy want{std::move(text), {}};
  const auto written =
      db_->write_now([&](core::Tx& tx) { return policy::write_policy(tx, *may, want, {}, now); });
  if (!written) throw std::runtime_error(written.error().message);
  if (!written->failures.empty()) throw std::runtime_error("the policy fails its tests");
}

credentials::Credential World::stored(const CredentialId& id) {
  return *db_->read_now([&](core::Tx& tx) -> Result<credentials::Credential> {
    return *tx.credentials().find(made_.tailnet.id, id);
  });
}

join::RegisterRequest World::join_request(int machine, int node_key, const credentials::IssuedKey* key) {
  join::RegisterRequest request;
  request.machine_key = public_key(tailnet::kMachineKeyPrefix, machine);
  request.node_key = public_key(tailnet::kNodeKeyPrefix, node_key);
  if (key != nullptr) request.auth_key = key->text;
  request.hostname = "build-" + std::to_string(machine);
  request.host_info = R"({"OS":"linux","Hostname":")" + request.hostname + R"("})";
  request.capability_version = 130;
  request.source.origin = audit::Origin::node;
  request.source.address = "192.0.2.9";
  return request;
}

void World::change_settings(const tailnet::SettingsChange& change) {
  const auto may = *identity::authorize<Operation::write_settings>(caller(identity::Role::owner));
  const auto changed =
      db_->write_now([&](core::Tx& tx) { return tailnet::change_settings(tx, may, change, now); });
  if (!changed) throw std::runtime_error(changed.error().message);
}

join::JoinContext World::join_context() const {
  join::JoinContext context{mint_};
  context.auto_approved = auto_approved;
  return context;
}

Result<join::Registered> World::join(const join::RegisterRequest& request) {
  return db_->write_now(
      [&](core::Tx& tx) { return join::register_device(tx, request, join_context(), now); });
}

tailnet::Device World::join(int machine, int node_key, const credentials::IssuedKey& key) {
  const auto joined = join(join_request(machine, node_key, &key));
  if (!joined || !joined->device) {
    throw std::runtime_error(joined ? "the device did not join" : joined.error().message);
  }
  return *joined->device;
}

std::optional<tailnet::Device> World::device(const DeviceId& id) {
  return *db_->read_now([&](core::Tx& tx) -> Result<std::optional<tailnet::Device>> {
    return tx.devices().find(made_.tailnet.id, id);
  });
}

std::vector<audit::Record> World::log(audit::AuditQuery query) {
  query.start = at("2000-01-01T00:00:00Z");
  query.end = at("2100-01-01T00:00:00Z");
  return *db_->read_now([&](core::Tx& tx) -> Result<std::vector<audit::Record>> {
    return tx.audit().find(made_.tailnet.id, query);
  });
}

}  // namespace latchkey::testing
