#include "core/policy/mentions.h"

#include <algorithm>

#include "base/text.h"
#include "core/policy/hujson.h"

namespace latchkey::policy {
namespace {

class Finder {
 public:
  Finder(std::string_view text, std::string_view login) : text_(text), login_(login) {}

  void visit(const HujsonValue& value, const std::string& path) {
    if (value.kind == HujsonValue::Kind::text && names_him(value.text)) add(value, path);
    for (std::size_t i = 0; i < value.values.size(); ++i) {
      if (value.kind == HujsonValue::Kind::array) {
        visit(value.values[i], path + "[" + std::to_string(i) + "]");
        continue;
      }
      const auto& name = value.names[i];
      const auto below = path.empty() ? name.text : path + "." + name.text;
      if (names_him(name.text)) add(name, below);
      visit(value.values[i], below);
    }
  }

  std::vector<Mention> found;

 private:
  // Destinations have ports behind a colon.
  bool names_him(std::string_view text) const {
    const auto trimmed = trim(text);
    return equals_ignore_case(trimmed.substr(0, login_.size()), login_) &&
           (trimmed.size() == login_.size() || trimmed[login_.size()] == ':');
  }
  void add(const HujsonValue& value, const std::string& path) {
    const auto before = text_.substr(0, value.offset);
    found.push_back({path, 1 + static_cast<std::size_t>(std::ranges::count(before, '\n'))});
  }

  std::string_view text_;
  std::string_view login_;
};

}  // namespace

std::vector<Mention> mentions_of(std::string_view text, std::string_view login_name) {
  const auto root = parse_hujson(text);
  if (!root || login_name.empty()) return {};
  Finder finder(text, login_name);
  finder.visit(*root, {});
  return std::move(finder.found);
}

}  // namespace latchkey::policy
