#include "storage/installation.h"

#include "storage/unit_of_work.h"

namespace latchkey::storage {
namespace {

const Statement kRemember{
    "INSERT INTO installation (name, value) VALUES ('root_key_check', $1) ON CONFLICT (name) DO NOTHING"};
const Statement kRecall{"SELECT value FROM installation WHERE name = 'root_key_check'"};

}  // namespace

Result<void> bind_root_key(io::Database& db, const std::string& check) {
  return db.write_now([&check](core::Tx& tx) -> Result<void> {
    auto& connection = static_cast<UnitOfWork&>(tx).connection();
    connection.run(kRemember, {check});
    if (connection.run(kRecall).at(0)[0].text() == check) return {};
    return conflict(
        "the root key does not belong to this database: every key in it was made under another one. "
        "Restore the root key that was kept with it");
  });
}

}  // namespace latchkey::storage
