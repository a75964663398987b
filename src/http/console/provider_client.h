// Asking an identity provider: what it supports, and who came back with a code.
#pragma once

#include <string>

#include "core/signon/asserted.h"
#include "core/signon/discovery.h"
#include "http/context.h"

namespace latchkey::http {

// What it supports, by documents that are an hour old at most while it answers. unavailable, with the reason
// as detail: it does not answer, or cannot be used.
io::awaitable<Result<signon::Discovery>> discover_provider(Context& context, std::string issuer);

// Every line of the check that is made before a provider is added.
io::awaitable<signon::DiscoveryReport> check_provider(Context& context, std::string issuer);

// Exchanges the code of an answer, believes nothing but what the provider's signature covers, and asks
// UserInfo for what is missing. `unavailable` means that the provider failed, `forbidden` that what came is
// not the answer to this login; the detail is the reason, for the audit log.
io::awaitable<Result<signon::Asserted>> redeem_code(Context& context, const signon::Provider& provider,
                                                    const signon::Discovery& discovery, std::string code,
                                                    std::string state);

// The one address that providers send people back to.
std::string callback_address(const Context& context);

}  // namespace latchkey::http
