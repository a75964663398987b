#include "storage/policy_store.h"

#include "storage/columns.h"

namespace latchkey::storage {
namespace {

const Statement kFind{"SELECT text FROM policies WHERE tailnet_id = $1"};
const Statement kSet{
    "INSERT INTO policies (tailnet_id, text, updated_at) VALUES ($1, $2, $3)"
    " ON CONFLICT (tailnet_id) DO UPDATE SET text = excluded.text, updated_at = excluded.updated_at"};
const Statement kReset{"DELETE FROM policies WHERE tailnet_id = $1"};

}  // namespace

std::optional<std::string> SqlPolicyStore::find(const TailnetId& tailnet) {
  const auto rows = work_.connection().run(kFind, {tailnet.str()});
  if (rows.empty()) return std::nullopt;
  return rows.front()[0].text();
}

void SqlPolicyStore::set(const TailnetId& tailnet, const std::string& text, TimePoint at,
                         const audit::Act& act) {
  work_.connection().run(kSet, {tailnet.str(), text, time_value(at)});
  work_.record(act);
}

void SqlPolicyStore::reset(const TailnetId& tailnet, const audit::Act& act) {
  work_.connection().run(kReset, {tailnet.str()});
  work_.record(act);
}

}  // namespace latchkey::storage
