// Reading, writing and removing services.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/identity/authorize.h"
#include "core/services/service.h"
#include "core/tx.h"

namespace latchkey::services {

using MayRead = identity::Permit<identity::Operation::read_services>;
using MayWrite = identity::Permit<identity::Operation::write_services>;
using MayReadHosts = identity::Permit<identity::Operation::read_service_hosts>;
using MayApproveHost = identity::Permit<identity::Operation::approve_service_host>;

// The whole of a service as somebody wants it.
struct WantedService {
  std::string name;  // empty: as in the path. Another one renames
  // Of one that is made: nothing, or the IPv4 address. Of one that is there: also both, the IPv6 address as
  // it is.
  std::vector<std::string> addresses;
  std::optional<std::string> display_name;  // absent: as it is
  std::string comment;
  std::optional<Annotations> annotations;  // absent: as they are
  std::vector<std::string> ports;
  std::vector<std::string> tags;
};

std::vector<Service> list_services(core::Tx& tx, const MayRead& may);
Result<Service> read_service(core::Tx& tx, const MayRead& may, std::string_view name);

// Makes the service, or changes the one that has this name. Malformed names the member; conflict when a
// device or another service has the name or the address. What is already so is not written again.
Result<Service> put_service(core::Tx& tx, const MayWrite& may, std::string_view name,
                            const WantedService& want, TimePoint now);
Result<void> remove_service(core::Tx& tx, const MayWrite& may, std::string_view name, TimePoint now);

// That the service exists. No device hosts any: there is nothing to list.
Result<void> find_hosts(core::Tx& tx, const MayReadHosts& may, std::string_view name);
// Not found, saying what: the service, the device, or that the device does not host the service.
Error host_not_found(core::Tx& tx, const MayReadHosts& may, std::string_view name, std::string_view device);
Error host_not_found(core::Tx& tx, const MayApproveHost& may, std::string_view name, std::string_view device);

}  // namespace latchkey::services
