// Fills the database of a stopped server with keys, and writes tokens that it will accept.
//
//   fill_bench DATA_DIR KEYS TOKENS FILE [WRONG FILE]
//
// KEYS keys are issued through the use cases in large transactions, every second an API access token and the
// others auth keys, each with its audit record and feed entry. FILE gets TOKENS of the API tokens' texts,
// spread evenly over the database and shuffled; the second FILE gets WRONG tokens of which the form is right
// and the secret is not, half of them with the id of a stored one. The data directory must have been made by
// "latchkey init".
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/clock.h"
#include "core/credentials/issue.h"
#include "core/identity/authorize.h"
#include "core/identity/user_store.h"
#include "core/tailnet/tailnet.h"
#include "core/tx.h"
#include "crypto/random.h"
#include "crypto/root_key.h"
#include "storage/sql_database.h"

namespace {

using namespace latchkey;
using identity::Operation;

constexpr std::size_t kTransaction = 10'000;

template <class T>
T expect(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

identity::Caller owner_of_only_tailnet(storage::SqlDatabase& db) {
  return expect(db.read_now([](core::Tx& tx) -> Result<identity::Caller> {
    const auto tailnets = tx.tailnets().list();
    if (tailnets.size() != 1) return conflict("the data directory must hold exactly one tailnet");
    const auto owner = tx.users().find_owner(tailnets.front().id);
    identity::Caller caller;
    caller.kind = identity::Caller::Kind::local_administrator;
    caller.tailnet = tailnets.front().id;
    caller.user = owner->id;
    caller.login_name = owner->login_name;
    caller.display_name = owner->display_name;
    caller.role = owner->role;
    caller.source.origin = audit::Origin::admin_console;
    return caller;
  }));
}

class Filler {
 public:
  Filler(storage::SqlDatabase& db, const credentials::KeyMint& mint)
      : db_(db),
        issuer_{mint, {}},
        caller_(owner_of_only_tailnet(db)),
        may_make_tokens_(expect(identity::authorize<Operation::create_api_token>(caller_))),
        may_make_keys_(expect(identity::authorize<Operation::create_auth_key>(caller_))) {
    grant_.reusable = true;
    grant_.tags = {"tag:ci"};
  }

  // Returns the texts of the API tokens.
  std::vector<std::string> issue(std::size_t count) {
    return expect(db_.write_now([this, count](core::Tx& tx) -> Result<std::vector<std::string>> {
      std::vector<std::string> texts;
      const TimePoint now = SystemClock().now();
      for (std::size_t i = 0; i < count; ++i) {
        if (i % 2 == 0) {
          TRY(const auto made,
              credentials::issue_api_token(tx, may_make_tokens_, {"deploy", {}}, issuer_, now));
          texts.push_back(made.text.expose());
        } else {
          TRY(credentials::issue_auth_key(tx, may_make_keys_, {"build", {}, grant_}, issuer_, now));
        }
      }
      return texts;
    }));
  }

 private:
  storage::SqlDatabase& db_;
  credentials::Issuer issuer_;
  identity::Caller caller_;
  identity::Permit<Operation::create_api_token> may_make_tokens_;
  identity::Permit<Operation::create_auth_key> may_make_keys_;
  credentials::DeviceGrant grant_;
};

void write_lines(const std::string& file, const std::vector<std::string>& lines) {
  std::ofstream out(file);
  for (const auto& line : lines) out << line << '\n';
  if (!out.flush()) throw std::runtime_error("cannot write " + file);
}

std::vector<std::string> wrong_tokens(const std::vector<std::string>& good, std::size_t count) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < count; ++i) {
    CredentialId id(id_text('k', crypto::random_bits()));
    if (i % 2 == 0 && !good.empty()) id = expect(credentials::parse_key_text(good[i % good.size()])).id;
    texts.push_back(
        credentials::compose_key_text(credentials::KeyType::api, id, crypto::random_array<32>()).expose());
  }
  return texts;
}

void fill(const std::string& directory, std::size_t keys, std::size_t wanted, const std::string& file,
          std::size_t wrong, const std::string& wrong_file) {
  const auto root = expect(crypto::read_root_key(directory + "/root.key"));
  const credentials::KeyMint mint(
      crypto::HmacKey(crypto::hkdf_sha256(root, crypto::kCredentialDigestPurpose).expose()));
  storage::DatabaseOptions options{
      .keys = {.audit_chain =
                   crypto::HmacKey(crypto::hkdf_sha256(root, crypto::kAuditChainPurpose).expose())}};
  const auto db = storage::open_sqlite(directory + "/latchkey.db", std::move(options));

  std::vector<std::string> kept;
  Filler filler(*db, mint);
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t done = 0; done < keys;) {
    const std::size_t count = std::min(kTransaction, keys - done);
    const auto texts = filler.issue(count);
    done += count;
    const std::size_t due = wanted * done / keys;
    for (std::size_t i = 0; kept.size() < due && i < texts.size(); ++i) kept.push_back(texts[i]);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::ranges::shuffle(kept, std::mt19937_64(1));
  write_lines(file, kept);
  if (!wrong_file.empty()) write_lines(wrong_file, wrong_tokens(kept, wrong));
  db->stop();
  std::printf("{\"keys\": %zu, \"tokens\": %zu, \"seconds\": %.3f}\n", keys, kept.size(), took.count());
}

}  // namespace

int main(int count, char** words) {
  if (count != 5 && count != 7) {
    std::fprintf(stderr, "usage: fill_bench DATA_DIR KEYS TOKENS FILE [WRONG FILE]\n");
    return 2;
  }
  try {
    fill(words[1], std::stoul(words[2]), std::stoul(words[3]), words[4],
         count == 7 ? std::stoul(words[5]) : 0, count == 7 ? words[6] : "");
    return 0;
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "fill_bench: %s\n", failed.what());
    return 1;
  }
}
