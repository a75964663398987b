#include "core/identity/caller.h"

#include "crypto/random.h"

namespace latchkey::identity {

audit::Actor actor_of(const Caller& caller) {
  audit::Actor actor;
  actor.id = caller.trust ? caller.trust->credential.str() : caller.user.str();
  switch (caller.kind) {
    case Caller::Kind::provisioning:
      actor.id = caller.source.credential.str();
      actor.type = audit::ActorType::scim;
      break;
    case Caller::Kind::sign_on:
    case Caller::Kind::worker:
      actor.type = audit::ActorType::automated_worker;
      break;
    case Caller::Kind::trust_credential:
      actor.type = audit::ActorType::oauth_client;
      break;
    case Caller::Kind::api_token:
    case Caller::Kind::session:
    case Caller::Kind::local_administrator:
      actor.type = audit::ActorType::user;
      break;
  }
  actor.login_name = caller.login_name;
  actor.display_name = caller.display_name;
  return actor;
}

audit::Record record_by(const Caller& caller, audit::Action action, audit::Target target, TimePoint now) {
  audit::Record record;
  record.tailnet = caller.tailnet;
  record.at = now;
  record.group_id = crypto::random_hex(16);
  record.source = caller.source;
  record.actor = actor_of(caller);
  record.target = std::move(target);
  record.action = action;
  return record;
}

Caller provisioning_caller(const TailnetId& tailnet, const CredentialId& key, audit::Source source) {
  Caller caller;
  caller.kind = Caller::Kind::provisioning;
  caller.tailnet = tailnet;
  caller.display_name = "SCIM";
  caller.source = std::move(source);
  caller.source.origin = audit::Origin::identity_provider;
  caller.source.credential = key;
  return caller;
}

Caller sign_on_caller(const TailnetId& tailnet, audit::Source source) {
  Caller caller;
  caller.kind = Caller::Kind::sign_on;
  caller.tailnet = tailnet;
  caller.display_name = "Latchkey: sign-on";
  caller.source = std::move(source);
  caller.source.origin = audit::Origin::identity_provider;
  return caller;
}

Caller worker_caller(const TailnetId& tailnet, std::string_view task) {
  Caller caller;
  caller.kind = Caller::Kind::worker;
  caller.tailnet = tailnet;
  caller.display_name = "Latchkey: " + std::string(task);
  caller.source.origin = audit::Origin::control;
  return caller;
}

}  // namespace latchkey::identity
