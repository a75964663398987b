#include "core/people/audit_view.h"

namespace latchkey::people {

boost::json::object audit_view(const identity::User& user) {
  return {{"loginName", user.login_name},
          {"displayName", user.display_name},
          {"role", to_string(user.role)},
          {"status", to_string(user.status)}};
}

audit::Act act_on(const identity::User& user, const identity::Caller& caller, audit::Action action,
                  std::string property, audit::ChangeKind change, TimePoint now) {
  audit::Act act;
  audit::Target target{user.id.str(), user.login_name, audit::TargetType::user, std::move(property)};
  act.record = identity::record_by(caller, action, std::move(target), now);
  act.change = {change, user.tailnet, user.id.str(), 0, now};
  return act;
}

}  // namespace latchkey::people
