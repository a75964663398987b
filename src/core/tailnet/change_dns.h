// Reading and changing the DNS configuration of a tailnet.
#pragma once

#include "core/identity/authorize.h"
#include "core/tailnet/dns.h"
#include "core/tx.h"

namespace latchkey::tailnet {

DnsConfiguration read_dns(core::Tx& tx, const identity::Permit<identity::Operation::read_dns>& may);

// The configuration afterwards. A change to what is already so writes nothing.
Result<DnsConfiguration> change_dns(core::Tx& tx, const identity::Permit<identity::Operation::write_dns>& may,
                                    const DnsChange& change, TimePoint now);

}  // namespace latchkey::tailnet
