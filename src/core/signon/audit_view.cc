#include "core/signon/audit_view.h"

#include <boost/json/array.hpp>

namespace latchkey::signon {

namespace {

boost::json::array list_of(const std::vector<std::string>& texts) {
  return boost::json::array(texts.begin(), texts.end());
}

}  // namespace

boost::json::object audit_view(const Provider& provider) {
  const auto& settings = provider.settings;
  return {{"id", provider.id},
          {"name", settings.name},
          {"issuer", settings.issuer},
          {"clientId", settings.client_id},
          {"loginClaim", to_string(settings.login_claim)},
          {"loginIsVerified", settings.login_is_verified},
          {"domains", list_of(settings.domains)},
          {"scopes", list_of(settings.scopes)},
          {"groupsClaim", settings.groups_claim},
          {"allowedGroups", list_of(settings.allowed_groups)},
          {"enabled", settings.enabled}};
}

identity::Caller session_caller(const identity::User& user, audit::Source source) {
  identity::Caller caller;
  caller.kind = identity::Caller::Kind::session;
  caller.tailnet = user.tailnet;
  caller.user = user.id;
  caller.login_name = user.login_name;
  caller.display_name = user.display_name;
  caller.role = user.role;
  caller.source = std::move(source);
  caller.source.origin = audit::Origin::admin_console;
  return caller;
}

audit::Act session_act(const Session& session, const identity::User& user, const identity::Caller& by,
                       audit::Action action, std::string details, TimePoint now) {
  audit::Target target{user.id.str(), user.login_name, audit::TargetType::admin_console, {}};
  auto record = identity::record_by(by, action, std::move(target), now);
  record.details = std::move(details);
  record.new_value = boost::json::object{{"session", session.id}};
  if (!session.provider.empty()) record.new_value->as_object()["provider"] = session.provider;
  const auto kind =
      action == audit::Action::login ? audit::ChangeKind::session_started : audit::ChangeKind::session_ended;
  return {std::move(record), {kind, session.tailnet, session.id, 0, now}};
}

audit::Act link_act(const IdentityLink& link, const identity::User& user, const identity::Caller& by,
                    audit::Action action, TimePoint now) {
  audit::Target target{user.id.str(), user.login_name, audit::TargetType::user, "IDENTITY"};
  auto record = identity::record_by(by, action, std::move(target), now);
  const boost::json::object view{
      {"issuer", link.issuer}, {"subject", link.subject}, {"rule", to_string(link.rule)}};
  (action == audit::Action::delete_ ? record.old_value : record.new_value) = view;
  return {std::move(record), {audit::ChangeKind::identity_linked, link.tailnet, user.id.str(), 0, now}};
}

}  // namespace latchkey::signon
