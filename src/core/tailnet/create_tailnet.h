// Making a tailnet with its owner: the first thing that happens to a new server.
#pragma once

#include <string>

#include "core/identity/authorize.h"
#include "core/tailnet/tailnet.h"
#include "core/tx.h"

namespace latchkey::tailnet {

struct NewTailnet {
  std::string name;
  std::string owner_login;
};

struct CreatedTailnet {
  Tailnet tailnet;
  identity::User owner;
};

// Conflict when the name is taken.
Result<CreatedTailnet> create_tailnet(core::Tx& tx,
                                      const identity::Permit<identity::Operation::create_tailnet>& may,
                                      const NewTailnet& want, TimePoint now);

}  // namespace latchkey::tailnet
