#include "app/root_key_source.h"

#include <cstdlib>

namespace latchkey::app {

Result<crypto::Key256> obtain_root_key(const Settings& settings, const Log& log) {
  if (!settings.root_key.expose().empty()) return crypto::parse_root_key(settings.root_key);
  if (!settings.root_key_file.empty()) return crypto::read_root_key(settings.root_key_file);
  // systemd gives credentials as files that only the service can read (LoadCredential=).
  if (const char* credentials = std::getenv("CREDENTIALS_DIRECTORY")) {
    const auto file = std::filesystem::path(credentials) / "latchkey-root-key";
    if (std::filesystem::exists(file)) return crypto::read_root_key(file);
  }
  const auto file = settings.data_dir / "root.key";
  if (std::filesystem::exists(file)) return crypto::read_root_key(file);
  log.info("root key made; back it up apart from the database", {{"file", file.string()}});
  return crypto::create_root_key(file);
}

}  // namespace latchkey::app
