#include "core/identity/caller.h"

#include "crypto/random.h"

namespace latchkey::identity {

audit::Actor actor_of(const Caller& caller) {
  audit::Actor actor;
  actor.id = caller.user.str();
  actor.type =
      caller.kind == Caller::Kind::worker ? audit::ActorType::automated_worker : audit::ActorType::user;
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

Caller worker_caller(const TailnetId& tailnet, std::string_view task) {
  Caller caller;
  caller.kind = Caller::Kind::worker;
  caller.tailnet = tailnet;
  caller.display_name = "Latchkey: " + std::string(task);
  caller.source.origin = audit::Origin::control;
  return caller;
}

}  // namespace latchkey::identity
