#include "http/routes.h"

#include "http/handlers.h"

namespace latchkey::http {
namespace {

// clang-format off
constexpr Route kRoutes[] = {
    {"GET",    "/api/v2/tailnet/{tailnet}/keys",                  "listTailnetKeys",            Access::caller, false, list_keys},
    {"POST",   "/api/v2/tailnet/{tailnet}/keys",                  "createKey",                  Access::caller, true,  create_key},
    {"GET",    "/api/v2/tailnet/{tailnet}/keys/{keyId}",          "getKey",                     Access::caller, false, get_key},
    {"PUT",    "/api/v2/tailnet/{tailnet}/keys/{keyId}",          "setKey",                     Access::caller, true,  replace_key},
    {"DELETE", "/api/v2/tailnet/{tailnet}/keys/{keyId}",          "deleteKey",                  Access::caller, true,  delete_key},
    {"POST",   "/api/v2/tailnet/{tailnet}/keys/{keyId}/rotate",   "rotateKey",                  Access::caller, true,  rotate_key},
    {"POST",   "/api/v2/oauth/token",                             "mintAccessToken",            Access::anyone, true,  mint_access_token},
    {"POST",   "/api/v2/oauth/token-exchange",                    "exchangeToken",              Access::anyone, true,  exchange_token},
    {"POST",   "/api/v2/oauth/introspect",                        "introspectAccessToken",      Access::anyone, false, introspect_access_token},
    {"POST",   "/api/v2/oauth/revoke",                            "revokeAccessToken",          Access::anyone, true,  revoke_access_token},
    {"POST",   "/api/v2/secret-scanning/verify",                  "verifyLeakedSecret",         Access::anyone, false, verify_leaked_secret},
    {"GET",    "/api/v2/tailnet/{tailnet}/acl",                   "getPolicyFile",              Access::caller, false, get_policy_file},
    {"POST",   "/api/v2/tailnet/{tailnet}/acl",                   "setPolicyFile",              Access::caller, true,  set_policy_file},
    {"POST",   "/api/v2/tailnet/{tailnet}/acl/validate",          "validateAndTestPolicyFile",  Access::caller, false, validate_policy_file},
    {"POST",   "/api/v2/tailnet/{tailnet}/acl/preview",           "previewRuleMatches",         Access::caller, false, preview_policy_file},
    {"GET",    "/api/v2/tailnet/{tailnet}/logging/configuration", "listConfigurationAuditLogs", Access::caller, false, list_audit_log},
    {"GET",    "/api/v2/tailnet/{tailnet}/devices",               "listTailnetDevices",         Access::caller, false, list_devices},
    {"PATCH",  "/api/v2/tailnet/{tailnet}/device-attributes",     "batchUpdateCustomDevicePostureAttributes", Access::caller, true, update_device_attributes},
    {"GET",    "/api/v2/device/{deviceId}",                       "getDevice",                  Access::caller, false, get_device},
    {"DELETE", "/api/v2/device/{deviceId}",                       "deleteDevice",               Access::caller, true,  delete_device},
    {"POST",   "/api/v2/device/{deviceId}/authorized",            "authorizeDevice",            Access::caller, true,  authorize_device},
    {"POST",   "/api/v2/device/{deviceId}/name",                  "setDeviceName",              Access::caller, true,  set_device_name},
    {"POST",   "/api/v2/device/{deviceId}/tags",                  "setDeviceTags",              Access::caller, true,  set_device_tags},
    {"POST",   "/api/v2/device/{deviceId}/key",                   "updateDeviceKey",            Access::caller, true,  update_device_key},
    {"POST",   "/api/v2/device/{deviceId}/expire",                "expireDeviceKey",            Access::caller, true,  expire_device_key},
    {"POST",   "/api/v2/device/{deviceId}/ip",                    "setDeviceIp",                Access::caller, true,  set_device_ip},
    {"GET",    "/api/v2/device/{deviceId}/routes",                "listDeviceRoutes",           Access::caller, false, get_device_routes},
    {"POST",   "/api/v2/device/{deviceId}/routes",                "setDeviceRoutes",            Access::caller, true,  set_device_routes},
    {"GET",    "/api/v2/device/{deviceId}/attributes",            "getDevicePostureAttributes", Access::caller, false, get_device_attributes},
    {"POST",   "/api/v2/device/{deviceId}/attributes/{attributeKey}", "setCustomDevicePostureAttributes", Access::caller, true, set_device_attribute},
    {"DELETE", "/api/v2/device/{deviceId}/attributes/{attributeKey}", "deleteCustomDevicePostureAttributes", Access::caller, true, delete_device_attribute},
    {"GET",    "/api/v2/tailnet/{tailnet}/users",                 "listUsers",                  Access::caller, false, list_users},
    {"GET",    "/api/v2/users/{userId}",                          "getUser",                    Access::caller, false, get_user},
    {"GET",    "/api/v2/tailnet/{tailnet}/settings",              "getTailnetSettings",         Access::caller, false, get_settings},
    {"PATCH",  "/api/v2/tailnet/{tailnet}/settings",              "updateTailnetSettings",      Access::caller, true,  update_settings},
    {"GET",    "/api/v2/tailnet/{tailnet}/dns/nameservers",       "listDnsNameservers",         Access::caller, false, get_nameservers},
    {"POST",   "/api/v2/tailnet/{tailnet}/dns/nameservers",       "setDnsNameservers",          Access::caller, true,  set_nameservers},
    {"GET",    "/api/v2/tailnet/{tailnet}/dns/preferences",       "getDnsPreferences",          Access::caller, false, get_dns_preferences},
    {"POST",   "/api/v2/tailnet/{tailnet}/dns/preferences",       "setDnsPreferences",          Access::caller, true,  set_dns_preferences},
    {"GET",    "/api/v2/tailnet/{tailnet}/dns/searchpaths",       "listDnsSearchPaths",         Access::caller, false, get_search_paths},
    {"POST",   "/api/v2/tailnet/{tailnet}/dns/searchpaths",       "setDnsSearchPaths",          Access::caller, true,  set_search_paths},
    {"GET",    "/api/v2/tailnet/{tailnet}/dns/split-dns",         "getSplitDns",                Access::caller, false, get_split_dns},
    {"PATCH",  "/api/v2/tailnet/{tailnet}/dns/split-dns",         "updateSplitDns",             Access::caller, true,  update_split_dns},
    {"PUT",    "/api/v2/tailnet/{tailnet}/dns/split-dns",         "setSplitDns",                Access::caller, true,  set_split_dns},
    {"GET",    "/api/v2/tailnet/{tailnet}/dns/configuration",     "getDnsConfiguration",        Access::caller, false, get_dns_configuration},
    {"POST",   "/api/v2/tailnet/{tailnet}/dns/configuration",     "setDnsConfiguration",        Access::caller, true,  set_dns_configuration},
    {"GET",    "/api/v2/tailnet/{tailnet}/contacts",              "getContacts",                Access::caller, false, get_contacts},
    {"PATCH",  "/api/v2/tailnet/{tailnet}/contacts/{contactType}", "updateContact",             Access::caller, true,  update_contact},
    {"POST",   "/api/v2/tailnet/{tailnet}/contacts/{contactType}/resend-verification-email", "resendContactVerificationEmail", Access::caller, true, resend_contact_verification},
    {"POST",   "/api/v2/tailnet/{tailnet}/device-logins/{loginId}", "completeDeviceLogin",      Access::caller, true,  complete_device_login},
    {"GET",    "/api/v2/whoami",                                  "whoAmI",                     Access::caller, false, who_am_i},
    {"POST",   "/api/console/access-tokens",                      "createAccessToken",          Access::caller, true,  create_access_token},
    {"GET",    "/api/console/audit-verification",                 "verifyAuditLog",             Access::caller, false, verify_audit_log},
    {"POST",   "/api/local/tailnets",                             "createTailnet",              Access::local,  true,  create_tailnet},
    {"POST",   "/api/local/backup",                               "backUp",                     Access::local,  true,  back_up},
    {"GET",    "/key",                                            "controlKey",                 Access::anyone, false, control_key},
    {"GET",    "/ts2021",                                         "controlWebSocket",           Access::anyone, false, control_upgrade},
    {"POST",   "/ts2021",                                         "controlUpgrade",             Access::anyone, false, control_upgrade},
    {"GET",    "/register/{loginId}",                             "showDeviceLogin",            Access::anyone, false, show_device_login},
    {"GET",    "/healthz",                                        "healthz",                    Access::anyone, false, healthz},
    {"GET",    "/readyz",                                         "readyz",                     Access::anyone, false, readyz},
};
// clang-format on

}  // namespace

std::span<const Route> routes() {
  return kRoutes;
}

}  // namespace latchkey::http
