#include "storage/policy_store.h"

#include "storage/columns.h"

namespace latchkey::storage {
namespace {

const Statement kFind{"SELECT text FROM policies WHERE tailnet_id = $1"};
const Statement kSet{
    "INSERT INTO policies (tailnet_id, text, updated_at) VALUES ($1, $2, $3)"
    " ON CONFLICT (tailnet_id) DO UPDATE SET text = excluded.text, updated_at = excluded.updated_at"};
const Statement kKeepTexts{
    "INSERT INTO policy_changes (tailnet_id, group_id, at, old_text, new_text) VALUES ($1, $2, $3, $4, $5)"};
const Statement kKeptTexts{
    "SELECT old_text, new_text FROM policy_changes WHERE tailnet_id = $1 AND group_id = $2"};
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

void SqlPolicyStore::keep_texts(const TailnetId& tailnet, const std::string& group_id,
                                const ChangedTexts& texts, TimePoint at) {
  work_.connection().run(kKeepTexts,
                         {tailnet.str(), group_id, time_value(at), texts.old_text, texts.new_text});
}

std::optional<policy::PolicyStore::ChangedTexts> SqlPolicyStore::kept_texts(const TailnetId& tailnet,
                                                                            const std::string& group_id) {
  const auto rows = work_.connection().run(kKeptTexts, {tailnet.str(), group_id});
  if (rows.empty()) return std::nullopt;
  return ChangedTexts{rows[0][0].text(), rows[0][1].text()};
}

}  // namespace latchkey::storage
