#include "storage/tailnet_store.h"

#include "base/text.h"
#include "storage/columns.h"

namespace latchkey::storage {
namespace {

const Statement kFind{"SELECT id, name, created_at FROM tailnets WHERE id = $1"};
const Statement kFindByName{"SELECT id, name, created_at FROM tailnets WHERE name_folded = $1"};
const Statement kList{"SELECT id, name, created_at FROM tailnets ORDER BY created_at, id"};
const Statement kInsert{
    "INSERT INTO tailnets (id, name, name_folded, created_at) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT DO NOTHING"};

tailnet::Tailnet tailnet_of(const Row& row) {
  return {TailnetId(row[0].text()), row[1].text(), time_of(row[2])};
}

std::optional<tailnet::Tailnet> first_of(const Rows& rows) {
  if (rows.empty()) return std::nullopt;
  return tailnet_of(rows.front());
}

}  // namespace

std::optional<tailnet::Tailnet> SqlTailnetStore::find(const TailnetId& id) {
  return first_of(work_.connection().run(kFind, {id.str()}));
}

std::optional<tailnet::Tailnet> SqlTailnetStore::find_by_name(std::string_view name) {
  return first_of(work_.connection().run(kFindByName, {to_lower(name)}));
}

std::vector<tailnet::Tailnet> SqlTailnetStore::list() {
  std::vector<tailnet::Tailnet> all;
  for (const auto& row : work_.connection().run(kList)) all.push_back(tailnet_of(row));
  return all;
}

bool SqlTailnetStore::insert(const tailnet::Tailnet& tailnet, const audit::Act& act) {
  auto& connection = work_.connection();
  connection.run(kInsert,
                 {tailnet.id.str(), tailnet.name, to_lower(tailnet.name), time_value(tailnet.created)});
  if (connection.changed() == 0) return false;
  work_.record(act);
  return true;
}

}  // namespace latchkey::storage
