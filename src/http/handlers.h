// The handlers, a line each; the files are named after the subjects.
#pragma once

#include "http/context.h"

namespace latchkey::http {

using Answer = io::awaitable<Result<io::Response>>;

// api/keys.cc
Answer list_keys(Context& context, Call& call);
Answer create_key(Context& context, Call& call);
Answer get_key(Context& context, Call& call);
Answer replace_key(Context& context, Call& call);
Answer delete_key(Context& context, Call& call);
Answer rotate_key(Context& context, Call& call);

// api/policy.cc
Answer get_policy_file(Context& context, Call& call);
Answer set_policy_file(Context& context, Call& call);
Answer validate_policy_file(Context& context, Call& call);
Answer preview_policy_file(Context& context, Call& call);

// api/logging.cc
Answer list_audit_log(Context& context, Call& call);

// api/devices.cc
Answer list_devices(Context& context, Call& call);
Answer get_device(Context& context, Call& call);
Answer delete_device(Context& context, Call& call);
Answer authorize_device(Context& context, Call& call);
Answer set_device_name(Context& context, Call& call);
Answer set_device_tags(Context& context, Call& call);
Answer update_device_key(Context& context, Call& call);
Answer expire_device_key(Context& context, Call& call);
Answer set_device_ip(Context& context, Call& call);
Answer get_device_routes(Context& context, Call& call);
Answer set_device_routes(Context& context, Call& call);

// api/device_attributes.cc
Answer get_device_attributes(Context& context, Call& call);
Answer set_device_attribute(Context& context, Call& call);
Answer delete_device_attribute(Context& context, Call& call);
Answer update_device_attributes(Context& context, Call& call);

// api/users.cc
Answer list_users(Context& context, Call& call);
Answer get_user(Context& context, Call& call);
Answer add_user(Context& context, Call& call);
Answer approve_user(Context& context, Call& call);
Answer suspend_user(Context& context, Call& call);
Answer restore_user(Context& context, Call& call);
Answer delete_user(Context& context, Call& call);
Answer set_user_role(Context& context, Call& call);
Answer transfer_ownership(Context& context, Call& call);

// api/user_invites.cc
Answer list_user_invites(Context& context, Call& call);
Answer create_user_invites(Context& context, Call& call);
Answer get_user_invite(Context& context, Call& call);
Answer delete_user_invite(Context& context, Call& call);
Answer resend_user_invite(Context& context, Call& call);

// api/settings.cc
Answer get_settings(Context& context, Call& call);
Answer update_settings(Context& context, Call& call);

// api/dns.cc
Answer get_nameservers(Context& context, Call& call);
Answer set_nameservers(Context& context, Call& call);
Answer get_dns_preferences(Context& context, Call& call);
Answer set_dns_preferences(Context& context, Call& call);
Answer get_search_paths(Context& context, Call& call);
Answer set_search_paths(Context& context, Call& call);
Answer get_split_dns(Context& context, Call& call);
Answer update_split_dns(Context& context, Call& call);
Answer set_split_dns(Context& context, Call& call);
Answer get_dns_configuration(Context& context, Call& call);
Answer set_dns_configuration(Context& context, Call& call);

// api/posture.cc
Answer list_posture_integrations(Context& context, Call& call);
Answer create_posture_integration(Context& context, Call& call);
Answer get_posture_integration(Context& context, Call& call);
Answer update_posture_integration(Context& context, Call& call);
Answer delete_posture_integration(Context& context, Call& call);

// api/log_streaming.cc
Answer get_log_stream(Context& context, Call& call);
Answer set_log_stream(Context& context, Call& call);
Answer delete_log_stream(Context& context, Call& call);
Answer get_log_stream_status(Context& context, Call& call);
Answer create_aws_external_id(Context& context, Call& call);
Answer validate_aws_trust_policy(Context& context, Call& call);

// api/services.cc
Answer list_services(Context& context, Call& call);
Answer get_service(Context& context, Call& call);
Answer put_service(Context& context, Call& call);
Answer delete_service(Context& context, Call& call);
Answer list_service_hosts(Context& context, Call& call);
Answer get_service_approval(Context& context, Call& call);
Answer set_service_approval(Context& context, Call& call);

// api/webhooks.cc
Answer list_webhooks(Context& context, Call& call);
Answer create_webhook(Context& context, Call& call);
Answer get_webhook(Context& context, Call& call);
Answer update_webhook(Context& context, Call& call);
Answer delete_webhook(Context& context, Call& call);
Answer test_webhook(Context& context, Call& call);
Answer rotate_webhook_secret(Context& context, Call& call);

// api/webhook_deliveries.cc
Answer list_webhook_deliveries(Context& context, Call& call);
Answer get_webhook_delivery(Context& context, Call& call);
Answer replay_webhook_deliveries(Context& context, Call& call);

// api/device_logins.cc
Answer complete_device_login(Context& context, Call& call);

// api/contacts.cc
Answer get_contacts(Context& context, Call& call);
Answer update_contact(Context& context, Call& call);
Answer resend_contact_verification(Context& context, Call& call);

// api/oauth_token.cc
io::Response access_token_response(const credentials::IssuedKey& issued);
Answer mint_access_token(Context& context, Call& call);
Answer introspect_access_token(Context& context, Call& call);
Answer revoke_access_token(Context& context, Call& call);

// api/oauth_exchange.cc
Answer exchange_token(Context& context, Call& call);

// api/secret_scanning.cc
Answer verify_leaked_secret(Context& context, Call& call);
Answer report_leaked_secrets(Context& context, Call& call);

// api/whoami.cc
Answer who_am_i(Context& context, Call& call);

// console/access_tokens.cc
Answer create_access_token(Context& context, Call& call);

// console/incident.cc
Answer revoke_matching_keys(Context& context, Call& call);

// console/offboarding.cc
Answer preview_offboarding(Context& context, Call& call);
Answer offboard_user(Context& context, Call& call);
Answer report_offboarding(Context& context, Call& call);

// console/audit.cc
Answer verify_audit_log(Context& context, Call& call);

// console/provisioning.cc
Answer get_provisioning(Context& context, Call& call);
Answer enable_provisioning(Context& context, Call& call);
Answer disable_provisioning(Context& context, Call& call);
Answer generate_scim_key(Context& context, Call& call);
Answer revoke_scim_key(Context& context, Call& call);
Answer release_provisioning_guard(Context& context, Call& call);
Answer refuse_provisioning_guard(Context& context, Call& call);

// console/groups.cc
Answer set_group_role(Context& context, Call& call);
Answer list_groups(Context& context, Call& call);
Answer get_group(Context& context, Call& call);

// scim/discovery.cc
Answer scim_service_provider_config(Context& context, Call& call);
Answer scim_list_schemas(Context& context, Call& call);
Answer scim_get_schema(Context& context, Call& call);
Answer scim_list_resource_types(Context& context, Call& call);
Answer scim_get_resource_type(Context& context, Call& call);
Answer scim_me(Context& context, Call& call);

// scim/search.cc
Answer scim_list_users(Context& context, Call& call);
Answer scim_list_groups(Context& context, Call& call);
Answer scim_list_all(Context& context, Call& call);
Answer scim_search_users(Context& context, Call& call);
Answer scim_search_groups(Context& context, Call& call);
Answer scim_search_all(Context& context, Call& call);

// scim/resources.cc
Answer scim_get_user(Context& context, Call& call);
Answer scim_create_user(Context& context, Call& call);
Answer scim_replace_user(Context& context, Call& call);
Answer scim_patch_user(Context& context, Call& call);
Answer scim_delete_user(Context& context, Call& call);
Answer scim_get_group(Context& context, Call& call);
Answer scim_create_group(Context& context, Call& call);
Answer scim_replace_group(Context& context, Call& call);
Answer scim_patch_group(Context& context, Call& call);
Answer scim_delete_group(Context& context, Call& call);

// scim/bulk.cc
Answer scim_bulk(Context& context, Call& call);

// local/tailnets.cc
Answer create_tailnet(Context& context, Call& call);

// local/backup.cc
Answer back_up(Context& context, Call& call);

// control.cc
Answer control_key(Context& context, Call& call);
Answer control_upgrade(Context& context, Call& call);

// device_login_page.cc
Answer show_device_login(Context& context, Call& call);
Answer connect_device(Context& context, Call& call);

// health.cc
Answer healthz(Context& context, Call& call);
Answer readyz(Context& context, Call& call);

// console/home_page.cc
Answer show_home(Context& context, Call& call);
Answer sign_out(Context& context, Call& call);
Answer end_own_sessions(Context& context, Call& call);
Answer show_signed_out(Context& context, Call& call);

// console/sign_on.cc
Answer begin_sign_on(Context& context, Call& call);
Answer finish_sign_on(Context& context, Call& call);

// console/login_link_page.cc
Answer create_login_link(Context& context, Call& call);
Answer show_login_link(Context& context, Call& call);
Answer use_login_link(Context& context, Call& call);
Answer show_invite(Context& context, Call& call);

// console/sessions.cc
Answer get_session(Context& context, Call& call);
Answer list_sessions(Context& context, Call& call);
Answer end_sessions(Context& context, Call& call);
Answer end_session(Context& context, Call& call);

// console/sso_providers.cc
Answer list_sso_providers(Context& context, Call& call);
Answer create_sso_provider(Context& context, Call& call);
Answer get_sso_provider(Context& context, Call& call);
Answer update_sso_provider(Context& context, Call& call);
Answer delete_sso_provider(Context& context, Call& call);
Answer check_sso_provider(Context& context, Call& call);
Answer list_user_identities(Context& context, Call& call);
Answer unlink_user_identities(Context& context, Call& call);

}  // namespace latchkey::http
