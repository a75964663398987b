#include "app/commands/docs.h"

#include <fstream>
#include <sstream>

#include "app/commands/manual.h"
#include "app/commands/scopes_page.h"
#include "app/settings.h"

namespace latchkey::app::commands {
namespace {

std::string contents_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return in ? text.str() : std::string();
}

}  // namespace

Result<Exit> docs(Screen& screen, const DocsFlags& flags, const CommandPage& root) {
  const std::pair<const char*, std::string> pages[] = {{"settings.md", settings_page()},
                                                       {"scopes.md", scopes_page()},
                                                       {"cli.md", manual_markdown(root)},
                                                       {"latchkey.1", manual_troff(root)}};
  bool same = true;
  for (const auto& [name, text] : pages) {
    const auto file = std::filesystem::path(flags.directory) / name;
    if (contents_of(file) == text) continue;
    same = false;
    if (flags.check) {
      screen.complain(file.string() + " differs from what latchkey docs prints: run latchkey docs " +
                      flags.directory);
      continue;
    }
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out) return conflict("cannot write " + file.string());
    screen.print("wrote " + file.string());
  }
  return flags.check && !same ? Exit::failed : Exit::done;
}

}  // namespace latchkey::app::commands
