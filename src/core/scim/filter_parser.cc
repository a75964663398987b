#include <algorithm>
#include <utility>

#include "base/text.h"
#include "core/scim/filter.h"
#include "core/scim/filter_lexer.h"
#include "core/scim/filter_operand.h"
#include "core/scim/refusal.h"

namespace latchkey::scim {
namespace {

using Token = FilterToken;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '$' || c == '.' || c == ':';
}

// The shape of an attribute's name or path, whether the schema knows it or not.
bool is_name(std::string_view word) {
  const bool begins = !word.empty() && word.front() != '.' && word.front() != ':' && word.front() != '-' &&
                      !(word.front() >= '0' && word.front() <= '9');
  return begins && word.back() != '.' && word.back() != ':' && std::ranges::all_of(word, is_name_character);
}

class Parser {
 public:
  // Names are those of the type, or, within an element, those of the list's sub-attributes.
  Parser(std::string_view text, std::vector<Token> tokens, const ResourceType* type, const Attribute* list)
      : text_(text), tokens_(std::move(tokens)), type_(type), list_(list) {}

  Result<Filter> whole() {
    if (peek().kind == Token::Kind::end) return refused("The filter is empty.");
    TRY(auto filter, any_of(0));
    if (peek().kind == Token::Kind::end) return filter;
    return refused("The filter goes on with '" + shown(peek()) +
                   "' where 'and', 'or' or its end is expected.");
  }

 private:
  static Error refused(std::string detail) { return refuse(ScimType::invalid_filter, std::move(detail)); }

  const Token& peek() const { return tokens_[at_]; }
  Token take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool is_word(std::string_view word) const {
    return peek().kind == Token::Kind::word && equals_ignore_case(peek().text, word);
  }
  // Texts may be personal data, and errors are logged.
  static std::string shown(const Token& token) {
    return token.kind == Token::Kind::text ? "a text" : std::string(clip(token.text, 64));
  }
  // The words before this place, three at most and no texts.
  std::string understood() const {
    std::size_t first = at_;
    while (first > 0 && at_ - first < 3 && tokens_[first - 1].kind != Token::Kind::text) --first;
    if (first == at_) return "a text";
    const auto begin = tokens_[first].begin;
    return "'" + std::string(clip(text_.substr(begin, tokens_[at_ - 1].end - begin), 128)) + "'";
  }
  Error unexpected(std::string_view wanted) const {
    if (peek().kind == Token::Kind::end) {
      return refused("The filter ends after " + understood() + ", where " + std::string(wanted) +
                     " is expected.");
    }
    return refused("The filter has '" + shown(peek()) + "' where " + std::string(wanted) + " is expected.");
  }

  // One more node; parsing goes no deeper than `depth` allows.
  Result<void> count(int depth) {
    if (depth > kMaxFilterDepth) {
      return refused("The filter is nested more than " + std::to_string(kMaxFilterDepth) + " deep.");
    }
    if (++nodes_ > kMaxFilterNodes) {
      return refused("The filter has more than " + std::to_string(kMaxFilterNodes) + " parts.");
    }
    return {};
  }

  using Level = Result<Filter> (Parser::*)(int);

  // One or more of what `next` reads, joined by a word. Groups of the same kind become one.
  Result<Filter> joined(Filter::Kind kind, std::string_view word, Level next, int depth) {
    TRY(auto first, (this->*next)(depth));
    if (!is_word(word)) return first;
    Filter group;
    group.kind = kind;
    const auto add = [&](Filter part) {
      if (part.kind != kind) {
        group.parts.push_back(std::move(part));
        return;
      }
      for (auto& inner : part.parts) group.parts.push_back(std::move(inner));
    };
    add(std::move(first));
    while (is_word(word)) {
      take();
      TRY(auto part, (this->*next)(depth));
      add(std::move(part));
    }
    return group;
  }

  Result<Filter> any_of(int depth) { return joined(Filter::Kind::any_of, "or", &Parser::all_of, depth); }
  Result<Filter> all_of(int depth) { return joined(Filter::Kind::all_of, "and", &Parser::term, depth); }

  Result<Filter> term(int depth) {
    TRY(count(depth));
    if (peek().kind == Token::Kind::open) return group(depth);
    if (is_word("not") && tokens_[at_ + 1].kind == Token::Kind::open) {
      take();
      Filter negation;
      negation.kind = Filter::Kind::negation;
      TRY(auto inner, group(depth));
      negation.parts.push_back(std::move(inner));
      return negation;
    }
    if (peek().kind != Token::Kind::word) return unexpected("the name of an attribute");
    return about_attribute(depth);
  }

  Result<Filter> group(int depth) {
    take();
    TRY(auto inner, any_of(depth + 1));
    if (peek().kind != Token::Kind::close) return unexpected("')'");
    take();
    return inner;
  }

  Result<Filter> about_attribute(int depth) {
    if (!is_name(peek().text)) return unexpected("the name of an attribute");
    const auto word = take();
    if (equals_ignore_case(word.text.substr(word.text.rfind(':') + 1), "password")) {
      return refuse(ScimType::sensitive, "Passwords cannot be asked for.", "password");
    }
    Filter filter = named(word.text);
    if (peek().kind != Token::Kind::from) return predicate(std::move(filter));
    return element(std::move(filter), depth);
  }

  // A filter whose path is what the word names here.
  Filter named(const std::string& word) const {
    Filter filter;
    filter.name = word;
    if (list_ != nullptr) {
      if (const auto* sub = list_->sub(word)) {
        filter.path = {nullptr, sub, nullptr};
        filter.name = sub->name;
      }
    } else if (const auto found = find_path(*type_, word); found && found->attribute != nullptr) {
      filter.path = *found;
      filter.name = to_string(*type_, *found);
    }
    return filter;
  }

  // What is said of the attribute: "pr", or an operator and a value.
  Result<Filter> predicate(Filter filter) {
    if (is_word("pr")) {
      take();
      filter.kind = Filter::Kind::present;
      return filter;
    }
    if (peek().kind != Token::Kind::word) return unexpected("an operator");
    const auto op = filter_operator(peek().text);
    if (!op) {
      return refused("'" + shown(peek()) + "' is no operator: use eq, ne, co, sw, ew, gt, ge, lt, le or pr.");
    }
    take();
    filter.kind = Filter::Kind::compare;
    filter.op = *op;
    if (peek().kind != Token::Kind::word && peek().kind != Token::Kind::text) return unexpected("a value");
    const auto value = take();
    TRY(set_operand(filter, value.text, value.kind == Token::Kind::text));
    return filter;
  }

  Result<Filter> element(Filter filter, int depth) {
    if (list_ != nullptr) return refused("Brackets cannot stand within brackets.");
    const auto* attribute = filter.path.attribute;
    if (filter.path.sub != nullptr || (attribute != nullptr && attribute->sub_attributes.empty())) {
      return refused("'" + filter.name + "' has no parts that could be asked for in brackets.");
    }
    take();
    filter.kind = Filter::Kind::element;
    static constexpr Attribute kUnknown{};
    list_ = attribute == nullptr ? &kUnknown : attribute;
    // Two levels, since it is printed with parentheses around a choice that a comparison follows.
    TRY(auto inner, any_of(depth + 2));
    if (peek().kind != Token::Kind::to) return unexpected("']'");
    const auto end = take().end;
    // A comparison that follows is one more condition on the same element.
    if (peek().kind == Token::Kind::word && peek().begin == end && peek().text.starts_with('.')) {
      TRY(count(depth + 1));
      TRY(count(depth + 1));
      const auto name = take().text.substr(1);
      if (!is_name(name)) return refused("'." + name + "' is no name of a part.");
      TRY(auto compared, predicate(named(name)));
      filter.parts.push_back(both(std::move(inner), std::move(compared)));
    } else {
      filter.parts.push_back(std::move(inner));
    }
    list_ = nullptr;
    return filter;
  }

  static Filter both(Filter a, Filter b) {
    if (a.kind != Filter::Kind::all_of) {
      Filter all;
      all.kind = Filter::Kind::all_of;
      all.parts.push_back(std::move(a));
      a = std::move(all);
    }
    a.parts.push_back(std::move(b));
    return a;
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  const ResourceType* type_;
  const Attribute* list_;
  std::size_t at_ = 0;
  std::size_t nodes_ = 0;
};

}  // namespace

Result<Filter> parse_filter(const ResourceType& type, std::string_view text) {
  TRY(auto tokens, read_filter_tokens(text));
  return Parser(text, std::move(tokens), &type, nullptr).whole();
}

Result<Filter> parse_element_filter(const Attribute& list, std::string_view text) {
  TRY(auto tokens, read_filter_tokens(text));
  return Parser(text, std::move(tokens), nullptr, &list).whole();
}

}  // namespace latchkey::scim
