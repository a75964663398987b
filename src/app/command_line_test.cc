#include "app/command_line.h"

#include <gtest/gtest.h>

#include <sstream>

#include "app/commands/completion.h"
#include "app/commands/manual.h"
#include "core/credentials/key_text.h"

namespace latchkey::app {
namespace {

struct Ended {
  int exit;
  std::string out;
  std::string err;
};

Ended run(std::vector<const char*> words, const std::string& typed = {}) {
  std::istringstream in(typed);
  std::ostringstream out;
  std::ostringstream err;
  Screen screen(in, out, err, {});
  words.insert(words.begin(), "latchkey");
  const int exit = run_command_line(static_cast<int>(words.size()), words.data(), screen);
  return {exit, out.str(), err.str()};
}

// A key that belongs to nobody.
std::string some_key() {
  std::array<std::uint8_t, 32> bytes{};
  bytes.fill(7);
  const CredentialId id(id_text('k', 1));
  return credentials::compose_key_text(credentials::KeyType::auth, id, bytes).expose();
}

class CommandLine : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"LATCHKEY_URL", "LATCHKEY_TOKEN", "LATCHKEY_DATA_DIR"}) ::unsetenv(name);
  }
};

TEST_F(CommandLine, WrongUsageIsTwoWithOneSentenceAndWhereToRead) {
  EXPECT_EQ(run({}).exit, 2);
  EXPECT_EQ(run({"frob"}).err, "latchkey: latchkey has no command frob\nSee: latchkey --help\n");
  EXPECT_EQ(run({"keys"}).err, "latchkey: name a command of latchkey keys\nSee: latchkey keys --help\n");
  EXPECT_EQ(run({"keys", "show"}).exit, 2);
  EXPECT_EQ(run({"keys", "create", "--expires", "soon"}).exit, 2);
  EXPECT_EQ(run({"keys", "list", "--output", "xml"}).exit, 2);
  EXPECT_EQ(run({"init", "--data-dir", "x", "--tailnet", "x"}).exit, 2);
  EXPECT_EQ(run({"keys", "list"}).exit, 2);
}

TEST_F(CommandLine, OffersNoFlagForATokenAndRepeatsNone) {
  const std::string given = "--token=" + some_key();
  for (const auto& words : {std::vector<const char*>{"keys", "list", given.c_str()},
                            std::vector<const char*>{"keys", "list", "--token", given.c_str() + 8},
                            std::vector<const char*>{given.c_str() + 8}}) {
    const Ended ended = run(words);
    EXPECT_EQ(ended.exit, 2);
    EXPECT_EQ((ended.out + ended.err).find(some_key()), std::string::npos) << ended.err;
  }
  EXPECT_NE(run({"keys", "list", "--token", "x"}).err.find("LATCHKEY_TOKEN"), std::string::npos);
}

TEST_F(CommandLine, AnAddressWithoutATokenIsWrongUsage) {
  const Ended ended = run({"keys", "list", "--url", "http://127.0.0.1:1"});
  EXPECT_EQ(ended.exit, 2);
  EXPECT_NE(ended.err.find("--token-file"), std::string::npos);
}

TEST_F(CommandLine, ApiTokensAreMadeWithADataDirOnly) {
  ::setenv("LATCHKEY_TOKEN", "x", 1);
  const Ended ended = run({"keys", "create", "--type", "api", "--url", "http://127.0.0.1:1"});
  EXPECT_EQ(ended.exit, 2);
  EXPECT_NE(ended.err.find("--data-dir"), std::string::npos);
  EXPECT_EQ(run({"keys", "create", "--type", "api", "--data-dir", "x", "--reusable"}).exit, 2);
  ::unsetenv("LATCHKEY_TOKEN");
}

TEST_F(CommandLine, FlagsThatContradictEachOtherAreWrongUsage) {
  const auto complaint = [](std::vector<const char*> words) {
    words.insert(words.end(), {"--data-dir", "/nowhere"});
    const Ended ended = run(words);
    EXPECT_EQ(ended.exit, 2) << ended.err;
    return ended.err;
  };
  EXPECT_NE(complaint({"keys", "revoke"}).find("name keys"), std::string::npos);
  EXPECT_NE(complaint({"keys", "revoke", "k1", "--matching", "all"}).find("name keys"), std::string::npos);
  EXPECT_NE(complaint({"keys", "revoke", "k1", "--dry-run"}).find("go with --matching"), std::string::npos);
  EXPECT_NE(complaint({"keys", "revoke", "k1", "--reason", "x"}).find("go with --matching"),
            std::string::npos);
  EXPECT_NE(complaint({"sessions", "end"}).find("name sessions"), std::string::npos);
  EXPECT_NE(complaint({"sessions", "end", "s1", "--all-of", "x"}).find("name sessions"), std::string::npos);
  EXPECT_NE(complaint({"offboard", "x", "--hand-over-to", "y", "--tag", "tag:z"}).find("not both"),
            std::string::npos);
  EXPECT_NE(complaint({"offboard", "x", "--dry-run", "--report", "f"}).find("a dry run"), std::string::npos);
  EXPECT_NE(complaint({"webhooks", "replay", "w1"}).find("name deliveries"), std::string::npos);
  EXPECT_NE(
      complaint({"identities", "create", "--issuer", "i", "--subject", "s", "--scope", "x", "--claim", "y"})
          .find("NAME=PATTERN"),
      std::string::npos);
}

TEST_F(CommandLine, ChecksAKeyWithoutAServer) {
  const std::string key = some_key();
  const Ended good = run({"keys", "check"}, key + "\n");
  EXPECT_EQ(good.exit, 0);
  EXPECT_NE(good.out.find("auth key"), std::string::npos);
  EXPECT_EQ(good.out.find(key), std::string::npos);

  std::string changed = key;
  changed.back() = changed.back() == 'A' ? 'B' : 'A';
  const Ended wrong = run({"keys", "check", "-"}, changed);
  EXPECT_EQ(wrong.exit, 1);
  EXPECT_NE(wrong.err.find("checksum is wrong"), std::string::npos);
  EXPECT_EQ((wrong.out + wrong.err).find(changed), std::string::npos);
  EXPECT_EQ(run({"keys", "check", "--output", "json"}, changed).out.find("{\"valid\":false"), 0u);
  EXPECT_EQ(run({"keys", "check"}, "").exit, 1);
}

TEST_F(CommandLine, HelpIsOnStandardOutputForEveryCommand) {
  const auto root = command_pages();
  for (const auto* page : commands::all_pages(root)) {
    std::vector<const char*> words;
    for (std::size_t at = 1; at < page->path.size(); ++at) words.push_back(page->path[at].c_str());
    words.push_back("--help");
    const Ended ended = run(words);
    EXPECT_EQ(ended.exit, 0) << page->full_name();
    EXPECT_EQ(ended.err, "") << page->full_name();
    EXPECT_NE(ended.out.find("Usage: " + page->full_name()), std::string::npos) << ended.out;
    for (const auto& flag : page->flags) EXPECT_NE(ended.out.find(flag.name), std::string::npos) << flag.name;
  }
}

TEST_F(CommandLine, TheManualAndTheScriptsNameEveryCommandAndFlag) {
  const auto root = command_pages();
  const std::string texts[] = {commands::manual_markdown(root), commands::bash_completion(root),
                               commands::zsh_completion(root), commands::fish_completion(root)};
  for (const auto* page : commands::all_pages(root)) {
    for (const auto& text : texts) EXPECT_NE(text.find(page->name()), std::string::npos) << page->name();
    if (!page->commands.empty()) continue;
    for (const auto& flag : page->flags) {
      for (const auto& text : texts)
        EXPECT_NE(text.find(flag.name.substr(2)), std::string::npos) << flag.name;
    }
  }
}

TEST_F(CommandLine, TheManualPageHasNoLineThatTroffTakesForACommand) {
  std::istringstream page(commands::manual_troff(command_pages()));
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with('.')) continue;
    const std::string request = line.substr(0, line.find(' '));
    EXPECT_TRUE(request == ".TH" || request == ".SH" || request == ".SS" || request == ".TP" ||
                request == ".PP" || request == ".nf" || request == ".fi" || request == ".br" ||
                request == ".B" || request == ".\\\"")
        << line;
  }
}

TEST_F(CommandLine, FlagsKnowWhatTheyTake) {
  const auto root = command_pages();
  const auto pages = commands::all_pages(root);
  const auto create = std::ranges::find_if(
      pages, [](const auto* page) { return page->full_name() == "latchkey keys create"; });
  ASSERT_NE(create, pages.end());
  const auto& flags = (*create)->flags;
  const auto flag = [&flags](const std::string& name) {
    return *std::ranges::find_if(flags, [&name](const auto& one) { return one.name == name; });
  };
  EXPECT_EQ(flag("--output").choices(), (std::vector<std::string>{"table", "json"}));
  EXPECT_EQ(flag("--reusable").value, "");
  EXPECT_TRUE(flag("--tag").repeats);
  EXPECT_FALSE(flag("--description").repeats);
}

}  // namespace
}  // namespace latchkey::app
