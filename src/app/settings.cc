#include "app/settings.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace latchkey::app {
namespace {

const SettingRow* find_row(std::string_view key) {
  for (const auto& row : setting_rows()) {
    if (row.key == key) return &row;
  }
  return nullptr;
}

bool is_number(SettingKind kind) {
  return kind == SettingKind::number || kind == SettingKind::days || kind == SettingKind::seconds;
}

Result<void> check(const SettingRow& row, const std::string& text) {
  const auto wrong = [&](const std::string& wanted) {
    return malformed(fmt::format("setting {} must be {}", row.key, wanted), std::string(row.key));
  };
  if (is_number(row.kind)) {
    std::int64_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end != text.data() + text.size() || value < row.least || value > row.most) {
      return wrong(fmt::format("a whole number from {} to {}", row.least, row.most));
    }
  } else if (row.kind == SettingKind::flag) {
    if (text != "true" && text != "false") return wrong("true or false");
  } else if (row.kind == SettingKind::choice) {
    bool known = false;
    for (const auto choice : split(row.choices, '|')) known = known || choice == text;
    if (!known) return wrong(fmt::format("one of {}", row.choices));
  }
  return {};
}

Result<std::string> toml_text(const toml::node& node, const std::string& key) {
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
  if (const auto flag = node.value_exact<bool>()) return std::string(*flag ? "true" : "false");
  if (const auto* array = node.as_array()) {
    std::string joined;
    for (const auto& item : *array) {
      const auto text = item.value_exact<std::string>();
      if (!text)
        return malformed(
            fmt::format("setting {} must be a list of texts (line {})", key, node.source().begin.line));
      joined += (joined.empty() ? "" : ",") + *text;
    }
    return joined;
  }
  return malformed(
      fmt::format("setting {} has an unsuitable value (line {})", key, node.source().begin.line));
}

Result<void> flatten(const toml::table& table, const std::string& prefix, SettingTexts& texts) {
  for (const auto& [name, node] : table) {
    const std::string key = prefix + std::string(name.str());
    if (const auto* inner = node.as_table()) {
      TRY(flatten(*inner, key + ".", texts));
      continue;
    }
    if (find_row(key) == nullptr) {
      return malformed(fmt::format("unknown setting {} (line {})", key, node.source().begin.line));
    }
    TRY(texts[key], toml_text(node, key));
  }
  return {};
}

// Variables of that prefix that are not settings: the command line's own (docs/cli.md), and those of its
// tests.
bool is_client_variable(std::string_view name) {
  return name == "LATCHKEY_URL" || name == "LATCHKEY_TOKEN" || name == "LATCHKEY_CONFIG" ||
         name == "LATCHKEY_TAILNET" || name == "LATCHKEY_OWNER" || name == "LATCHKEY_BINARY" ||
         name.starts_with("LATCHKEY_TEST_");
}

std::string_view kind_name(SettingKind kind) {
  switch (kind) {
    case SettingKind::text:
      return "text";
    case SettingKind::path:
      return "path";
    case SettingKind::flag:
      return "true or false";
    case SettingKind::number:
      return "number";
    case SettingKind::days:
      return "days";
    case SettingKind::seconds:
      return "seconds";
    case SettingKind::list:
      return "list";
    case SettingKind::secret:
      return "secret text";
    case SettingKind::choice:
      return "choice";
  }
  return "";
}

}  // namespace

std::string environment_name(std::string_view key) {
  std::string name = "LATCHKEY_";
  for (const char c : key)
    name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return name;
}

Result<SettingTexts> read_settings_file(const std::filesystem::path& file) {
  toml::table table;
  try {
    table = toml::parse_file(file.string());
  } catch (const toml::parse_error& failed) {
    return malformed(
        fmt::format("{}: line {}: {}", file.string(), failed.source().begin.line, failed.description()));
  }
  SettingTexts texts;
  const auto read = flatten(table, "", texts);
  if (!read) return malformed(file.string() + ": " + read.error().message);
  return texts;
}

Result<SettingTexts> settings_from_environment(char** environment) {
  SettingTexts texts;
  for (char** entry = environment; *entry != nullptr; ++entry) {
    const std::string_view pair(*entry);
    const auto name = pair.substr(0, pair.find('='));
    for (const auto& row : setting_rows()) {
      if (environment_name(row.key) == name)
        texts[std::string(row.key)] = std::string(pair.substr(name.size() + 1));
    }
  }
  return texts;
}

std::vector<std::string> unknown_variables(char** environment) {
  std::vector<std::string> unknown;
  for (char** entry = environment; *entry != nullptr; ++entry) {
    const std::string_view pair(*entry);
    const auto name = pair.substr(0, pair.find('='));
    if (!name.starts_with("LATCHKEY_") || is_client_variable(name)) continue;
    const bool known = std::ranges::any_of(
        setting_rows(), [name](const SettingRow& row) { return environment_name(row.key) == name; });
    if (!known) unknown.emplace_back(name);
  }
  return unknown;
}

Result<Settings> make_settings(const std::vector<SettingTexts>& sources) {
  SettingTexts merged;
  for (const auto& row : setting_rows()) merged[std::string(row.key)] = std::string(row.standard);
  Settings settings;
  for (const auto& source : sources) {
    for (const auto& [key, text] : source) {
      const auto* row = find_row(key);
      if (row == nullptr) return malformed("unknown setting " + key);
      TRY(check(*row, text));
      merged[key] = text;
      if (key == "metrics.listen") settings.metrics_listen_is_default = false;
    }
  }
  for (const auto& row : setting_rows()) row.set(settings, merged[std::string(row.key)]);
  if (settings.tls_certificate.empty() != settings.tls_key.empty()) {
    return malformed("tls.certificate and tls.key go together: set both or neither");
  }
  return settings;
}

std::string settings_page() {
  std::string page =
      "# Settings\n\n"
      "Printed from the table in `src/app/settings_table.cc` by `latchkey docs`; do not edit.\n\n"
      "A setting comes from, each overriding the one before: its default, the TOML file given with "
      "`--config`, the\n"
      "environment, a flag. Unknown settings are errors. Lists are separated by commas in the "
      "environment.\n\n"
      "| setting | environment | kind | default | meaning |\n|---|---|---|---|---|\n";
  for (const auto& row : setting_rows()) {
    std::string kind(kind_name(row.kind));
    if (is_number(row.kind)) kind += fmt::format(", {} to {}", row.least, row.most);
    if (row.kind == SettingKind::choice) {
      kind.clear();
      for (const auto choice : split(row.choices, '|'))
        kind += fmt::format("{}`{}`", kind.empty() ? "" : ", ", choice);
    }
    page += fmt::format("| `{}` | `{}` | {} | {} | {} |\n", row.key, environment_name(row.key), kind,
                        row.standard.empty() ? "" : fmt::format("`{}`", row.standard), row.sentence);
  }
  return page;
}

}  // namespace latchkey::app
