#include "http/routes.h"

#include "http/handlers.h"

namespace latchkey::http {
namespace {

// clang-format off
constexpr Route kRoutes[] = {
    {"GET",    "/api/v2/tailnet/{tailnet}/keys",                  "listTailnetKeys",            Access::caller, false, list_keys},
    {"POST",   "/api/v2/tailnet/{tailnet}/keys",                  "createKey",                  Access::caller, true,  create_key},
    {"GET",    "/api/v2/tailnet/{tailnet}/keys/{keyId}",          "getKey",                     Access::caller, false, get_key},
    {"DELETE", "/api/v2/tailnet/{tailnet}/keys/{keyId}",          "deleteKey",                  Access::caller, true,  delete_key},
    {"GET",    "/api/v2/tailnet/{tailnet}/logging/configuration", "listConfigurationAuditLogs", Access::caller, false, list_audit_log},
    {"GET",    "/api/v2/whoami",                                  "whoAmI",                     Access::caller, false, who_am_i},
    {"POST",   "/api/console/access-tokens",                      "createAccessToken",          Access::caller, true,  create_access_token},
    {"GET",    "/api/console/audit-verification",                 "verifyAuditLog",             Access::caller, false, verify_audit_log},
    {"POST",   "/api/local/tailnets",                             "createTailnet",              Access::local,  true,  create_tailnet},
    {"POST",   "/api/local/backup",                               "backUp",                     Access::local,  true,  back_up},
    {"GET",    "/healthz",                                        "healthz",                    Access::anyone, false, healthz},
    {"GET",    "/readyz",                                         "readyz",                     Access::anyone, false, readyz},
};
// clang-format on

}  // namespace

std::span<const Route> routes() {
  return kRoutes;
}

}  // namespace latchkey::http
