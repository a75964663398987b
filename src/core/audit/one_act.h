// Several use cases as one act: while it lives, every record of the transaction goes into one group.
//
//   const audit::OneAct act(tx);
//   TRY(people::suspend(tx, ...));
//   TRY(webhooks::delete_endpoint(tx, ...));
//   return act.group_id();
#pragma once

#include <string>

#include "core/audit/audit_store.h"
#include "core/tx.h"
#include "crypto/random.h"

namespace latchkey::audit {

class OneAct {
 public:
  explicit OneAct(core::Tx& tx) : store_(tx.audit()), group_id_(crypto::random_hex(16)) {
    store_.set_group(group_id_);
  }
  ~OneAct() { store_.set_group({}); }
  OneAct(const OneAct&) = delete;
  OneAct& operator=(const OneAct&) = delete;

  const std::string& group_id() const noexcept { return group_id_; }

 private:
  AuditStore& store_;
  std::string group_id_;
};

}  // namespace latchkey::audit
